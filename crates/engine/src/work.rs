//! The work of a task: its worktree, what changed in it, and its copy of the document.

mod worktree;

use crate::engine::Engine;
use qd_core::command::{Command, CountChanges};
use qd_core::ids::{ProjectId, TaskId};
use qd_core::row::{Branch, Changed, Project};
use qd_git::repo::OpenError;
use qd_git::{Changes, CommitId, FileChange, GitError, GitPath, Repo, Snapshot, Status};
use qd_wire::{ChangedFile, ChangesAnswer, FileDiff, FileStatus};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use worktree::{Ready, bring_back, ensure_worktree, unrecorded};

/// So many answers are kept.
const KEPT: usize = 32;

/// Why what changed can't be told.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// There is no such task.
    #[error("This task does not exist (any more).")]
    NoTask,
    /// The repository can't be opened.
    #[error("The repository can't be read: {0}. Mend that, then look again.")]
    Repository(#[from] OpenError),
    /// The worktree is not there any more.
    #[error("The worktree {0} is not there any more. Start the task again to get a new one.")]
    NoWorktree(String),
    /// The commit that the work began from is gone.
    #[error("The commit {0} that the work began from is not in the repository any more.")]
    NoBase(String),
    /// Git did not answer.
    #[error("Git did not answer: {0}")]
    Git(#[from] GitError),
}

/// What was told of the changes of tasks, by tree.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<TaskId, Arc<Changes>>>);

impl Cache {
    fn get(&self, task: TaskId, snapshot: &Snapshot) -> Option<Arc<Changes>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |c: &&Arc<Changes>| c.tree == *snapshot.tree() && c.merge_base == *snapshot.merge_base();
        cache.get(&task).filter(same).cloned()
    }

    fn put(&self, task: TaskId, changes: &Arc<Changes>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= KEPT {
            cache.clear();
        }
        cache.insert(task, Arc::clone(changes));
    }
}

/// The worktrees that were made in this run, by task: sessions that start at the same time get the same one.
#[derive(Default)]
pub(crate) struct Desks {
    tasks: Mutex<HashMap<TaskId, Arc<tokio::sync::Mutex<Option<Branch>>>>>,
    projects: Mutex<HashMap<ProjectId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Desks {
    fn of(&self, task: TaskId) -> Arc<tokio::sync::Mutex<Option<Branch>>> {
        Arc::clone(self.tasks.lock().unwrap_or_else(PoisonError::into_inner).entry(task).or_default())
    }

    /// Whoever holds it is the only one to make worktrees of a project: git fails where it meets one that another git
    /// is making.
    fn making(&self, project: ProjectId) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.projects.lock().unwrap_or_else(PoisonError::into_inner).entry(project).or_default())
    }
}

/// A worktree as it is now.
struct Seen {
    snapshot: Snapshot,
    changes: Arc<Changes>,
}

impl Engine {
    /// What the work of a task changed since it left its target branch; `None` where it has no worktree.
    pub async fn changes(&self, task: TaskId) -> Result<Option<ChangesAnswer>, WorkError> {
        Ok(self.look_at_work(task).await?.map(|seen| answer(&seen.changes)))
    }

    /// The diff of one file of [`Engine::changes`], by the path that it has there; `None` where it did not change.
    pub async fn file_diff(&self, task: TaskId, path: &str) -> Result<Option<FileDiff>, WorkError> {
        let Some(seen) = self.look_at_work(task).await? else { return Ok(None) };
        let Some(file) = seen.changes.files.iter().find(|file| file.path.to_string() == path) else { return Ok(None) };
        let diff = seen.snapshot.diff(file).await?;
        Ok(Some(FileDiff { diff: diff.text, truncated: diff.truncated }))
    }

    /// Counts what changed in a task's worktree and tells the rows where that differs.
    pub(crate) async fn count_changes(&self, task: TaskId) {
        let seen = match self.look_at_work(task).await {
            Ok(Some(seen)) => seen,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, task.id = %task, "what changed could not be counted");
                return;
            }
        };
        let changed = count(&seen.changes.files);
        let known = self.read(|state| state.task(task).and_then(|t| t.branch.as_ref()).and_then(|b| b.changed));
        if known != Some(changed) {
            let cause = ["count", &task.to_string(), seen.changes.tree.as_str(), &self.started()].map(str::to_owned);
            let cause: Vec<&str> = cause.iter().map(String::as_str).collect();
            self.report(Command::CountChanges(CountChanges { task, changed }), &cause).await;
        }
    }

    async fn look_at_work(&self, task: TaskId) -> Result<Option<Seen>, WorkError> {
        let Some((project, branch)) = self.standing_work(task)? else { return Ok(None) };
        let repo = self.repo(&project).await?;
        let worktree = Path::new(&branch.path);
        if !worktree.is_dir() {
            return Err(WorkError::NoWorktree(branch.path));
        }
        let base = compared_with(&repo, &branch).await?;
        let snapshot = repo.snapshot(worktree, &base, &documents(&project)).await?;
        if let Some(changes) = self.inner.works.get(task, &snapshot) {
            return Ok(Some(Seen { snapshot, changes }));
        }
        let changes = Arc::new(snapshot.changes().await?);
        self.inner.works.put(task, &changes);
        Ok(Some(Seen { snapshot, changes }))
    }

    fn standing_work(&self, id: TaskId) -> Result<Option<(Project, Branch)>, WorkError> {
        self.read(|state| {
            let task = state.task(id).ok_or(WorkError::NoTask)?;
            let branch = task.branch.clone().filter(|branch| branch.discarded.is_none());
            Ok(state.project(task.project).cloned().zip(branch))
        })
    }
}

/// What is left out of diffs and commits of the work: the task documents.
pub(crate) fn documents(project: &Project) -> Vec<GitPath> {
    vec![GitPath::from(project.tasks_dir.as_str())]
}

/// The tip of the target, of which git takes the point that the work left it at; the commit it began from where
/// there is no target.
async fn compared_with(repo: &Repo, branch: &Branch) -> Result<CommitId, WorkError> {
    if let Some(target) = &branch.target
        && let Some(tip) = repo.resolve(&format!("refs/heads/{target}")).await?
    {
        return Ok(tip);
    }
    CommitId::parse(&branch.base).ok_or_else(|| WorkError::NoBase(branch.base.clone()))
}

fn count(files: &[FileChange]) -> Changed {
    let sum = |of: fn(&FileChange) -> u64| narrow(files.iter().map(of).sum());
    Changed { files: narrow(files.len() as u64), additions: sum(|f| f.additions), deletions: sum(|f| f.deletions) }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn answer(changes: &Changes) -> ChangesAnswer {
    let file = |file: &FileChange| ChangedFile {
        path: file.path.to_string(),
        old_path: file.old_path.as_ref().map(ToString::to_string),
        status: match file.status {
            Status::Added => FileStatus::Added,
            Status::Modified => FileStatus::Modified,
            Status::Deleted => FileStatus::Deleted,
            Status::Renamed => FileStatus::Renamed,
            Status::Copied => FileStatus::Copied,
            Status::TypeChanged => FileStatus::TypeChanged,
            Status::ModeChanged => FileStatus::ModeChanged,
        },
        additions: narrow(file.additions),
        deletions: narrow(file.deletions),
        binary: file.binary,
    };
    ChangesAnswer {
        base: changes.merge_base.to_string(),
        tree: changes.tree.to_string(),
        files: changes.files.iter().map(file).collect(),
    }
}

#[cfg(test)]
mod tests;
