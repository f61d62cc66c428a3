//! `cargo xtask prove`.

use anyhow::Result;

use crate::shell::{Run, cargo};
use crate::{page, test};

/// Prove the founding requirement in a real browser, and print the table.
///
/// Runs only the browser tests that `docs/requirement.md` names, against the
/// real binary. Under three minutes once everything is built.
#[derive(clap::Args)]
pub struct Prove {
    /// Arguments for Vitest.
    #[arg(last = true)]
    vitest: Vec<String>,
}

impl Prove {
    pub fn run(self) -> Result<()> {
        test::browser::install()?;
        page::build()?;
        cargo().args(["build", "--quiet", "--package", "qd", "--package", "qd-testkit"]).run()?;
        page::script_with("prove", &self.vitest)
    }
}
