//! Writing what jobs ask for into the files, one job after the other.

use super::moving::{self, Move};
use super::write::{self, Order, To, WriteError, Written};
use super::{ProjectFiles, Site};
use crate::step::{self, Step};
use qd_core::command::{Command, ConflictFound, Done, JobDone, JobFailed};
use qd_core::document;
use qd_core::ids::{Mid, ProjectId};
use qd_core::row::{Document, Job, JobState, Row, RowKind, Work};
use qd_core::state::State;
use std::collections::HashSet;

impl ProjectFiles {
    /// Does the pending writes of the project. False where an outcome could not be stored: nothing may be looked at
    /// before it is, as a file that was just made would be taken for a new task.
    pub(super) async fn save_pending(&mut self, site: &Site) -> bool {
        for job in self.engine.read(|state| pending(state, self.id)) {
            let stored = match job.work {
                Work::MoveDocument { archived } => self.move_document(site, &job, archived).await,
                _ => self.save(site, &job).await,
            };
            if !stored {
                return false;
            }
        }
        true
    }

    /// Whether there is something to write.
    pub(super) fn has_pending(&self) -> bool {
        self.engine.read(|state| writes(state, self.id).any(|job| job.state == JobState::Pending))
    }

    /// Whether a save was given up since the last call: its row is ahead of the file then, until that is looked at.
    pub(super) fn save_was_given_up(&mut self) -> bool {
        let now: HashSet<Mid> = self.engine.read(|state| writes(state, self.id).map(|job| job.id).collect());
        let before = std::mem::replace(&mut self.saves, now);
        before.iter().any(|id| !self.saves.contains(id))
    }

    async fn move_document(&mut self, site: &Site, job: &Job, archived: bool) -> bool {
        let id = job.id;
        step::passed(Step::JobTaken);
        let (from, taken) = self.engine.read(|state| (to(state, site, job), taken(state, job)));
        let Some(To::Path(from)) = from else {
            return self.failed(id, "The task has no file to move.".to_owned(), None).await;
        };
        let order = Move { job: id, at: job.at, from, archived, taken };
        let (engine, site) = (self.engine.clone(), site.clone());
        let placed = tokio::task::spawn_blocking(move || moving::place(&engine, &site, &order)).await;
        let path = match placed {
            Ok(Ok(path)) => path,
            Ok(Err(error)) => return self.failed(id, error.to_string(), None).await,
            Err(error) => return self.failed(id, format!("The move ended early: {error}. Retry."), None).await,
        };
        step::passed(Step::JobEnded);
        let telling = self.telling();
        let told = Command::JobDone(JobDone { id, done: Done::Moved { path } });
        let stored = self.engine.report(told, &["job", &id.to_string(), "done", &telling]).await.is_some();
        if stored {
            step::passed(Step::JobTold);
            moving::tidy(&self.engine, id);
        }
        stored
    }

    async fn save(&mut self, site: &Site, job: &Job) -> bool {
        let id = job.id;
        step::passed(Step::JobTaken);
        let order = match self.order(site, job).await {
            Ok(order) => order,
            Err(reason) => return self.failed(id, reason, None).await,
        };
        let text = order.text.clone();
        let written = tokio::task::spawn_blocking(move || write::write(&order)).await;
        let written = match written {
            Ok(Ok(written)) => written,
            Ok(Err(error)) => {
                let path = if let WriteError::Gone(path) = &error { Some(path.clone()) } else { None };
                return self.failed(id, error.to_string(), path).await;
            }
            Err(error) => return self.failed(id, format!("The write ended early: {error}. Retry."), None).await,
        };
        let (path, standing, conflict) = match written {
            Written::Stands { path, text: standing } => (path, standing, None),
            Written::Conflict { path, theirs } => (path, theirs.clone(), Some(ConflictFound { theirs })),
        };
        let Work::WriteDocument { version, .. } = job.work else { return true };
        let exact = standing == text;
        let described = document::describe(&standing);
        let done = Done::Wrote {
            path: path.clone(),
            document: Document { version: exact.then_some(version), ..described },
            text: (!exact && conflict.is_none()).then_some(standing),
            conflict,
        };
        step::passed(Step::JobEnded);
        let telling = self.telling();
        let stored = self
            .engine
            .report(Command::JobDone(JobDone { id, done }), &["job", &id.to_string(), "done", &telling])
            .await;
        if stored.is_some() {
            step::passed(Step::JobTold);
            write::tidy(&site.root, &path, id);
        }
        stored.is_some()
    }

    async fn failed(&mut self, id: Mid, reason: String, file: Option<String>) -> bool {
        let telling = self.telling();
        let command = Command::JobFailed(JobFailed { id, reason, files: file.into_iter().collect(), conflict: false });
        self.engine.report(command, &["job", &id.to_string(), "failed", &telling]).await.is_some()
    }

    /// What a job asks for; the error says what to do.
    pub(super) async fn order(&self, site: &Site, job: &Job) -> Result<Order, String> {
        let Work::WriteDocument { version, base } = job.work else {
            return Err("This job writes no document.".to_owned());
        };
        let (to, base) = self.engine.read(|state| (to(state, site, job), written_base(state, job, base)));
        let to = to.ok_or("The task of this text does not exist any more.")?;
        let text = self.text(job, version).await?.ok_or("The text of this version is missing in the store.")?;
        let base = match base {
            Some(base) => self.text(job, base).await?,
            None => None,
        };
        Ok(Order { root: site.root.clone(), job: job.id, to, text, base })
    }

    async fn text(&self, job: &Job, version: Mid) -> Result<Option<String>, String> {
        let found = self.engine.document(job.task, Some(version)).await;
        found.map(|document| document.map(|d| d.text)).map_err(|e| format!("The store could not be read: {e}. Retry."))
    }
}

fn writes(state: &State, project: ProjectId) -> impl Iterator<Item = &Job> {
    let jobs = state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(job) = row { Some(job) } else { None });
    jobs.filter(|job| job.work.is_of_files())
        .filter(move |job| state.task(job.task).is_some_and(|task| task.project == project))
}

/// The pending writes of a project, oldest first.
fn pending(state: &State, project: ProjectId) -> Vec<Job> {
    let mut pending: Vec<Job> = writes(state, project).filter(|job| job.state == JobState::Pending).cloned().collect();
    pending.sort_by_key(|job| (job.at, job.id));
    pending
}

fn to(state: &State, site: &Site, job: &Job) -> Option<To> {
    let task = state.task(job.task)?;
    if let Some(path) = &task.path {
        return Some(To::Path(path.clone()));
    }
    Some(To::New { tasks_dir: site.tasks_dir.clone(), title: task.title.clone(), taken: taken(state, job) })
}

/// The paths that belong to the tasks of a job's project.
fn taken(state: &State, job: &Job) -> HashSet<String> {
    let tasks = state.task(job.task).into_iter().flat_map(|task| state.children(task.project));
    tasks.filter_map(|row| if let Row::Task(t) = row { t.path.clone() } else { None }).collect()
}

/// The version that a text was edited from and that the file had: those whose write failed it never had.
fn written_base(state: &State, job: &Job, base: Option<Mid>) -> Option<Mid> {
    let mut base = base?;
    let failed = |version: Mid| {
        state.jobs_of(job.task).find_map(|other| match other.work {
            Work::WriteDocument { version: v, base } if v == version && other.id != job.id => Some(base),
            _ => None,
        })
    };
    // Each step is another job, so the steps end.
    for _ in 0..state.jobs_of(job.task).count() {
        match failed(base) {
            Some(before) => base = before?,
            None => break,
        }
    }
    Some(base)
}
