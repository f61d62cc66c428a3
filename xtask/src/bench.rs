//! `cargo xtask bench`.

use std::path::PathBuf;

use anyhow::Result;

use crate::build;
use crate::shell::{Run, cargo};
use crate::test;

/// Measure the release build against its targets.
///
/// Prints a table; `--json` also writes `{commit, machine, results: [{id,
/// what, unit, value | p50, p99, target, met, note?}]}`. The ids stay.
#[derive(clap::Args)]
pub struct Bench {
    /// Measure only this.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
    /// Write the results there as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

impl Bench {
    pub fn run(self) -> Result<()> {
        test::browser::install()?;
        build::run()?;
        let mut bench = cargo();
        bench.args(["run", "--quiet", "--release", "--package", "qd-testkit", "--bin", "bench", "--"]);
        if let Some(id) = self.only {
            bench.arg("--only").arg(id);
        }
        if let Some(file) = self.json {
            bench.arg("--json").arg(std::path::absolute(file)?);
        }
        bench.run()
    }
}
