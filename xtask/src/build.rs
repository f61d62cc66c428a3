//! `cargo xtask build`.

use anyhow::Result;

use crate::shell::{Run, cargo, say};
use crate::{page, workspace};

/// Build the release binary, with the page in it, at `target/release/qd`.
#[derive(clap::Args)]
pub struct Build {}

/// Runs the command.
pub fn run() -> Result<()> {
    page::build()?;
    cargo().args(["build", "--release", "--package", "qd"]).run()?;
    say(workspace::target().join("release/qd").display());
    Ok(())
}
