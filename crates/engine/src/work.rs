//! The work of a task: its worktree, what changed in it, and its copy of the document.

mod ports;
mod spare;
mod worktree;

use crate::engine::Engine;
use crate::recent::Recent;
use crate::time::mint;
use qd_core::command::{Command, CountChanges};
use qd_core::ids::{ProjectId, TaskId};
use qd_core::row::{Branch, Changed, Project};
use qd_git::repo::OpenError;
use qd_git::{BlobId, Changes, CommitId, FileChange, GitError, GitPath, Lookout, Repo, Seen, Status};
use qd_wire::{ChangedFile, ChangesAnswer, FileStatus, Mutation};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use ports::variables;
pub(crate) use worktree::{Ready, bring_back, ensure_worktree, unrecorded};

/// So many tasks are kept as they were seen last, each with the objects that only its worktree has.
const KEPT: usize = 64;

/// The commands that are refused where there is no work, or files of it are in conflict.
const MOVES_WORK: [&str; 5] = ["keep_work", "commit_work", "try_work", "propose_work", "archive_task"];

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

/// What was seen of the work of tasks last.
pub(crate) type Cache = Recent<TaskId, Arc<Seen>, KEPT>;
/// From where the worktrees of tasks were looked at last.
pub(crate) type Lookouts = Recent<TaskId, Arc<Lookout>, KEPT>;
/// The repositories of projects as they were opened last.
pub(crate) type Repos = Recent<ProjectId, Repo, KEPT>;

/// The worktrees that were made in this run, by task: sessions that start at the same time get the same one.
#[derive(Default)]
pub(crate) struct Desks {
    tasks: Mutex<HashMap<TaskId, Arc<tokio::sync::Mutex<Option<Branch>>>>>,
    projects: Mutex<HashMap<ProjectId, Arc<tokio::sync::Mutex<()>>>>,
    ports: Mutex<BTreeMap<TaskId, u16>>,
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

impl Engine {
    /// What the work of a task changed since it left its target branch; `None` where it has no worktree.
    pub async fn changes(&self, task: TaskId) -> Result<Option<ChangesAnswer>, WorkError> {
        let Some(seen) = self.look_at_work(task).await? else { return Ok(None) };
        self.tell_count(task, &seen).await;
        Ok(Some(answer(&seen.changes)))
    }

    /// What of the work of a task is in no commit; `None` where it has no worktree.
    pub async fn uncommitted(&self, task: TaskId) -> Result<Option<Vec<String>>, WorkError> {
        let Some((project, branch)) = self.standing_work(task)? else { return Ok(None) };
        let repo = self.repo(&project).await?;
        let paths = repo.uncommitted(Path::new(&branch.path), &documents(&project)).await?;
        Ok(Some(paths.iter().map(ToString::to_string).collect()))
    }

    /// The whole of what the work of a task changed, as a patch; `None` where it has no worktree.
    pub async fn patch(&self, task: TaskId) -> Result<Option<Vec<u8>>, WorkError> {
        let Some(seen) = self.look_at_work(task).await? else { return Ok(None) };
        Ok(Some(seen.snapshot.patch().await?))
    }

    /// The work of a task as it was when it had this tree, where that is still known; else as it is now.
    pub(crate) async fn work_of_tree(&self, task: TaskId, tree: Option<&str>) -> Result<Option<Arc<Seen>>, WorkError> {
        let known = self.inner.works.get(&task).filter(|seen| tree == Some(seen.changes.tree.as_str()));
        if known.is_some() { Ok(known) } else { self.look_at_work(task).await }
    }

    /// Counts what changed in a task's worktree and tells the rows where that differs.
    pub(crate) async fn count_changes(&self, task: TaskId) {
        match self.look_at_work(task).await {
            Ok(Some(seen)) => self.tell_count(task, &seen).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, task.id = %task, "what changed could not be counted"),
        }
    }

    /// Looks again where work would be refused for what was counted last: that it is empty, or in conflict. Nobody watches
    /// a worktree that no page shows, and whoever edits there need not tell.
    pub(crate) async fn count_what_would_be_refused(&self, mutation: &Mutation) {
        if !MOVES_WORK.contains(&mutation.name.as_str()) {
            return;
        }
        let Ok(task) = serde_json::from_value::<TaskId>(mutation.args["id"].clone()) else { return };
        let refused = self.read(|state| {
            let branch = state.task(task).and_then(|task| task.standing());
            branch.and_then(|branch| branch.changed.as_ref()).is_some_and(|c| c.files == 0 || !c.conflicts.is_empty())
        });
        if refused {
            self.count_changes(task).await;
        }
    }

