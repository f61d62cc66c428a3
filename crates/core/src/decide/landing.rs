//! The way of work from its worktree to its target branch: commits, the target brought in, conflicts, trials, and the
//! queue of what moves a branch.

use super::jobs::{at_rest, kept, known};
use super::sessions::{self, free, startable};
use super::{Context, edit_task, edited, job, not_allowed, task};
use crate::command::{
    CommitWork, Done, DraftMessage, KeepWork, OnTask, OrderJob, ResolveFile, StartSession, UpdateWork,
};
use crate::ids::{ProjectId, TaskId};
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Branch, How, Job, JobState, Landing, Row, RowKind, Task, Work};
use crate::state::State;
use crate::status::Kind;

/// A message is so long at most, in bytes.
const LONGEST_MESSAGE: usize = 100_000;

/// A branch that jobs move.
pub type Lane = (ProjectId, String);

/// The branch that a job moves; none where it moves none.
pub fn lane(state: &State, job: &Job) -> Option<Lane> {
    let task = state.task(job.task)?;
    let target = match &job.work {
        Work::CommitDocument { .. } => state.project(task.project)?.branch.clone()?,
        Work::Keep { .. } => task.branch.as_ref()?.target.clone()?,
        Work::UndoKeep | Work::Revert => task.landing.as_ref()?.target.clone(),
        Work::WriteDocument { .. }
        | Work::MoveDocument { .. }
        | Work::Commit { .. }
        | Work::Update
        | Work::UndoUpdate
        | Work::TakeBack
        | Work::Resolve { .. }
        | Work::Try
        | Work::Untry
        | Work::Propose { .. }
        | Work::LookAtProposal
        | Work::Discard
        | Work::UndoDiscard => return None,
    };
    Some((task.project, target))
}

/// What waits to move a branch, or moves it, in its order.
pub fn queue<'a>(state: &'a State, of: &Lane) -> Vec<&'a Job> {
    let jobs = state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(job) = row { Some(job) } else { None });
    let mut waiting: Vec<_> =
        jobs.filter(|job| job.state == JobState::Pending && lane(state, job).as_ref() == Some(of)).collect();
    waiting.sort_by_key(|job| job.turn());
    waiting
}

pub(super) fn order(state: &State, c: &OrderJob) -> Result<Vec<Op>, Reject> {
    let moved = known(state, c.id)?;
    let lane = lane(state, moved).filter(|_| moved.state == JobState::Pending);
    let lane = lane.ok_or_else(|| not_allowed("This does not wait to be put onto a branch."))?;
    let mut waiting = queue(state, &lane);
    waiting.retain(|job| job.id != c.id);
    let place = match c.before {
        None => waiting.len(),
        Some(before) => waiting
            .iter()
            .position(|job| job.id == before)
            .ok_or_else(|| not_allowed("What it was to come before is not waiting any more."))?,
    };
    waiting.insert(place, moved);
    // Below 0, where whoever comes later stands.
    let first = -i64::try_from(waiting.len()).unwrap_or_default();
    let ranked = waiting.into_iter().zip(first..);
    Ok(ranked.filter_map(|(row, rank)| edited(row, Row::Job, |job| job.rank = rank)).collect())
}

pub(super) fn keep(state: &State, c: &KeepWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    let branch = work(row, "There is no work to keep yet: implement it first.")?;
    targeted(branch)?;
    resolved(branch)?;
    if branch.changed.as_ref().is_some_and(|changed| changed.files == 0) {
        return Err(not_allowed("The worktree has no changes to keep."));
    }
    not_tried(row)?;
    if row.taking_back().is_none() {
        return Ok(vec![job(cx, c.id, Work::Keep { message: message(row, &c.message)?, how: c.how })]);
    }
    if row.landed().is_none() {
        return Err(not_allowed("This is taken back already. Go back to the work first."));
    }
    // How it came about in the worktree tells nobody anything.
    Ok(vec![job(cx, c.id, Work::Keep { message: message(row, &c.message)?, how: How::Squash })])
}

pub(super) fn commit(state: &State, c: &CommitWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    let branch = work(row, "There is no work to commit yet: implement it first.")?;
    resolved(branch)?;
    if branch.changed.as_ref().is_some_and(|changed| changed.files == 0) {
        return Err(not_allowed("The worktree has no changes to commit."));
    }
    if c.hunks.is_empty() && c.files.as_ref().is_some_and(Vec::is_empty) {
        return Err(Reject::new(RejectCode::Invalid, "Choose the files that are to be committed."));
    }
    let message = message(row, &c.message)?;
    Ok(vec![job(cx, c.id, Work::Commit { message, files: c.files.clone(), hunks: c.hunks.clone() })])
}

