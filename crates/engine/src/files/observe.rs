//! Telling the rows what lies in the files.

use super::identity::{Held, Matched, match_similar, matched, worth_comparing};
use super::walk::{self, Content, Found, Listing};
use super::{Looked, ProjectFiles, Site};
use crate::engine::Engine;
use futures::{StreamExt as _, stream};
use qd_core::command::{Command, ObserveFile, OnTask};
use qd_core::ids::{ProjectId, TaskId, of_cause};
use qd_core::row::{Document, Job, Row, Task, Work};
use qd_core::state::State;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// So many files are told of at once: the store commits them together.
const TOGETHER: usize = 64;

/// After so many files it is looked whether there is something to write.
const AT_ONCE: usize = 512;

/// What a task's row says of its file.
#[derive(Clone, Debug)]
struct Told {
    held: Held,
    archived: bool,
    problem: Option<String>,
    /// A save is on its way, so the row is ahead of the file.
    writing: bool,
    /// A move is.
    moving: bool,
}

/// What is to be told of one file.
#[derive(Clone, Debug)]
struct News {
    id: TaskId,
    found: Found,
}

impl ProjectFiles {
    /// Looks at the documents and tells what differs from the rows.
    pub(super) async fn observe(&mut self, site: &Site) -> Looked {
        let Some(listing) = self.list(site).await else { return Looked::NotStored };
        self.remove_leftovers(&listing);
        let told = self.engine.read(|state| told(state, self.id));
        let held: Vec<Held> = told.iter().map(|t| t.held.clone()).collect();
        let mut matched = matched(&held, &listing.found, &listing.unknown);
        if worth_comparing(&matched) {
            self.compare(site, &listing.found, &mut matched).await;
        }
        let telling = self.telling();
        if !tell_gone(&self.engine, &matched.gone, &telling).await {
            return Looked::NotStored;
        }
        let news = self.news(&told, &matched, listing.found, &telling);
        for some in news.chunks(AT_ONCE) {
            // Nobody waits with a save until thousands of files are taken in.
            if self.has_pending() {
                return Looked::Interrupted;
            }
            let tellings = some.iter().cloned().map(|news| tell(&self.engine, self.id, &site.root, news, &telling));
            let all =
                stream::iter(tellings).buffer_unordered(TOGETHER).fold(true, |all, one| async move { all && one });
            if !all.await {
                return Looked::NotStored;
            }
        }
        Looked::Through
    }

    /// What the rows do not say of the files.
    fn news(&self, told: &[Told], matched: &Matched, found: Vec<Found>, telling: &str) -> Vec<News> {
        let rows: HashMap<TaskId, &Told> = told.iter().map(|t| (t.held.id, t)).collect();
        let project = self.id.to_string();
        let new = |found: &Found| TaskId(of_cause(&["task", &project, &found.path, &found.content.hash, telling]));
        let all = found.into_iter().enumerate().map(|(index, found)| {
            let id = matched.tasks.get(&index).copied().unwrap_or_else(|| new(&found));
            News { id, found }
        });
        all.filter(|news| rows.get(&news.id).is_none_or(|row| row.differs(&news.found))).collect()
    }

    async fn list(&mut self, site: &Site) -> Option<Listing> {
        let (site, now) = (site.clone(), self.engine.config().clock.now());
        let mut known = std::mem::take(&mut self.known);
        let walked = tokio::task::spawn_blocking(move || {
            let listing = walk::walk(&site.root, &site.tasks_dir, &mut known, now);
            (listing, known)
        });
        let (listing, known) = walked.await.ok()?;
        self.known = known;
        Some(listing)
    }

    /// A write that was cut short is done again under the same name; what is left of one that is settled goes.
    fn remove_leftovers(&self, listing: &Listing) {
        for file in &listing.leftovers {
            let job = file.file_name().and_then(|name| name.to_str()).and_then(walk::job_of_temporary);
            if job.is_some_and(|job| self.engine.read(|state| state.job(job).is_none())) {
                let _ = std::fs::remove_file(file);
            }
        }
    }

    /// Compares the texts of what is gone with what is new.
    async fn compare(&self, site: &Site, found: &[Found], matched: &mut Matched) {
        let mut gone = HashMap::new();
        for &id in &matched.gone {
            if let Ok(Some(document)) = self.engine.document(id, None).await {
                gone.insert(id, document.text);
            }
        }
        let mut new = HashMap::new();
        for &index in &matched.new {
            if let Ok((_, Some(text))) = open(&site.root, &found[index].path).await {
                new.insert(index, text);
            }
        }
        match_similar(matched, &gone, &new);
    }
}

impl Told {
    fn of(state: &State, task: &Task) -> Option<Self> {
        let held =
            Held { id: task.id, path: task.path.clone()?, hash: task.document.hash.clone(), on_branch: task.on_branch };
        let writing = state.jobs_of(task.id).any(|j| matches!(j.work, Work::WriteDocument { .. }));
        let moving = state.jobs_of(task.id).any(Job::moves_document);
        Some(Self { held, archived: task.archived, problem: task.problem.clone(), writing, moving })
    }

    fn differs(&self, found: &Found) -> bool {
        !self.held.on_branch
            || self.held.path != found.path
            || (!self.moving && self.archived != found.archived)
            || self.problem != found.content.problem
            || (!self.writing && self.held.hash != found.content.hash)
    }
}

fn told(state: &State, project: ProjectId) -> Vec<Told> {
    let tasks = state.children(project).filter_map(|row| if let Row::Task(t) = row { Some(t) } else { None });
    tasks.filter_map(|task| Told::of(state, task)).collect()
}

async fn tell_gone(engine: &Engine, gone: &[TaskId], telling: &str) -> bool {
    let tellings = gone.iter().copied().map(|id| async move {
        let command = Command::ObserveGone(OnTask { id });
        engine.report(command, &["gone", &id.to_string(), telling]).await.is_some()
    });
    stream::iter(tellings).buffer_unordered(TOGETHER).fold(true, |all, one| async move { all && one }).await
}

async fn tell(engine: &Engine, project: ProjectId, root: &Path, news: News, telling: &str) -> bool {
    let News { id, found } = news;
    let (content, text) = match open(root, &found.path).await {
        // What was wrong with its name or its place holds still.
        _ if found.content.problem.is_some() => (found.content, None),
        Ok((content, text)) => (content, text),
        // It went away since: the file system tells, or the next look.
        Err(_) => return true,
    };
    let cause = [&*project.to_string(), &found.path, &content.hash, telling].map(str::to_owned);
    let command = Command::ObserveFile(ObserveFile {
        id,
        project,
        path: found.path,
        document: Document { version: None, hash: content.hash, size: content.size },
        text,
        problem: content.problem,
        archived: found.archived,
    });
    let cause: Vec<&str> = cause.iter().map(String::as_str).collect();
    engine.report(command, &cause).await.is_some()
}

/// Reads one document off the async threads.
async fn open(root: &Path, path: &str) -> io::Result<(Content, Option<String>)> {
    let (root, path): (PathBuf, String) = (root.to_owned(), path.to_owned());
    let opened = tokio::task::spawn_blocking(move || walk::open(&root, &path)).await;
    opened.map_err(io::Error::other)?.map(|(_, content, text)| (content, text))
}
