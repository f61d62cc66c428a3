//! What must hold after a kill, and in the end.

use super::witness::History;
use crate::panel::{Home, Process};
use anyhow::{Context as _, Result, ensure};
use qd_core::event::{Event, EventBody};
use qd_core::ids::{MessageId, SessionId};
use qd_core::row::{Message, MessageBody, MessageState, Row, RowKind, Session};
use qd_core::state::State;
use qd_core::status::Status;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Why the status of a session is not true; none where it is. `claimed` tells whether its attempt is.
pub(super) fn untrue(
    session: &Session,
    claimed: bool,
    processes: &[Process],
    killed: Option<(SessionId, u32)>,
) -> Option<String> {
    let of_attempt = |process: &&Process| process.attempt() == Some((session.id, session.attempt));
    let of_session = |process: &&Process| process.attempt().is_some_and(|(id, _)| id == session.id);
    let says = |what: &str| Some(format!("{} {:?}: {what}", session.id, session.status));
    match session.status {
        Status::Queued => None,
        // The server makes its worktree.
        Status::Starting if !claimed => None,
        status if status.is_ended() => match processes.iter().find(of_session) {
            Some(process) => says(&format!("{} runs", process.arguments)),
            None => None,
        },
        _ if killed == Some((session.id, session.attempt)) => says("its process was killed"),
        status => {
            let hosted = processes.iter().filter(of_attempt).any(Process::hosts_somebody);
            let works = processes.iter().filter(of_attempt).any(|process| process.mark.is_some());
            if !hosted {
                says("it has no host")
            } else if status.rank() == 2 && !works {
                says("it has no agent")
            } else {
                None
            }
        }
    }
}

/// Each attempt began at most once, and each that was shown as running did.
pub(super) fn each_attempt_began_once(marks: &Path, history: &History) -> Result<()> {
    let text = fs::read_to_string(marks).unwrap_or_default();
    let mut began = BTreeSet::new();
    for mark in text.lines() {
        let (id, number) = mark.rsplit_once('.').with_context(|| format!("a mark {mark:?}"))?;
        let attempt: (SessionId, u32) = (id.parse()?, number.parse()?);
        ensure!(began.insert(attempt), "attempt {mark} began twice");
        ensure!(history.accepted.contains(&attempt.0), "{mark} began and was never accepted");
    }
    for (id, number) in &history.shown {
        ensure!(began.contains(&(*id, *number)), "attempt {id}.{number} was shown as running and never began");
    }
    Ok(())
}

/// No message of an ended session waits, none was delivered twice, and what is said to be delivered was.
pub(super) fn messages_are_settled(state: &State, outputs: &BTreeMap<SessionId, Vec<u8>>) -> Result<()> {
    let mut told: BTreeMap<MessageId, u32> = BTreeMap::new();
    for (session, output) in outputs {
        for line in output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let event: Event = serde_json::from_slice(line)
                .with_context(|| format!("a line of {session}: {}", String::from_utf8_lossy(line)))?;
            match event.body {
                EventBody::Prompt { message, .. } | EventBody::Answered { message: Some(message), .. } => {
                    *told.entry(message).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    if let Some((message, times)) = told.iter().find(|(_, times)| **times > 1) {
        anyhow::bail!("message {message} stands {times} times in the output");
    }
    let messages =
        state.of_kind(RowKind::Message).filter_map(|row| if let Row::Message(m) = row { Some(m) } else { None });
    for message in messages {
        check_message(message, told.contains_key(&message.id))?;
    }
    Ok(())
}

fn check_message(message: &Message, told: bool) -> Result<()> {
    match &message.state {
        MessageState::Queued => anyhow::bail!("message {} of an ended session still waits", message.id),
        MessageState::Delivered => {
            ensure!(told, "message {} is said to be delivered and is in no output", message.id);
        }
        // What is unknown may have been told; what failed was not.
        MessageState::Failed { reason } => {
            let prompt = matches!(message.body, MessageBody::Prompt { .. });
            ensure!(!(told && prompt), "message {} is said to have failed ({reason}) and is in the output", message.id);
        }
        MessageState::Unknown => {}
    }
    Ok(())
}

/// Every worktree, of git and on disk, stands in the row of a task.
pub(super) fn no_worktree_is_forgotten(home: &Home, repository: &Path, state: &State) -> Result<()> {
    let tasks =
        state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(task) = row { Some(task) } else { None });
    let branches = tasks.filter_map(|task| task.branch.as_ref()).filter(|branch| branch.discarded.is_none());
    let known: BTreeSet<PathBuf> = branches.map(|branch| PathBuf::from(&branch.path)).collect();
    let listed = home.git(repository, &["worktree", "list", "--porcelain"])?;
    let listed = listed.lines().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from);
    // What was made ahead is of no task yet.
    let spares = home.data().join("spares");
    let mut found: BTreeSet<PathBuf> = listed.filter(|path| path != repository && !path.starts_with(&spares)).collect();
    checkouts(&home.data().join("worktrees"), 3, &mut found);
    let forgotten: Vec<&PathBuf> = found.difference(&known).collect();
    ensure!(forgotten.is_empty(), "worktrees that no task has: {forgotten:?}");
    let missing: Vec<&PathBuf> = known.iter().filter(|path| !path.join(".git").exists()).collect();
    ensure!(missing.is_empty(), "worktrees that are gone: {missing:?}");
    Ok(())
}

fn checkouts(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.join(".git").exists() {
            found.insert(path);
        } else if depth > 0 && path.is_dir() {
            checkouts(&path, depth - 1, found);
        }
    }
}

/// The repository is whole, and nothing in the user's checkout changed but task documents.
pub(super) fn the_checkout_is_untouched(home: &Home, repository: &Path, head: &str) -> Result<()> {
    home.git(repository, &["fsck", "--full", "--no-dangling"])?;
    ensure!(home.git(repository, &["rev-parse", "HEAD"])? == head, "HEAD moved");
    ensure!(
        home.git(repository, &["symbolic-ref", "HEAD"])?.trim() == "refs/heads/main",
        "another branch is checked out"
    );
    let status = home.git(repository, &["status", "--porcelain", "--untracked-files=all"])?;
    let foreign: Vec<&str> =
        status.lines().filter(|line| !line.get(3..).is_some_and(|path| path.starts_with("tasks/"))).collect();
    ensure!(foreign.is_empty(), "files of the user changed: {foreign:?}");
    let leftovers: Vec<&str> = status.lines().filter(|line| line.contains(".tmp")).collect();
    ensure!(leftovers.is_empty(), "files were left behind: {leftovers:?}");
    Ok(())
}
