//! Putting a task away and taking it out again. The file follows by a job.

use super::tasks::writable;
use super::{Context, edit_task, job, not_allowed, task};
use crate::command::{ArchiveTask, OnTask};
use crate::derive::{in_conflict, review_ready};
use crate::op::{Op, Reject};
use crate::row::{Task, Work};
use crate::state::State;
use crate::status::Status;

/// What stands in the way of archiving a task and can be passed over: it says what would be put away with it.
pub fn archive_guards(state: &State, row: &Task) -> Vec<String> {
    let mut guards = Vec::new();
    let changed = row.standing().and_then(|branch| branch.changed.as_ref());
    if let Some(changed) = changed.filter(|_| review_ready(state, row) || in_conflict(row)) {
        let files = if changed.files == 1 { "1 file".to_owned() } else { format!("{} files", changed.files) };
        guards.push(format!("Its work is not kept: {files} changed in its worktree, which stays."));
    }
    if row.trial.is_some() {
        guards.push("Its work stands in your checkout to be tried.".to_owned());
    }
    match state.comments_of(row.id).filter(|comment| comment.waits()).count() {
        0 => {}
        1 => guards.push("1 comment on its work was not sent.".to_owned()),
        comments => guards.push(format!("{comments} comments on its work were not sent.")),
    }
    guards
}

pub(super) fn archive(state: &State, c: &ArchiveTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = movable(state, task(state, c.id)?)?;
    if row.archived {
        return Err(not_allowed("This task is archived already."));
    }
    if state.sessions_of(c.id).any(|session| session.status.is_active()) {
        let queued = state.sessions_of(c.id).any(|session| session.status == Status::Queued);
        let stands = if queued { "waits" } else { "runs" };
        return Err(not_allowed(format!("A session of this task {stands}. Cancel it first.")));
    }
    let guards = archive_guards(state, row);
    if !c.anyway && !guards.is_empty() {
        return Err(not_allowed(format!("{} Archive it anyway, or settle that first.", guards.join(" "))));
    }
    Ok(moved(row, true, cx))
}

pub(super) fn restore(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = movable(state, task(state, c.id)?)?;
    if !row.archived {
        return Err(not_allowed("This task is not archived."));
    }
    Ok(moved(row, false, cx))
}

fn movable<'a>(state: &State, row: &'a Task) -> Result<&'a Task, Reject> {
    let row = writable(row)?;
    if row.path.is_none() {
        return Err(not_allowed("This task's file is not made yet."));
    }
    if row.conflict.is_some() {
        return Err(not_allowed("This document has an edit that could not be merged. Settle that first."));
    }
    if state
        .jobs_of(row.id)
        .any(|job| !matches!(job.work, Work::WriteDocument { .. } | Work::CommitDocument { .. } | Work::LookAtProposal))
    {
        return Err(not_allowed("This task is being moved already, or a try failed: settle that first."));
    }
    Ok(row)
}

fn moved(row: &Task, archived: bool, cx: Context) -> Vec<Op> {
    let shown = edit_task(row, |t| t.archived = archived);
    shown.into_iter().chain([job(cx, row.id, Work::MoveDocument { archived })]).collect()
}
