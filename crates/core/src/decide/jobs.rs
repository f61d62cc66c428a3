//! Commands that ask for work on git, and how jobs end.

use super::landing::holds_work;
use super::sessions::free;
use super::{Context, edit_task, edited, job, landing, not_allowed, proposing, task, tasks};
use crate::command::{Done, JobDoing, JobDone, JobFailed, JudgeWork, OnJob, OnTask};
use crate::derive::merged;
use crate::ids::{Mid, TaskId, of_cause};
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Conflict, Job, JobState, Landing, Project, Qa, Row, Task, Verdict, Work};
use crate::state::State;
use crate::status::Kind;

/// So many earlier landings are told.
const LANDINGS: usize = 20;

pub(super) fn undo_keep(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    kept(row)?;
    holds_work(row)?;
    Ok(vec![job(cx, c.id, Work::UndoKeep)])
}

pub(super) fn revert(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    kept(row)?;
    holds_work(row)?;
    Ok(vec![job(cx, c.id, Work::Revert)])
}

/// What stands on the target branch.
pub(super) fn kept(row: &Task) -> Result<&Landing, Reject> {
    row.landed().ok_or_else(|| not_allowed("Nothing of this task was kept (or it was taken back already)."))
}

/// How much a person says at most, in bytes.
const LONGEST_NOTE: usize = 20_000;

pub(super) fn judge(state: &State, c: &JudgeWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    if row.landed().is_none() && merged(row).is_none() {
        return Err(not_allowed("Nothing of this task was kept or merged (or it was taken back already)."));
    }
    if c.note.len() > LONGEST_NOTE {
        return Err(Reject::new(RejectCode::Invalid, "The note is longer than 20 kB."));
    }
    let at = (c.verdict != Verdict::Pending).then_some(cx.now);
    let qa = Qa { verdict: c.verdict, note: c.note.trim().to_owned(), at };
    let judged = edit_task(row, |t| match (&mut t.landing, &mut t.proposal) {
        (Some(landing), _) if landing.reverted.is_none() => landing.qa = qa,
        (_, Some(proposal)) => proposal.qa = qa,
        _ => {}
    });
    Ok(judged.into_iter().collect())
}

pub(super) fn discard(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    if row.standing().is_none() {
        return Err(not_allowed("There is no worktree to discard."));
    }
    holds_work(row)?;
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
    let again = edited(row, Row::Job, |job| job.state = JobState::Pending);
    let shown = shown_as_moved(state, row, true);
    Ok(again.into_iter().chain(shown).collect())
}

pub(super) fn drop(state: &State, c: &OnJob) -> Result<Vec<Op>, Reject> {
    let row = known(state, c.id)?;
    if row.state == JobState::Pending && row.doing.is_none() {
        return Err(not_allowed("This is being done right now."));
    }
    let mut ops = vec![Op::delete(row.id)];
    if row.work == Work::Untry {
        // What could not be taken out stays as it is, the person's own.
        ops.extend(state.task(row.task).and_then(|task| edit_task(task, |t| t.trial = None)));
    }
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
        Done::Committed { .. }
        | Done::Updated { .. }
        | Done::UpdateUndone
        | Done::TakingBack { .. }
        | Done::Resolved
        | Done::Tried { .. }
        | Done::Untried => ops.extend(landing::done(task, &c.done)),
        Done::Proposed { .. } | Done::ProposalSeen { .. } => ops.extend(proposing::done(task, &c.done)),
        Done::Moved { path } => {
            ops.extend(edit_task(task, |t| t.path = Some(path.clone())));
            let commits = |project: &Project| project.commits && project.problem.is_none();
            if state.project(task.project).is_some_and(commits) {
                let what = if row.work == (Work::MoveDocument { archived: true }) { "Archive" } else { "Restore" };
                let message = format!("{what} \"{}\"", task.title);
                let paths = task.path.iter().chain([path]).cloned().collect();
                ops.push(job(cx, task.id, Work::CommitDocument { message, paths }));
            }
        }
        Done::DocumentCommitted => {}
        Done::Kept { landing } => ops.extend(edit_task(task, |t| {
            if let Some(branch) = &mut t.branch {
                branch.update = None;
            }
            t.landed_before.extend(t.landing.replace(landing.clone()));
            let too_many = t.landed_before.len().saturating_sub(LANDINGS);
            t.landed_before.drain(..too_many);
        })),
        Done::Reverted { reverted } => {
            ops.extend(edit_task(task, |t| {
                if let Some(landing) = &mut t.landing {
                    landing.reverted = Some(reverted.clone());
                }
                if let Some(branch) = t.branch.as_mut().filter(|branch| branch.taking_back.is_some()) {
                    branch.update = None;
                }
            }));
            if task.taking_back().is_some() {
                // The worktree gets the work back.
                ops.push(job(cx, task.id, Work::UndoUpdate));
            }
        }
        Done::Unkept => ops.extend(edit_task(task, |t| t.landing = t.landed_before.pop())),
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
    let failed = edited(row, Row::Job, |job| {
        job.state = JobState::Failed { reason: c.reason.clone(), files: c.files.clone(), conflict: c.conflict };
        job.doing = None;
    });
    failed.into_iter().chain(shown_as_moved(state, row, false)).collect()
}

/// A task whose file is to be moved shows as if it were; where that failed it shows as it is.
fn shown_as_moved(state: &State, row: &Job, moves: bool) -> Option<Op> {
    let Work::MoveDocument { archived } = row.work else { return None };
    edit_task(state.task(row.task)?, |t| t.archived = archived == moves)
}

pub(super) fn doing(state: &State, c: &JobDoing) -> Vec<Op> {
    let Some(row) = state.job(c.id).filter(|row| row.state == JobState::Pending) else {
        return Vec::new();
    };
    edited(row, Row::Job, |job| job.doing.clone_from(&c.doing)).into_iter().collect()
}

pub(super) fn known(state: &State, id: Mid) -> Result<&Job, Reject> {
    state.job(id).ok_or_else(|| Reject::new(RejectCode::NotFound, "This is done already, or was given up."))
}

/// The task, where nothing writes into its worktree and no other job moves its work.
pub(super) fn at_rest(state: &State, id: TaskId) -> Result<&Task, Reject> {
    let row = task(state, id)?;
    free(state, row, Kind::Implement)?;
    if state.jobs_of(id).any(|j| j.work.moves_work()) {
        return Err(not_allowed("This task's work is being moved already, or a try failed: settle that first."));
    }
    Ok(row)
}
