//! Exactly once (sync.md, proof 6): many short starts, each sent until it is settled, while the server is killed again
//! and again. Each id stands in the file at most once, and each that was shown as started stands there.

use super::act::Acts;
use super::witness::Witness;
use super::{AGENT, Stage, checks, marks, staged};
use crate::panel::{Panel, processes};
use crate::random::Random;
use anyhow::{Result, ensure};
use qd_core::command::{Command, StartSession};
use qd_core::ids::{SessionId, TaskId};
use qd_core::row::{RowKind, Start};
use qd_core::status::Kind;
use qd_engine::time::{SystemClock, mint};
use qd_proc::Signal;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What happened.
#[derive(Clone, Copy, Debug)]
pub struct Starts {
    /// Starts that were accepted.
    pub accepted: usize,
    /// Starts that were refused.
    pub refused: usize,
    /// Attempts that were shown as running.
    pub shown: usize,
    /// Kills.
    pub kills: u32,
}

/// At least `count` accepted starts, or as many as fit into `limit`.
pub fn exactly_once(qd: &Path, seed: u64, count: usize, limit: Duration) -> Result<Starts> {
    staged(qd, seed, |stage, panel| play(stage, panel, seed, count, limit))
}

fn play(stage: &Stage, mut panel: Panel, seed: u64, count: usize, limit: Duration) -> Result<Starts> {
    let mut random = Random::new(seed);
    let mut witness = Witness::new(&panel.api)?;
    let mut acts = Acts::new(panel.api.clone(), stage.home.path("prompts"));
    let begun = Instant::now();
    let mut kills = 0;
    while witness.accepted_starts() < count && begun.elapsed() < limit {
        let rows = panel.api.state()?;
        let tasks = rows.of_kind(RowKind::Task).map(|row| TaskId(row.key().id));
        for task in tasks.filter(|task| !rows.sessions_of(*task).any(|session| session.status.is_active())) {
            let start =
                Start { agent: Some(AGENT.to_owned()), instructions: "[[demo: quick]]".to_owned(), ..Start::default() };
            let id = SessionId(mint(&SystemClock));
            acts.send(&Command::StartSession(StartSession { id, task, kind: Kind::Implement, start }));
        }
        sleep(Duration::from_millis(random.below(400)));
        match random.below(16) {
            0..4 => {
                panel.kill()?;
                kills += 1;
                panel = stage.serve()?;
            }
            4..7 => {
                let all = processes(&stage.root())?;
                let drawn =
                    all.iter().filter(|process| process.attempt().is_some()).nth(usize::try_from(random.below(4))?);
                let killed = drawn.is_some_and(|process| process.identity.signal(Signal::Kill).unwrap_or(false));
                kills += u32::from(killed);
            }
            _ => {}
        }
        acts.collect(&mut witness);
    }
    acts.finish(&mut witness)?;
    acts.end_all(&mut witness)?;
    let history = witness.history(&panel.api)?;
    checks::each_attempt_began_once(&marks(&stage.home), &history)?;
    ensure!(!history.shown.is_empty(), "nothing was started");
    let accepted = witness.accepted_starts();
    let ended = panel.stop()?;
    ensure!(ended.code == Some(0), "the server ended with {:?}", ended.code);
    Ok(Starts { accepted, refused: witness.outcomes() - accepted, shown: history.shown.len(), kills })
}
