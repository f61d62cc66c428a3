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
    /// Build this crate instead (its library becomes `qd_web`).
    #[arg(long, value_name = "DIR", hide = true)]
    manifest_dir: Option<PathBuf>,
    /// Write the result there instead.
    #[arg(long, value_name = "DIR", hide = true)]
    out: Option<PathBuf>,
}

impl BuildWasm {
    pub fn run(self) -> Result<()> {
        let toolchain = if self.debian { Toolchain::from_debian()? } else { Toolchain::find()? };
        let manifest = self.manifest_dir.unwrap_or_else(|| workspace::root().join("crates/web"));
        let out = self.out.unwrap_or_else(|| workspace::root().join("ui/src/wasm"));
        make(&toolchain, &manifest.join("Cargo.toml"), &out)
    }
}

/// Makes `ui/src/wasm/` current.
pub fn build() -> Result<()> {
    BuildWasm { debian: false, manifest_dir: None, out: None }.run()
}

fn make(toolchain: &Toolchain, manifest: &Path, out: &Path) -> Result<()> {
    let raw = compile(toolchain, manifest)?;
    let wasm_opt = optimise::wasm_opt();
    let recipe = format!("{RECIPE} {}", wasm_opt.is_some());
    let stamp = Stamp::new(out.join(".stamp"), &recipe, std::slice::from_ref(&raw))?;
    let module = out.join("qd_web_bg.wasm");
    if stamp.is_current() && module.exists() && out.join("qd_web.js").exists() {
        return Ok(());
    }
    bind(&raw, out)?;
    match wasm_opt {
        Some(wasm_opt) => optimise::shrink(&wasm_opt, &module)?,
        None => say("wasm-opt is missing, so the module is larger: run `npm ci --prefix ui`"),
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
fn compile(toolchain: &Toolchain, manifest: &Path) -> Result<PathBuf> {
    let folder = workspace::target().join("wasm");
    let mut cargo = toolchain.cargo();
    cargo.args(["rustc", "--quiet", "--release", "--lib", "--crate-type", "cdylib", "--target", TARGET]);
    cargo.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(&folder);
    cargo.args(toolchain.flags());
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none").env("CARGO_PROFILE_RELEASE_LTO", "fat");
    // What every visitor downloads: measured, `z` is 40 % smaller than `3` after gzip.
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s");
    cargo.run().context("the WebAssembly was not built")?;
    Ok(folder.join(TARGET).join("release/qd_web.wasm"))
}

fn bind(raw: &Path, out: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(raw).out_name("qd_web").typescript(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(out))
        .map_err(|error| anyhow!("{error:#}"))
        .with_context(|| format!("no bindings for {}", raw.display()))
}