/// Also where a try to keep the work failed: that is given up then.
pub(super) fn update(state: &State, c: &UpdateWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    free(state, row, Kind::Implement)?;
    let target = targeted(work(row, "There is no worktree to merge anything into.")?)?;
    let given_up = |work: &Work| matches!(work, Work::Keep { .. } | Work::Update);
    let mut ops = in_place_of(state, c.id, given_up)?;
    ops.push(job(cx, c.id, Work::Update));
    ops.extend(resolver(state, c, target, cx)?);
    Ok(ops)
}

/// The failed jobs that are given up for another, where nothing else moves the work.
fn in_place_of(state: &State, task: TaskId, given_up: impl Fn(&Work) -> bool) -> Result<Vec<Op>, Reject> {
    let given_up = |job: &&Job| given_up(&job.work) && matches!(job.state, JobState::Failed { .. });
    if state.jobs_of(task).any(|job| job.work.moves_work() && !given_up(&job)) {
        return Err(not_allowed("This task's work is being moved already, or a try failed: settle that first."));
    }
    Ok(state.jobs_of(task).filter(given_up).map(|job| Op::delete(job.id)).collect())
}

/// The session that resolves what conflicts, where one is wanted.
fn resolver(state: &State, c: &UpdateWork, target: &str, cx: Context) -> Result<Vec<Op>, Reject> {
    let Some(id) = c.session else { return Ok(Vec::new()) };
    let start = StartSession { id, task: c.id, kind: Kind::Implement, start: c.start.clone() };
    sessions::start_to_resolve(state, &start, target, cx)
}

pub(super) fn take_back(state: &State, c: &UpdateWork, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    free(state, row, Kind::Implement)?;
    let landing = kept(row)?;
    holds_work(row)?;
    not_tried(row)?;
    let branch = row.branch.as_ref().ok_or_else(|| not_allowed("There is no worktree to take it back in."))?;
    let target = targeted(branch)?;
    if *target != landing.target {
        let (kept_on, target) = (&landing.target, target);
        return Err(not_allowed(format!("It was kept on {kept_on}, and the worktree belongs to {target}.")));
    }
    if row.standing().and_then(|branch| branch.changed.as_ref()).is_some_and(|changed| changed.merging) {
        return Err(not_allowed("A merge is open in the worktree. Finish or abort it first."));
    }
    let mut ops = in_place_of(state, c.id, |work| matches!(work, Work::Revert | Work::TakeBack))?;
    ops.push(job(cx, c.id, Work::TakeBack));
    ops.extend(resolver(state, c, target, cx)?);
    Ok(ops)
}

pub(super) fn undo_update(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    if row.standing().is_none_or(|branch| branch.update.is_none() && branch.taking_back.is_none()) {
        return Err(not_allowed("Nothing was merged into this worktree (or that was undone already)."));
    }
    Ok(vec![job(cx, c.id, Work::UndoUpdate)])
}

/// Several files may be resolved one after the other without waiting.
pub(super) fn resolve(state: &State, c: &ResolveFile, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    free(state, row, Kind::Implement)?;
    let others = |job: &&Job| job.work.moves_work() && !matches!(job.work, Work::Resolve { .. });
    if state.jobs_of(c.id).any(|job| others(&job)) {
        return Err(not_allowed("This task's work is being moved already, or a try failed: settle that first."));
    }
    let changed = row.standing().and_then(|branch| branch.changed.as_ref());
    if !changed.is_some_and(|changed| changed.conflicts.contains(&c.path)) {
        return Err(not_allowed("This file has no conflict (any more)."));
    }
    let shown = edit_task(row, |t| {
        if let Some(changed) = t.branch.as_mut().and_then(|branch| branch.changed.as_mut()) {
            changed.conflicts.retain(|path| *path != c.path);
        }
    });
    let work = Work::Resolve { path: c.path.clone(), side: c.side };
    Ok(shown.into_iter().chain([job(cx, c.id, work)]).collect())
}

pub(super) fn put_in(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = at_rest(state, c.id)?;
    startable(state, row)?;
    let branch = work(row, "There is no work to try yet: implement it first.")?;
    resolved(branch)?;
    not_tried(row)?;
    if branch.changed.as_ref().is_some_and(|changed| changed.files == 0) {
        return Err(not_allowed("The worktree has no changes to try."));
    }
    if let Some(other) = tried(state, row.project, c.id) {
        return Err(not_allowed(format!("“{}” is being tried in your checkout. Put that back first.", other.title)));
    }
    Ok(vec![job(cx, c.id, Work::Try)])
}

