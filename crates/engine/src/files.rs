//! The files of a project: one task per project that alone reads and writes its documents.
//!
//! It writes what jobs ask for, then looks at what is there and tells the rows what differs. As one does both, one
//! after the other, a look never sees a write that is not told yet. Woken by the file system, by commits that may
//! have brought a job, and every 5 minutes; by a clock every 2 s only where the file system can't be watched.

mod identity;
mod moving;
mod observe;
mod save;
mod walk;
mod watch;
mod write;

use crate::engine::Engine;
use crate::projects::{Facts, examine};
use notify::RecommendedWatcher;
use qd_core::ids::{Mid, ProjectId};
use qd_core::row::Project;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use watch::{Look, Places, Seen};

pub(crate) use write::{advice, place_document, read_document};

/// Everything is looked at so often, whatever the file system told.
const FULL: Duration = Duration::from_mins(5);
/// How often files are looked at where they can't be watched.
const POLL: Duration = Duration::from_secs(2);
/// Changes come in flocks: this long after the first one the look begins.
const FLOCK: Duration = Duration::from_millis(25);
/// When what could not be stored is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Looks after the files of one project.
pub(crate) struct ProjectFiles {
    engine: Engine,
    id: ProjectId,
    poke: Arc<Notify>,
    seen: Arc<Seen>,
    watcher: Option<RecommendedWatcher>,
    /// How the file system is watched.
    watch: Watch,
    known: walk::Known,
    /// Saves of the project that are not settled.
    saves: HashSet<Mid>,
    /// Names this run in causes.
    run: String,
    /// Counts what it told.
    told: u64,
}

/// How far a look came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looked {
    /// The rows say what the files have.
    Through,
    /// There is something to write first.
    Interrupted,
    /// Something could not be stored.
    NotStored,
}

type Watch = fn(&Places, &Arc<Seen>) -> notify::Result<RecommendedWatcher>;

/// What of a project its files depend on.
#[derive(Clone, Debug)]
struct Site {
    root: PathBuf,
    tasks_dir: String,
}

impl ProjectFiles {
    pub(crate) fn new(engine: Engine, id: ProjectId, poke: Arc<Notify>) -> Self {
        let run = engine.started();
        Self {
            engine,
            id,
            poke,
            seen: Arc::default(),
            watcher: None,
            watch: watch::watch,
            known: walk::Known::default(),
            saves: HashSet::new(),
            run,
            told: 0,
        }
    }

    /// Runs until the engine ends.
    pub(crate) async fn run(mut self) {
        let shutdown = self.engine.inner.shutdown.clone();
        shutdown.run_until_cancelled(self.look_after()).await;
    }

    async fn look_after(&mut self) {
        let mut commits = self.engine.head();
        let mut look = Look { files: true, head: true, places: true };
        let mut full_at = Instant::now() + FULL;
        let mut next_at = full_at;
        loop {
            commits.borrow_and_update();
            let Some(project) = self.engine.read(|state| state.project(self.id).cloned()) else { return };
            let site = Site { root: project.path.clone().into(), tasks_dir: project.tasks_dir.clone() };
            look.files |= self.save_was_given_up();
            let stored = self.save_pending(&site).await;
            if !stored {
                next_at = Instant::now() + AGAIN;
            } else if look != Look::default() {
                match self.look(&site, project, look).await {
                    Looked::Through => {
                        look = Look::default();
                        next_at = if self.watcher.is_some() { full_at } else { Instant::now() + POLL };
                    }
                    Looked::Interrupted => {
                        look = Look { files: true, ..Look::default() };
                        continue;
                    }
                    Looked::NotStored => next_at = Instant::now() + AGAIN,
                }
            }
            tokio::select! {
                () = self.seen.wake.notified() => {
                    tokio::time::sleep(FLOCK).await;
                    look = look.and(self.seen.take());
                }
                () = self.poke.notified() => look = look.and(Look { files: true, head: true, places: false }),
                changed = commits.changed() => if changed.is_err() { return },
                () = sleep_until(next_at) => {
                    let full = Instant::now() >= full_at;
                    if full {
                        full_at = Instant::now() + FULL;
                    }
                    look = look.and(Look { files: true, head: true, places: full || self.watcher.is_none() });
                }
            }
        }
    }

    /// Looks at what is asked for and tells what differs.
    async fn look(&mut self, site: &Site, project: Project, look: Look) -> Looked {
        if look.places {
            self.watch(site, project.watched);
        }
        if look.head {
            let facts = match examine(&self.engine, &site.root).await {
                Ok(facts) => facts,
                Err(gone) => {
                    let problem = Some(format!("{gone} Its tasks wait for it."));
                    Facts { root: site.root.clone(), branch: project.branch.clone(), problem, remote: project.remote }
                }
            };
            self.seen.wary.store(facts.problem.is_some(), Ordering::Release);
            let row = Project {
                branch: facts.branch,
                problem: facts.problem,
                watched: self.watcher.is_some(),
                remote: facts.remote,
                commits: self.engine.config().commit_tasks,
                ..project
            };
            if !self.engine.tell_project(row).await {
                return Looked::NotStored;
            }
        }
        // Where the project itself is away nothing is known of its files.
        if site.is_readable() { self.observe(site).await } else { Looked::Through }
    }

    fn watch(&mut self, site: &Site, was_watched: bool) {
        let tasks = site.root.join(&site.tasks_dir);
        let places = Places {
            root: site.root.clone(),
            tasks: tasks.canonicalize().unwrap_or(tasks),
            git_dir: watch::git_dir(&site.root),
        };
        match (self.watch)(&places, &self.seen) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => {
                if was_watched {
                    let path = site.root.display();
                    tracing::warn!(%error, project.path = %path, "files can't be watched, so they are looked at every 2 s");
                }
                self.watcher = None;
            }
        }
    }

    /// A part of a cause that names one telling.
    fn telling(&mut self) -> String {
        self.told += 1;
        format!("{}.{}", self.run, self.told)
    }
}

impl Site {
    /// Whether what lies in the tasks' folder is the project's and can be known.
    fn is_readable(&self) -> bool {
        let inside = self.root.join(&self.tasks_dir).canonicalize().map_or(true, |real| real.starts_with(&self.root));
        self.root.is_dir() && inside && Path::new(&self.tasks_dir).is_relative()
    }
}

impl Look {
    fn and(self, other: Self) -> Self {
        Self { files: self.files || other.files, head: self.head || other.head, places: self.places || other.places }
    }
}

#[cfg(test)]
mod tests;
