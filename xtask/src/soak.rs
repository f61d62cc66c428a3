//! `cargo xtask soak`.

use anyhow::Result;

use crate::shell::{Run, cargo, npm};
use crate::{build, page, protocol, test, variant, wasm};

/// Schedules of each random test of the server.
const SERVER_CASES: &str = "320";
/// Sequences of everything that moves work.
const LOST_SEQUENCES: &str = "2000";
/// Sets of changes on which git is asked.
const CHANGE_SETS: &str = "5000";

/// Run the proofs of the synchronisation with the counts that need an hour.
///
/// The same proofs as `cargo xtask test` runs, on more seeds, more kills and
/// longer schedules.
#[derive(clap::Args)]
pub struct Soak {
    /// Run only this one.
    #[arg(long, value_enum)]
    only: Option<Proof>,
    /// Arguments for the model or the chaos; see its `--help`.
    #[arg(last = true, requires = "only")]
    args: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Proof {
    /// Random schedules of the optimistic protocol.
    Model,
    /// Random schedules of the server and its jobs, cut off at every step.
    Server,
    /// Random sequences of everything that moves work, cut off at every step: nothing is lost. And what changed, as git says.
    Lost,
    /// Faults that are put into the protocol, each of which the model must find.
    Mutants,
    /// Faults that are put into the page, each of which a browser must see.
    PageMutants,
    /// Recorded schedules, replayed in WebAssembly.
    Replay,
    /// Kills of server, host and agent; each start at most once.
    Chaos,
    /// The whole way of work in a browser, on a repository that begins with the published versions of real packages.
    History,
    /// Every case of every real agent program.
    Agents,
}

impl Soak {
    pub fn run(self) -> Result<()> {
        let all = [
            Proof::Model,
            Proof::Server,
            Proof::Lost,
            Proof::Mutants,
            Proof::PageMutants,
            Proof::Replay,
            Proof::Chaos,
            Proof::History,
            Proof::Agents,
        ];
        for proof in all.into_iter().filter(|proof| self.only.is_none_or(|only| only == *proof)) {
            match proof {
                Proof::Model => protocol::model(&self.args)?,
                Proof::Server => {
                    let mut server = cargo();
                    server.args(["test", "--package", "qd-testkit", "--test", "server", "--", "--nocapture"]);
                    server.env("PROPTEST_CASES", SERVER_CASES).run()?;
                }
                Proof::Lost => {
                    let test = |package: &str, name: &str| {
                        let mut test = cargo();
                        test.args(["test", "--package", package, "--test", name]);
                        test
                    };
                    test("qd-testkit", "lost").args(["--", "--nocapture"]).env("QD_LOST", LOST_SEQUENCES).run()?;
                    let mut sets = test("qd-git", "git");
                    sets.args(["generated", "--", "--nocapture"]).env("QD_CHANGE_SETS", CHANGE_SETS).run()?;
                }
                Proof::Mutants => protocol::mutants()?,
                Proof::PageMutants => {
                    browser()?;
                    variant::page_mutants()?;
                }
                Proof::Replay => {
                    page::install()?;
                    wasm::build()?;
                    protocol::replay()?;
                }
                Proof::Chaos => self.chaos()?,
                Proof::History => {
                    browser()?;
                    let way = ["run", "--silent", "e2e", "--", "landing", "-t", "the_whole_way"];
                    npm(way).env("QD_HISTORY", "1").run()?;
                }
                Proof::Agents => {
                    test::agents::install()?;
                    cargo().args(["build", "--quiet", "--package", "qd"]).run()?;
                    let mut agents = cargo();
                    agents.args(["test", "--package", "qd-testkit", "--test", "real_agents"]);
                    // One after the other: each of them takes a core to start.
                    agents.args(["--", "--nocapture", "--test-threads", "1"]).env("QD_AGENTS", "all").run()?;
                }
            }
        }
        Ok(())
    }

    fn chaos(&self) -> Result<()> {
        build::run()?;
        let mut chaos = cargo();
        chaos.args(["run", "--quiet", "--release", "--package", "qd-testkit", "--bin", "chaos", "--"]);
        chaos.args(&self.args).run()
    }
}

/// What a test in a browser needs.
fn browser() -> Result<()> {
    test::browser::install()?;
    page::build()?;
    cargo().args(["build", "--quiet", "--workspace", "--bins"]).run()
}
