//! `cargo xtask soak`.

use anyhow::Result;

use crate::build;
use crate::shell::{Run, cargo};

/// Run the proofs of the synchronisation with the counts that need an hour.
///
/// The same tests as `cargo xtask test` runs, on more seeds, more kills and
/// longer schedules.
#[derive(clap::Args)]
pub struct Soak {
    /// Arguments for the soak.
    #[arg(last = true)]
    args: Vec<String>,
}

impl Soak {
    pub fn run(self) -> Result<()> {
        build::run()?;
        let mut soak = cargo();
        soak.args(["run", "--quiet", "--release", "--package", "qd-testkit", "--bin", "soak", "--"]);
        soak.args(self.args).run()
    }
}
