//! Real agent programs from npm, under the whole panel and against the scripted model: each writes with permission, is
//! cancelled in the middle of a sentence, and leaves no process behind: the kernel is asked, see `stage::Stage::is_clean`.
//!
//! `QD_AGENTS=all` plays every case (`cargo xtask soak --only agents` does): permission denied, cancelled while a
//! permission waits and while a tool runs, gone on with in a new process, killed with its host and its server while a
//! tool runs, refused and cut off by the model's API, two and twenty at once. `QD_AGENTS=NAME` plays those of one agent,
//! and `QD_CASE=…` beside it one case.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail anywhere")]

mod cases;
mod installed;
mod stage;

use cases::{ALWAYS, MORE};
use qd_testkit::real_agents::{AGENTS, Agent};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// One agent at a time: who descends from this process then belongs to the case that is played.
static ALONE: Mutex<()> = Mutex::new(());

/// Plays the cases of an agent, each on a panel of its own, and the rest of them where one fails.
fn play(name: &str) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let agent = AGENTS.iter().find(|agent| agent.name == name).unwrap();
    if !agent.is_installed() {
        eprintln!("skipped: {name} is not installed in tests/agents");
        return;
    }
    let only = std::env::var_os("QD_CASE");
    let all = std::env::var_os("QD_AGENTS").is_some_and(|which| which == "all" || which == name);
    let more = MORE.iter().filter(|case| all && !agent.without.contains(&case.0));
    let mut failed = Vec::new();
    let wanted = |case: &&cases::Case| only.as_ref().is_none_or(|only| only == case.0);
    for (case, play) in ALWAYS.iter().chain(more).filter(wanted) {
        let began = std::time::Instant::now();
        let passed = catch_unwind(AssertUnwindSafe(|| play(agent))).is_ok();
        stage::sweep();
        let told = if passed { "" } else { ", FAILED" };
        eprintln!("{name}: {case}: {:.1} s{told}", began.elapsed().as_secs_f32());
        failed.extend((!passed).then_some(*case));
    }
    assert!(failed.is_empty(), "{name} failed where it was: {}", failed.join("; "));
}

/// More than there are cores for: those that wait for a core to start wait, and each ends truly.
#[test]
fn twenty_at_once() {
    if std::env::var_os("QD_AGENTS").is_none_or(|which| which != "all") {
        return eprintln!("skipped: twenty at once are for long runs, QD_AGENTS=all");
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    stage::sweep();
    cases::twenty_at_once(&AGENTS.iter().filter(|agent| agent.is_installed()).collect::<Vec<_>>());
}

/// What the panel installs on request works, confined as everything is.
#[test]
fn an_agent_that_the_panel_installed_works() {
    if !AGENTS.iter().all(|agent| agent.name != "copilot" || agent.is_installed()) {
        return eprintln!("skipped: npm brought no agents here");
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    installed::copilot();
    stage::sweep();
}

macro_rules! agents {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                play($name);
            }
        )*

        /// No agent of the table goes untested.
        #[test]
        fn every_agent_is_played() {
            let played = [$($name),*];
            let known: Vec<_> = AGENTS.iter().map(|agent: &Agent| agent.name).collect();
            assert_eq!(played.as_slice(), known.as_slice());
        }
    };
}

agents! {
    claude_natively: "claude",
    claude_by_acp: "claude-acp",
    codex_natively: "codex",
    codex_by_acp: "codex-acp",
    copilot: "copilot",
    gemini: "gemini",
    opencode: "opencode",
}
