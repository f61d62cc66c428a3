//! Jobs on git: keeping work, discarding it, and both undone. Each is done at least once and comes to the same when it
//! is done again after a crash; what it needs for that stands in receipts.
//!
//! Documents are written by `files`, which alone touches the task files.

mod discarding;
mod keeping;

use crate::engine::Engine;
use crate::step::{self, Step};
use qd_core::command::{Command, Done, JobDone, JobFailed};
use qd_core::ids::TaskId;
use qd_core::row::{Job, JobState, Project, Row, RowKind, Task, Work};
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

/// Why a job failed: what to do, and the files that it concerns.
#[derive(Debug, Default)]
struct Failure {
    reason: String,
    files: Vec<String>,
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
    loop {
        commits.borrow_and_update();
        for job in engine.read(pending) {
            if busy.len() >= TOGETHER {
                break;
            }
            let task = job.task;
            busy.entry(task).or_insert_with(|| running.spawn(run(engine.clone(), job)).id());
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            changed = commits.changed() => if changed.is_err() { break },
            Some(ended) = running.join_next_with_id() => {
                let id = ended.map_or_else(|e| e.id(), |(id, ())| id);
                busy.retain(|_, running| *running != id);
            }
        }
    }
    let ending = async { while running.join_next().await.is_some() {} };
    // What does not end in time is cut short, and done again by the next run.
    let _ = tokio::time::timeout(ENDING, ending).await;
}

fn pending(state: &State) -> Vec<Job> {
    let jobs = state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(job) = row { Some(job) } else { None });
    let mut pending: Vec<Job> = jobs
        .filter(|j| j.state == JobState::Pending && !matches!(j.work, Work::WriteDocument { .. }))
        .cloned()
        .collect();
    pending.sort_by_key(|job| (job.at, job.id));
    pending
}

async fn run(engine: Engine, job: Job) {
    let id = job.id;
    step::passed(Step::JobTaken);
    let command = match outcome(&engine, job).await {
        Ok(done) => Command::JobDone(JobDone { id, done }),
        Err(Failure { reason, files }) => Command::JobFailed(JobFailed { id, reason, files }),
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
}

async fn outcome(engine: &Engine, job: Job) -> Result<Done, Failure> {
    let found = engine.read(|state| {
        let task = state.task(job.task).cloned()?;
        let project = state.project(task.project).cloned()?;
        Some((task, project))
    });
    let (task, project) = found.ok_or_else(|| Failure::new("The task does not exist any more."))?;
    let repo = engine.repo(&project).await?;
    let site = Site { engine: engine.clone(), job, task, project, repo };
    match &site.job.work {
        Work::Keep { message } => keeping::keep(&site, message).await,
        Work::UndoKeep => keeping::undo(&site).await,
        Work::Discard => discarding::discard(&site).await,
        Work::UndoDiscard => discarding::undo(&site).await,
        Work::WriteDocument { .. } => Err(Failure::new("Documents are written with the files of the project.")),
    }
}

impl Failure {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), files: Vec::new() }
    }

    fn with(reason: impl Into<String>, files: &[GitPath]) -> Self {
        Self { reason: reason.into(), files: files.iter().map(ToString::to_string).collect() }
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
