//! A smaller and faster module of the same meaning, by `wasm-opt` of the npm
//! package `binaryen`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell::{self, Run};
use crate::workspace;

/// `wasm-opt`, if the packages of the page are installed. Without it a module
/// is larger, not wrong.
pub fn wasm_opt() -> Option<PathBuf> {
    let program = workspace::root().join("ui/node_modules/binaryen/bin/wasm-opt");
    program.exists().then_some(program)
}

/// Optimises the module in place, and takes the names of its functions, which
/// are half of it.
///
/// Which features it may use `wasm-opt` learns from the module itself.
pub fn shrink(wasm_opt: &Path, module: &Path) -> Result<()> {
    let smaller = module.with_extension("smaller");
    let mut node = shell::tool("node");
    node.arg(wasm_opt).args(["-Oz", "--strip-debug", "--strip-producers"]);
    node.arg(module).arg("-o").arg(&smaller).read()?;
    fs::rename(smaller, module)?;
    Ok(())
}
