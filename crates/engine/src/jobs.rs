//! Jobs on git: keeping work, discarding it, and both undone. Each is done at least once and comes to the same when it
//! is done again after a crash; what it needs for that stands in receipts.
//!
//! Documents are written by `files`, which alone touches the task files.

mod checking;
mod committing;
mod discarding;
mod keeping;
mod proposing;
mod reverting;
mod trying;
mod updating;

use crate::engine::Engine;
use crate::step::{self, Step};
use qd_core::command::{Command, Done, JobDone, JobFailed};
use qd_core::decide::{Lane, lane};
use qd_core::ids::{Millis, TaskId};
use qd_core::row::{Branch, Job, JobState, Project, Row, RowKind, Task, Work};
use qd_core::state::State;
use qd_git::repo::OpenError;
use qd_git::{GitError, GitPath, Refusal, Repo};
use std::collections::HashMap;
use std::time::Duration;
use tokio::task::{Id, JoinSet};

/// So many jobs run at once, each of another task.
const TOGETHER: usize = 8;
/// How long running jobs may take to end when the engine does.
const ENDING: Duration = Duration::from_secs(5);
/// When an outcome that could not be stored is told again.
const AGAIN: Duration = Duration::from_secs(1);

/// So much of the end of what a program printed is told, in characters.
const TOLD: usize = 2_000;

/// Why a job failed: what to do, and the files that it concerns.
#[derive(Debug, Default)]
struct Failure {
    reason: String,
    files: Vec<String>,
    /// Whether the work and its target changed the same places.
    conflict: bool,
}

/// What a job works on.
struct Site {
    engine: Engine,
    job: Job,
    task: Task,
    project: Project,
    repo: Repo,
}

impl Engine {
    /// Does pending jobs on git until the engine ends, beginning with those of before.
    pub(crate) fn run_jobs(&self) {
        self.inner.tasks.spawn(reconcile(self.clone()));
    }
}

async fn reconcile(engine: Engine) {
    keeping::tidy(&engine);
    let shutdown = engine.inner.shutdown.clone();
    let mut commits = engine.head();
    let mut running = JoinSet::new();
    let mut busy: HashMap<TaskId, Id> = HashMap::new();
    // What moves a branch waits for what moves it already.
    let mut lanes: HashMap<Lane, Id> = HashMap::new();
    loop {
        commits.borrow_and_update();
        for job in engine.read(pending) {
            if busy.len() >= TOGETHER {
                break;
            }
            let lane = engine.read(|state| lane(state, &job));
            if busy.contains_key(&job.task) || lane.as_ref().is_some_and(|lane| lanes.contains_key(lane)) {
                continue;
            }
            let task = job.task;
            let id = running.spawn(run(engine.clone(), job)).id();
            busy.insert(task, id);
            lanes.extend(lane.map(|lane| (lane, id)));
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            changed = commits.changed() => if changed.is_err() { break },
            Some(ended) = running.join_next_with_id() => {
                let id = ended.map_or_else(|e| e.id(), |(id, ())| id);
                busy.retain(|_, running| *running != id);
                lanes.retain(|_, running| *running != id);
            }
        }
    }
    let ending = async { while running.join_next().await.is_some() {} };
    // What does not end in time is cut short, and done again by the next run.
    let _ = tokio::time::timeout(ENDING, ending).await;
}

fn pending(state: &State) -> Vec<Job> {
    let jobs = state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(job) = row { Some(job) } else { None });
    let mut pending: Vec<Job> =
        jobs.filter(|j| j.state == JobState::Pending && !j.work.is_of_files()).cloned().collect();
    pending.sort_by_key(Job::turn);
    pending
}

async fn run(engine: Engine, job: Job) {
    let (id, task) = (job.id, job.task);
    // Nobody can count what is in a worktree before the rows say that it stands.
    let stands = |engine: &Engine| engine.read(|state| state.task(task).is_some_and(|task| task.standing().is_some()));
    let stood = stands(&engine);
    step::passed(Step::JobTaken);
    let command = match outcome(&engine, job).await {
        Ok(done) => Command::JobDone(JobDone { id, done }),
        Err(Failure { reason, files, conflict }) => Command::JobFailed(JobFailed { id, reason, files, conflict }),
    };
    step::passed(Step::JobEnded);
    let is_pending = || engine.read(|state| state.job(id).is_some_and(|job| job.state == JobState::Pending));
    while is_pending() && engine.report(command.clone(), &["job", &id.to_string(), &engine.started()]).await.is_none() {
        let waited = engine.inner.shutdown.run_until_cancelled(tokio::time::sleep(AGAIN)).await;
        if waited.is_none() {
            return;
        }
    }
    step::passed(Step::JobTold);
    keeping::tidy(&engine);
    if !stood && stands(&engine) {
        engine.count_changes(task).await;
    }
}

