//! From the click to the agent's process, and what a live session takes.

use super::Setup;
use super::figures::{Figure, Limit};
use super::ground::{demo_agent, home, serve, settled, start};
use super::process;
use crate::panel::{Home, Panel, Process, processes, wait_for};
use anyhow::{Context as _, Result, ensure};
use qd_core::command::{Command, OnSession};
use qd_core::ids::{SessionId, TaskId};
use qd_core::status::Status;
use qd_engine::time::{Clock as _, SystemClock};
use std::fs;
use std::time::Duration;

const STARTS: usize = 30;
const LIVE: usize = 8;

pub(super) fn measure(setup: &Setup) -> Result<Vec<Figure>> {
    let starts = STARTS.min(setup.scale.rounds);
    // The first thing that the agent's process does is to say when it is.
    let marks = tempfile::tempdir()?;
    let mark = format!("date +%s%3N > '{}'/$QD_SESSION; {}", marks.path().display(), demo_agent(&setup.qd));
    let home = home(&setup.qd, &mark)?;
    let texts: Vec<(String, String)> =
        (0..starts + LIVE).map(|n| (format!("tasks/{n}.md"), format!("# Task {n}\n"))).collect();
    let files: Vec<(&str, &[u8])> = texts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let repository = home.repository("deck", &files)?;
    let panel = serve(&home, &[repository.to_str().context("a path that is not UTF-8")?])?;
    let tasks = settled(&panel, texts.len())?;
    let (live, first) = tasks.split_at(LIVE.min(tasks.len()));
    let mut times = Vec::new();
    for task in first {
        times.push(executing(&panel, *task, marks.path())?);
    }
    let each = share_of_each(&home, &panel, live)?;
    Ok(vec![
        Figure::spread("start.agent", "click → agent process executing", "ms", Limit::Median(150.0), &times)?
            .with_note("worktree and host are made in it; the process says its time by `date`"),
        Figure::value(
            "session.share",
            "PSS of a live session: host and its part of the server",
            "MB",
            Limit::Most(4.0),
            each,
        )
        .with_note(&format!("of {} sessions", live.len())),
    ])
}

/// Milliseconds from the click until the agent's process says its time.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of a start are few")]
pub(super) fn executing(panel: &Panel, task: TaskId, marks: &std::path::Path) -> Result<f64> {
    let command = start(task, "[[demo: quick]]");
    let session = command.id;
    let clicked = SystemClock.now();
    panel.api.send(&Command::StartSession(command))?;
    status(panel, session, Status::Completed)?;
    let said: u64 = fs::read_to_string(marks.join(format!("{session}.1")))?.trim().parse()?;
    Ok(said.saturating_sub(clicked.0) as f64)
}

pub(super) fn status(panel: &Panel, session: SessionId, wanted: Status) -> Result<()> {
    wait_for("the status of a session", Duration::from_mins(1), || {
        let state = panel.api.state()?;
        let now = state.session(session).map(|session| session.status);
        ensure!(now == Some(wanted) || now.is_none_or(Status::is_active), "the session is {now:?}");
        Ok((now == Some(wanted)).then_some(()))
    })
}

fn share_of_each(home: &Home, panel: &Panel, tasks: &[TaskId]) -> Result<f64> {
    let server = panel.identity.pid;
    let before = process::share(server)?;
    let sessions: Vec<_> = tasks.iter().map(|task| start(*task, "[[demo: hang]]")).collect();
    for session in &sessions {
        panel.api.send(&Command::StartSession(session.clone()))?;
    }
    for session in &sessions {
        status(panel, session.id, Status::Running)?;
    }
    let hosts: Vec<Process> = processes(&home.path(""))?.into_iter().filter(Process::hosts_somebody).collect();
    ensure!(hosts.len() == sessions.len(), "{} hosts of {} sessions", hosts.len(), sessions.len());
    // What the starts before left behind may have been given back meanwhile: that is no session's merit.
    let mut all = (process::share(server)? - before).max(0.0);
    for host in &hosts {
        all += process::share(host.identity.pid)?;
    }
    for session in &sessions {
        panel.api.send(&Command::CancelSession(OnSession { id: session.id }))?;
    }
    for session in &sessions {
        status(panel, session.id, Status::Cancelled)?;
    }
    Ok(all / f64::from(u32::try_from(sessions.len())?))
}
