//! The page: its packages, its build, and the npm scripts of `ui/`.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::shell::{self, Run, npm};
use crate::wasm;
use crate::workspace::{self, Stamp};

/// Installs exactly the packages of the lock file, if that changed.
pub fn install() -> Result<()> {
    for program in ["node", "npm"] {
        shell::require(program)?;
    }
    let ui = workspace::root().join("ui");
    let lock = ui.join("package-lock.json");
    // Inside of what it vouches for: who removes the packages removes it too.
    let stamp = Stamp::new(ui.join("node_modules/.lock-stamp"), "1", &[lock])?;
    if stamp.is_current() {
        return Ok(());
    }
    npm(["ci", "--prefer-offline"]).run()?;
    stamp.keep()
}

/// Builds `ui/dist` for production, with its WebAssembly, if anything changed.
pub fn build() -> Result<()> {
    install()?;
    wasm::build()?;
    let ui = workspace::root().join("ui");
    let stamp = Stamp::new(workspace::target().join("xtask/page.stamp"), "1", std::slice::from_ref(&ui))?;
    if stamp.is_current() && ui.join("dist/index.html").exists() {
        return Ok(());
    }
    script("build")?;
    stamp.keep()
}

/// Runs a script of `ui/package.json`.
pub fn script(name: &str) -> Result<()> {
    script_with(name, &[])
}

/// Runs a script of `ui/package.json` with arguments of its own.
pub fn script_with(name: &str, args: &[String]) -> Result<()> {
    let manifest = workspace::root().join("ui/package.json");
    let text = fs::read_to_string(&manifest).context("ui/package.json is missing")?;
    if !text.contains(&format!("\"{name}\":")) {
        bail!("ui/package.json has no script `{name}`");
    }
    npm(["run", "--silent", name, "--"]).args(args).run()
}
