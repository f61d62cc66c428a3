//! The page's optimistic core as WebAssembly: crate `web` compiled for
//! `wasm32-unknown-unknown`, its JavaScript face, and a smaller binary of the
//! same meaning. The result lands in `ui/src/wasm/` and is never committed.

mod debian;
mod optimise;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Run, say};
use crate::workspace::{self, Stamp};
use toolchain::Toolchain;

const TARGET: &str = "wasm32-unknown-unknown";
/// The library of the crate, and the name of what is made of it.
const LIBRARY: &str = "qd_web";
/// Goes into the stamp: change it when what is made of the same input changes.
const RECIPE: &str = "2 web typescript O3";

/// Build the page's WebAssembly into `ui/src/wasm/`.
///
/// Uses the target of the active Rust toolchain; else `rustup target add`;
/// else, where rustup cannot download, Debian's compiler, unpacked into the
/// cache folder of the user and never installed.
#[derive(clap::Args)]
pub struct BuildWasm {
    /// Use Debian's compiler even if the active toolchain has the target.
    #[arg(long)]
    debian: bool,
}

impl BuildWasm {
    pub fn run(self) -> Result<()> {
        let toolchain = if self.debian { Toolchain::from_debian()? } else { Toolchain::find()? };
        let wasm_opt = optimise::wasm_opt();
        if wasm_opt.is_none() {
            say("wasm-opt is missing, so the module is larger: run `npm ci --prefix ui`");
        }
        let root = workspace::root();
        let crate_web = Crate { manifest: root.join("crates/web/Cargo.toml"), library: LIBRARY };
        make(&toolchain, &crate_web, &root.join("ui/src/wasm"), wasm_opt.as_deref())
    }
}

/// Makes `ui/src/wasm/` current.
pub fn build() -> Result<()> {
    BuildWasm { debian: false }.run()
}

/// Makes the same of a copy of the workspace, whose library has a name of its own. It is not made smaller, which takes as
/// long as all the rest.
pub fn build_copy(tree: &Path, library: &str) -> Result<()> {
    let crate_web = Crate { manifest: tree.join("crates/web/Cargo.toml"), library };
    make(&Toolchain::find()?, &crate_web, &tree.join("ui/src/wasm"), None)
}

/// What is compiled.
struct Crate<'a> {
    manifest: PathBuf,
    /// Its name, by which cargo calls the module.
    library: &'a str,
}

fn make(toolchain: &Toolchain, crate_web: &Crate, out: &Path, wasm_opt: Option<&Path>) -> Result<()> {
    let raw = compile(toolchain, crate_web)?;
    let recipe = format!("{RECIPE} {}", wasm_opt.is_some());
    let stamp = Stamp::new(out.join(".stamp"), &recipe, std::slice::from_ref(&raw))?;
    let module = out.join("qd_web_bg.wasm");
    if stamp.is_current() && module.exists() && out.join("qd_web.js").exists() {
        return Ok(());
    }
    bind(&raw, out)?;
    if let Some(wasm_opt) = wasm_opt {
        optimise::shrink(wasm_opt, &module)?;
    }
    stamp.keep()?;
    let size = fs::metadata(&module)?.len();
    say(format_args!("{} ({} kB)", module.display(), size / 1000));
    Ok(())
}

/// Compiles the crate and returns the path of the module.
///
/// It has a target folder of its own, because another compiler may be used
/// and because the flags differ. The symbols stay: stripping here would take
/// the section from which wasm-bindgen learns the features of the module.
fn compile(toolchain: &Toolchain, crate_web: &Crate) -> Result<PathBuf> {
    let folder = workspace::target().join("wasm");
    let mut cargo = toolchain.cargo();
    cargo.args(["rustc", "--quiet", "--release", "--lib", "--crate-type", "cdylib", "--target", TARGET]);
    cargo.arg("--manifest-path").arg(&crate_web.manifest).arg("--target-dir").arg(&folder);
    cargo.args(toolchain.flags());
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none").env("CARGO_PROFILE_RELEASE_LTO", "fat");
    // What every visitor downloads: measured, `z` is 40 % smaller than `3` after gzip.
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s");
    cargo.run().context("the WebAssembly was not built")?;
    Ok(folder.join(TARGET).join("release").join(crate_web.library).with_extension("wasm"))
}

fn bind(raw: &Path, out: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(raw).out_name(LIBRARY).typescript(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(out))
        .map_err(|error| anyhow!("{error:#}"))
        .with_context(|| format!("no bindings for {}", raw.display()))
}
