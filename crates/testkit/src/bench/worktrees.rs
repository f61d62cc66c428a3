//! Many worktrees: what they take when nobody works, and how soon it is known where they conflict.

use super::Setup;
use super::figures::{Figure, Limit};
use super::process;
use super::works::{Processes, Works, path, rested, tally, text};
use anyhow::{Result, ensure};
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Files of the repositories here.
const FILES: usize = 1_000;
/// Worktrees that conflict with each other.
const CONFLICTING: usize = 20;
/// Files that each of them changed for itself.
const OWN: usize = 10;
/// How often all conflicts are asked for.
const SCANS: usize = 7;

/// What worktrees take when nobody works and nothing changes.
pub(super) fn idle(setup: &Setup) -> Result<Vec<Figure>> {
    let count = setup.scale.worktrees;
    let works = Works::new(setup, FILES.min(setup.scale.files.0), count)?;
    works.begin_all()?;
    for (n, task) in works.tasks.iter().enumerate() {
        fs::write(works.worktree(*task)?.join(path(n)), text(n, 0..10, "somebody"))?;
        works.list(*task, 1)?;
    }
    let processes = Processes::of(&works.home)?;
    rested(&works, &processes)?;
    let window = Duration::from_secs(setup.scale.idle * 2);
    let (before, begun) = (process::cpu(works.panel.identity.pid)?, Instant::now());
    sleep(window);
    let used = (process::cpu(works.panel.identity.pid)? - before) / begun.elapsed().as_secs_f64() * 100.0;
    let commands = processes.take()?;
    works.panel.stop()?;
    let what = format!("{count} worktrees, nothing changing, {} s: git processes", window.as_secs());
    let started = f64::from(u32::try_from(commands.len())?);
    let started = Figure::value("worktrees.idle.git", &what, "", Limit::Most(0.0), started);
    let started = if commands.is_empty() { started } else { started.with_note(&tally(&commands)) };
    Ok(vec![started, Figure::value("worktrees.idle.cpu", "meanwhile: server CPU", "%", Limit::Most(0.5), used)])
}

/// How soon it is known where worktrees conflict, each two of which do.
pub(super) fn conflicts(setup: &Setup) -> Result<Vec<Figure>> {
    let works = Works::new(setup, FILES.min(setup.scale.files.0), CONFLICTING)?;
    works.begin_all()?;
    let pairs = CONFLICTING * (CONFLICTING - 1) / 2;
    let radar = format!("/api/v1/projects/{}/radar", works.project()?);
    let mut times = Vec::new();
    for round in 0..SCANS {
        for (n, task) in works.tasks.iter().enumerate() {
            let worktree = works.worktree(*task)?;
            let who = format!("task {n} in round {round}");
            fs::write(worktree.join(path(0)), text(0, 0..10, &who))?;
            for file in 1 + n * OWN..=(n + 1) * OWN {
                fs::write(worktree.join(path(file)), text(file, 0..10, &who))?;
            }
            works.list(*task, OWN + 1)?;
        }
        let (took, answer) = works.ask(&radar)?;
        let meetings = answer.as_array().map(Vec::as_slice).unwrap_or_default();
        let conflicting =
            meetings.iter().filter(|meeting| meeting["conflicts"].as_array().is_some_and(|c| c.len() == 1));
        ensure!(conflicting.count() == pairs, "not all of {pairs} conflicts are told: {}", meetings.len());
        times.push(took);
    }
    works.panel.stop()?;
    let what = format!("conflict scan of {CONFLICTING} worktrees, {pairs} pairs that conflict");
    let figure = Figure::spread("conflicts.scan", &what, "ms", Limit::Median(500.0), &times)?;
    Ok(vec![figure.with_note("what each changed was listed before")])
}