async fn outcome(engine: &Engine, job: Job) -> Result<Done, Failure> {
    let found = engine.read(|state| {
        let task = state.task(job.task).cloned()?;
        let project = state.project(task.project).cloned()?;
        Some((task, project))
    });
    let (task, project) = found.ok_or_else(|| Failure::new("The task does not exist any more."))?;
    if job.doing.is_some() {
        // An earlier run was cut off in what may be stopped. What comes now must not be.
        checking::doing(engine, &job, None).await?;
    }
    let repo = engine.repo(&project).await?;
    let site = Site { engine: engine.clone(), job, task, project, repo };
    match &site.job.work {
        Work::CommitDocument { message, paths } => committing::commit_document(&site, message, paths).await,
        Work::Commit { message, files, hunks } => committing::commit(&site, message, files.as_deref(), hunks).await,
        Work::Update => updating::update(&site).await,
        Work::UndoUpdate => updating::undo(&site).await,
        Work::Resolve { path, side } => updating::resolve(&site, path, *side).await,
        Work::Try => trying::put_in(&site).await,
        Work::Untry => trying::take_out(&site).await,
        Work::Propose { message } => proposing::propose(&site, message).await,
        Work::LookAtProposal => proposing::look(&site).await,
        Work::Keep { message, how } => keeping::keep(&site, message, *how).await,
        Work::UndoKeep => keeping::undo(&site).await,
        Work::Revert => reverting::revert(&site).await,
        Work::TakeBack => reverting::take_back(&site).await,
        Work::Discard => discarding::discard(&site).await,
        Work::UndoDiscard => discarding::undo(&site).await,
        Work::WriteDocument { .. } | Work::MoveDocument { .. } => {
            Err(Failure::new("Documents are written with the files of the project."))
        }
    }
}

impl Site {
    /// The worktree that stands.
    fn branch(&self) -> Result<&Branch, Failure> {
        self.task.standing().ok_or_else(|| Failure::new("The task has no worktree any more."))
    }

    fn now(&self) -> Millis {
        self.engine.config().clock.now()
    }
}

/// The end of what a program printed: it says why.
fn end_of(printed: &str) -> &str {
    let from = printed.char_indices().rev().nth(TOLD).map_or(0, |(at, _)| at);
    printed.get(from..).unwrap_or_default()
}

impl Failure {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::default() }
    }

    fn with(reason: impl Into<String>, files: &[GitPath]) -> Self {
        Self { reason: reason.into(), files: files.iter().map(ToString::to_string).collect(), conflict: false }
    }

    /// The work and its target changed the same places.
    fn conflict(reason: impl Into<String>, files: &[GitPath]) -> Self {
        Self { conflict: true, ..Self::with(reason, files) }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Unreadable { paths } => {
                Self::with("These files of the worktree can't be read. Mend that, then retry.", &paths)
            }
            GitError::Io { path, source } => {
                Self::new(format!("{} could not be read or written: {}", path.display(), crate::files::advice(&source)))
            }
            other => Self::new(format!("{other}. Mend that, then retry.")),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::new(format!("The repository can't be opened: {error}. Mend that, then retry."))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(format!("The data directory could not be written: {}", crate::files::advice(&error)))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Overlap { checkout, paths } => {
                let reason = format!(
                    "{} has changes of your own in files that would change. Commit or stash them, then retry.",
                    checkout.display()
                );
                Self::with(reason, &paths)
            }
            Refusal::Unmerged { checkout, paths } => Self::with(
                format!("{} is in the middle of a merge. Finish or abort it, then retry.", checkout.display()),
                &paths,
            ),
            Refusal::Busy { checkout, stderr } => {
                Self::new(format!("{} is in use by another git command. Retry. {stderr}", checkout.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
