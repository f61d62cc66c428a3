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
    /// Run only this one.
    #[arg(long, value_enum)]
    only: Option<Proof>,
    /// Arguments for it; see its `--help`.
    #[arg(last = true, requires = "only")]
    args: Vec<String>,
}

/// A proof with a program of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Proof {
    /// Kills of server, host and agent; each start at most once.
    Chaos,
    /// Random schedules of the optimistic protocol.
    Model,
}

impl Proof {
    const ALL: [Self; 2] = [Self::Model, Self::Chaos];

    /// Its program in `qd-testkit`, and the arguments that make it run the full counts.
    fn program(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Chaos => ("chaos", &[]),
            Self::Model => ("model", &["--count", "200000", "--least", "1000", "--table"]),
        }
    }
}

impl Soak {
    pub fn run(self) -> Result<()> {
        build::run()?;
        for proof in Proof::ALL.into_iter().filter(|proof| self.only.is_none_or(|only| only == *proof)) {
            let (program, full) = proof.program();
            let mut soak = cargo();
            soak.args(["run", "--quiet", "--release", "--package", "qd-testkit", "--bin", program, "--"]);
            // Whoever gives arguments sets the counts.
            if self.args.is_empty() {
                soak.args(full);
            }
            soak.args(&self.args).run()?;
        }
        Ok(())
    }
}