/// Another task of the project whose work stands in the checkout, or is about to.
fn tried(state: &State, project: ProjectId, but: TaskId) -> Option<&Task> {
    let tasks =
        state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(task) = row { Some(task) } else { None });
    let moves = |task: &Task| state.jobs_of(task.id).any(|job| matches!(job.work, Work::Try | Work::Untry));
    tasks.filter(|task| task.project == project && task.id != but).find(|task| task.trial.is_some() || moves(task))
}

pub(super) fn take_out(state: &State, c: &OnTask, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.id)?;
    if row.trial.is_none() {
        return Err(not_allowed("This is not being tried in your checkout."));
    }
    if state.jobs_of(c.id).any(|job| job.work.moves_work()) {
        return Err(not_allowed("This task's work is being moved already, or a try failed: settle that first."));
    }
    Ok(vec![job(cx, c.id, Work::Untry)])
}

/// What a job of these leaves in its task.
pub(super) fn done(row: &Task, done: &Done) -> Option<Op> {
    edit_task(row, |task| match done {
        Done::Tried { trial } => task.trial = Some(Box::new(trial.clone())),
        Done::Untried => task.trial = None,
        other => {
            let Some(branch) = &mut task.branch else { return };
            match other {
                Done::Committed { commit } => branch.commit = Some(Box::new(commit.clone())),
                Done::Updated { update: Some(update) } => branch.update = Some(Box::new(update.clone())),
                Done::UpdateUndone if branch.update.is_some() => branch.update = None,
                Done::UpdateUndone => branch.taking_back = None,
                Done::TakingBack { taking } => {
                    branch.discarded = None;
                    branch.update = None;
                    branch.taking_back = Some(Box::new(taking.clone()));
                }
                _ => {}
            }
        }
    })
}

pub(super) fn work<'a>(row: &'a Task, missing: &str) -> Result<&'a Branch, Reject> {
    row.standing().ok_or_else(|| not_allowed(missing))
}

fn targeted(branch: &Branch) -> Result<&str, Reject> {
    branch.target.as_deref().ok_or_else(|| {
        not_allowed("The work began on a detached HEAD, so there is no branch to keep it on. Check a branch out.")
    })
}

pub(super) fn resolved(branch: &Branch) -> Result<(), Reject> {
    match branch.changed.as_ref().map_or(0, |changed| changed.conflicts.len()) {
        0 => Ok(()),
        1 => Err(not_allowed("A file has a conflict that nobody has resolved.")),
        n => Err(not_allowed(format!("{n} files have conflicts that nobody has resolved."))),
    }
}

/// Refuses while the worktree holds what takes kept work back.
pub(super) fn holds_work(row: &Task) -> Result<(), Reject> {
    match row.taking_back() {
        Some(_) => Err(not_allowed("What was kept is being taken back in the worktree. Keep that, or undo it, first.")),
        None => Ok(()),
    }
}

fn not_tried(row: &Task) -> Result<(), Reject> {
    match row.trial {
        Some(_) => Err(not_allowed("This is being tried in your checkout. Put that back first.")),
        None => Ok(()),
    }
}

pub(super) fn message(row: &Task, text: &str) -> Result<String, Reject> {
    if text.len() > LONGEST_MESSAGE {
        return Err(Reject::new(RejectCode::Invalid, "The message is longer than 100 kB."));
    }
    if !text.trim().is_empty() {
        return Ok(text.to_owned());
    }
    if let Some((landing, _)) = row.landed().zip(row.taking_back()) {
        return Ok(taken_back(row, landing));
    }
    let draft = row.standing().and_then(Branch::fresh_draft);
    Ok(draft.map_or_else(|| row.title.clone(), |draft| draft.text.clone()))
}

/// The message of the commit that takes a landing back.
pub fn taken_back(row: &Task, landing: &Landing) -> String {
    format!("Revert \"{}\"\n\nThis takes back {}.\n", row.title, landing.new)
}

pub(super) fn draft(state: &State, c: &DraftMessage) -> Result<Vec<Op>, Reject> {
    let row = task(state, c.task)?;
    let shown = edit_task(row, |t| {
        if let Some(branch) = &mut t.branch {
            branch.draft = Some(Box::new(c.draft.clone()));
        }
    });
    Ok(shown.into_iter().collect())
}

/// Whether a job must be done before a session of its task begins.
pub fn comes_first(job: &Job) -> bool {
    job.state == JobState::Pending && matches!(job.work, Work::Update | Work::TakeBack)
}

/// Why a session that waited for it can't begin.
pub fn did_not_come(job: &Job) -> Option<String> {
    let JobState::Failed { reason, .. } = &job.state else { return None };
    match job.work {
        Work::Update => Some(format!("The branch could not be merged in: {reason}")),
        Work::TakeBack => Some(format!("It could not be taken back in the worktree: {reason}")),
        _ => None,
    }
}
