//! Commands that ask for work on git, and how jobs end.

use super::sessions::{free, standing};
use super::{Context, edit_task, job, not_allowed, task, tasks};
use crate::command::{Done, JobDone, JobFailed, KeepWork, OnJob, OnTask};
use crate::ids::{Mid, TaskId, of_cause};
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Conflict, Job, JobState, Row, Task, Work};
use crate::state::State;
use crate::status::Kind;

pub(super) fn keep(state: &State, c: &KeepWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    let Some(branch) = standing(row) else {
        return Err(not_allowed("There is no work to keep yet: implement it first."));
    };
    if branch.target.is_none() {
        return Err(not_allowed(
            "The work began on a detached HEAD, so there is no branch to keep it on. Check a branch out.",
        ));
    }
    if branch.changed.is_some_and(|changed| changed.files == 0) {
        return Err(not_allowed("The worktree has no changes to keep."));
    }
    let message = if c.message.trim().is_empty() { row.title.clone() } else { c.message.clone() };
    Ok(vec![job(cx, c.id, Work::Keep { message })])
}

pub(super) fn undo_keep(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    if at_rest(state, c.id)?.landing.is_none() {
        return Err(not_allowed("Nothing of this task was kept (or it was taken back already)."));
    }
    Ok(vec![job(cx, c.id, Work::UndoKeep)])
}

pub(super) fn discard(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    if standing(at_rest(state, c.id)?).is_none() {
        return Err(not_allowed("There is no worktree to discard."));
    }
    Ok(vec![job(cx, c.id, Work::Discard)])
}

pub(super) fn undo_discard(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    if at_rest(state, c.id)?.branch.as_ref().is_none_or(|b| b.discarded.is_none()) {
        return Err(not_allowed("Nothing of this task was discarded (or it was restored already)."));
    }
    Ok(vec![job(cx, c.id, Work::UndoDiscard)])
}

pub(super) fn retry(state: &State, c: &OnJob) -> Result<Vec<Op>, Reject> {
    let row = known(state, c.id)?;
    Ok(Op::change(&Row::Job(row.clone()), &Row::Job(Job { state: JobState::Pending, ..row.clone() }))
        .into_iter()
        .collect())
}

pub(super) fn drop(state: &State, c: &OnJob) -> Result<Vec<Op>, Reject> {
    let row = known(state, c.id)?;
    if row.state == JobState::Pending {
        return Err(not_allowed("This is being done right now."));
    }
    let mut ops = vec![Op::delete(row.id)];
    // A task that never got a file and has no session is given up with its job.
    if let Some(task) = state.task(row.task) {
        let other = state.jobs_of(task.id).any(|j| j.id != row.id) || state.sessions_of(task.id).next().is_some();
        if task.path.is_none() && !other {
            ops.push(Op::delete(task.id));
        }
    }
    Ok(ops)
}

pub(super) fn done(state: &State, c: &JobDone, cx: Context) -> Result<Vec<Op>, Reject> {
    let Some(row) = state.job(c.id) else {
        return Ok(Vec::new());
    };
    let mut ops = vec![Op::delete(row.id)];
    let Some(task) = state.task(row.task) else {
        return Ok(ops);
    };
    match &c.done {
        Done::Wrote { path, text, conflict, .. } => {
            let Work::WriteDocument { version, .. } = row.work else {
                return Err(Reject::new(RejectCode::Invalid, "This job writes no document."));
            };
            match conflict {
                None => ops.extend(tasks::wrote(task, version, path, text.as_deref(), cx)),
                Some(found) => {
                    let theirs = theirs_version(cx.mid);
                    ops.extend(edit_task(task, |t| {
                        t.path = Some(path.clone());
                        tasks::take_text(t, &found.theirs, theirs);
                        t.conflict = Some(Conflict { yours: version, theirs });
                    }));
                }
            }
        }
        Done::Kept { landing } => ops.extend(edit_task(task, |t| t.landing = Some(landing.clone()))),
        Done::Unkept => ops.extend(edit_task(task, |t| t.landing = None)),
        Done::Discarded { saved } => ops.extend(edit_task(task, |t| {
            if let Some(branch) = &mut t.branch {
                branch.discarded = Some(saved.clone());
            }
        })),
        Done::Restored { branch } => ops.extend(edit_task(task, |t| t.branch = Some(branch.clone()))),
    }
    Ok(ops)
}

/// The version id of the text that a file had when a save met a conflict, from the mutation that told it.
pub fn theirs_version(told_by: Mid) -> Mid {
    Mid(of_cause(&["theirs", &told_by.to_string()]))
}

pub(super) fn failed(state: &State, c: &JobFailed) -> Vec<Op> {
    let Some(row) = state.job(c.id) else {
        return Vec::new();
    };
    let next = Job { state: JobState::Failed { reason: c.reason.clone(), files: c.files.clone() }, ..row.clone() };
    Op::change(&Row::Job(row.clone()), &Row::Job(next)).into_iter().collect()
}

fn known(state: &State, id: Mid) -> Result<&Job, Reject> {
    state.job(id).ok_or_else(|| Reject::new(RejectCode::NotFound, "This is done already, or was given up."))
}

/// The task, where nothing writes into its worktree and no other job moves its work.
fn at_rest(state: &State, id: TaskId) -> Result<&Task, Reject> {
    let row = task(state, id)?;
    free(state, row, Kind::Implement)?;
    if state.jobs_of(id).any(|j| !matches!(j.work, Work::WriteDocument { .. })) {
        return Err(not_allowed("This task's work is being moved already, or a try failed: settle that first."));
    }
    Ok(row)
}