    async fn tell_count(&self, task: TaskId, seen: &Seen) {
        let conflicts = match self.conflicts(task).await {
            Ok(conflicts) => conflicts,
            Err(error) => return tracing::warn!(%error, task.id = %task, "conflicts could not be listed"),
        };
        let changed = count(&seen.changes, conflicts.as_deref());
        let known = self.read(|state| state.task(task).and_then(|t| t.branch.as_ref()).and_then(|b| b.changed.clone()));
        if known.as_ref() != Some(&changed) {
            // Each count is a mutation of its own: what is counted may become again what it was.
            let cause = mint(&*self.config().clock).to_string();
            self.report(Command::CountChanges(CountChanges { task, changed }), &["count", &cause]).await;
        }
    }

    /// The files of a merge that is open in the worktree of a task, whose conflict nobody has resolved; `None` where none
    /// is open.
    async fn conflicts(&self, task: TaskId) -> Result<Option<Vec<GitPath>>, WorkError> {
        let Some((project, branch)) = self.standing_work(task)? else { return Ok(None) };
        let (repo, _) = self.repo_again(&project).await?;
        let worktree = Path::new(&branch.path);
        Ok(if repo.is_begun(worktree) { Some(repo.unresolved(worktree).await?) } else { None })
    }

    async fn look_at_work(&self, task: TaskId) -> Result<Option<Arc<Seen>>, WorkError> {
        let Some((project, branch)) = self.standing_work(task)? else { return Ok(None) };
        let worktree = Path::new(&branch.path);
        let (repo, opened) = self.repo_again(&project).await?;
        if !worktree.is_dir() {
            return Err(WorkError::NoWorktree(branch.path));
        }
        let lookout = self.inner.lookouts.get(&task).unwrap_or_default();
        self.inner.lookouts.put(task, Arc::clone(&lookout));
        let look = async |repo: &Repo| -> Result<Arc<Seen>, WorkError> {
            let base = compared_with(repo, &branch).await?;
            Ok(Box::pin(repo.look(&lookout, worktree, &base, &documents(&project))).await?)
        };
        let seen = match look(&repo).await {
            // Opened anew it tells better what is wrong.
            Err(_) if opened == Opened::Earlier => look(&self.repo(&project).await?).await?,
            seen => seen?,
        };
        self.inner.works.put(task, Arc::clone(&seen));
        Ok(Some(seen))
    }

    /// The repository of a project; that of the last time where it still stands there.
    pub(crate) async fn repo_again(&self, project: &Project) -> Result<(Repo, Opened), WorkError> {
        let env = self.git_env()?;
        let known = self.inner.repos.get(&project.id);
        if let Some(repo) = known.filter(|repo| repo.is_still_at(Path::new(&project.path), &env)) {
            return Ok((repo, Opened::Earlier));
        }
        let repo = self.repo(project).await?;
        self.inner.repos.put(project.id, repo.clone());
        Ok((repo, Opened::Now))
    }

    pub(crate) fn standing_work(&self, id: TaskId) -> Result<Option<(Project, Branch)>, WorkError> {
        self.read(|state| {
            let task = state.task(id).ok_or(WorkError::NoTask)?;
            let branch = task.standing().cloned();
            Ok(state.project(task.project).cloned().zip(branch))
        })
    }
}

/// When a repository was opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    Earlier,
    Now,
}

/// What is left out of diffs and commits of the work: the task documents.
pub(crate) fn documents(project: &Project) -> Vec<GitPath> {
    vec![GitPath::from(project.tasks_dir.as_str())]
}

/// The tip of the target, of which git takes the point that the work left it at; the commit it began from where
/// there is no target.
async fn compared_with(repo: &Repo, branch: &Branch) -> Result<CommitId, WorkError> {
    if let Some(target) = &branch.target
        && let Some(tip) = repo.tip(target).await?
    {
        return Ok(tip);
    }
    CommitId::parse(&branch.base).ok_or_else(|| WorkError::NoBase(branch.base.clone()))
}

fn count(Changes { files, tree, .. }: &Changes, conflicts: Option<&[GitPath]>) -> Changed {
    let sum = |of: fn(&FileChange) -> u64| narrow(files.iter().map(of).sum());
    Changed {
        files: narrow(files.len() as u64),
        additions: sum(|f| f.additions),
        deletions: sum(|f| f.deletions),
        tree: tree.to_string(),
        merging: conflicts.is_some(),
        conflicts: conflicts.unwrap_or_default().iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn narrow(number: u64) -> u32 {
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
        stamp: stamp(file),
        binary: file.binary,
    };
    ChangesAnswer {
        base: changes.merge_base.to_string(),
        tree: changes.tree.to_string(),
        files: changes.files.iter().map(file).collect(),
    }
}

/// The same as long as neither side of the file changes.
fn stamp(file: &FileChange) -> String {
    let short = |blob: &BlobId| blob.as_str().get(..16).unwrap_or_default().to_owned();
    format!("{}-{}-{:o}", short(&file.old_blob), short(&file.new_blob), file.new_mode)
}

#[cfg(test)]
mod tests;
