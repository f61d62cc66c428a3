//! The worktrees of all tasks: how large they are, what only they hold, and where two of them meet.
//!
//! Everything is asked when somebody looks; nothing by a timer.

use crate::engine::Engine;
use crate::recent::Recent;
use crate::work::WorkError;
use futures::{StreamExt as _, stream};
use qd_core::ids::{Millis, ProjectId, TaskId};
use qd_core::row::{Branch, Project, Row, RowKind, Task};
use qd_git::{CommitId, Seen, Size, Snapshot, TreeHash, facts};
use qd_wire::{Meeting, OtherFolder, WorktreeRow, WorktreesAnswer};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// So many worktrees are asked at once.
const TOGETHER: usize = 4;
/// So long the files of one are counted.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);
/// So many ignored files are named.
const IGNORED: usize = 50;
/// So many answers about two works are kept.
const KEPT: usize = 1_000;

/// What was told of the conflicts of two works, each by what it left its target at and its tree.
pub(crate) type Meetings = Recent<[Work; 2], Vec<String>, KEPT>;
type Work = (CommitId, TreeHash);

impl Engine {
    /// The worktrees of the tasks of all open projects, what lies beside them, and what opens them.
    pub async fn worktrees(&self) -> WorktreesAnswer {
        let (worktrees, others) = tokio::join!(self.worktree_rows(), self.other_folders());
        WorktreesAnswer { worktrees, others, openers: self.openers() }
    }

    /// Folders of worktrees that no task has.
    async fn other_folders(&self) -> Vec<OtherFolder> {
        let known: BTreeSet<PathBuf> = self.standing(None).into_iter().map(|(_, _, b)| b.path.into()).collect();
        let (worktrees, spares) = (self.config().worktrees(), self.config().spares());
        let listed = tokio::task::spawn_blocking(move || {
            let found = [(worktrees, false), (spares, true)].into_iter().flat_map(|(folder, ahead)| {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                entries.map(move |entry| (entry.path(), ahead))
            });
            let other = found.filter(|(path, _)| path.is_dir() && !known.contains(path)).map(|(path, ahead)| {
                let Size { bytes, whole } = facts::size(&path, COUNTED_WITHIN);
                OtherFolder { path: path.display().to_string(), size: bytes, size_whole: whole, ahead }
            });
            other.collect()
        });
        listed.await.unwrap_or_default()
    }

    /// The worktrees of the tasks of all open projects, the largest first.
    async fn worktree_rows(&self) -> Vec<WorktreeRow> {
        let standing = self.standing(None);
        let mut rows: Vec<WorktreeRow> = stream::iter(standing)
            .map(|(project, task, branch)| self.worktree_row(project, task, branch))
            .buffer_unordered(TOGETHER)
            .collect()
            .await;
        rows.sort_by(|a, b| (b.size, &a.path).cmp(&(a.size, &b.path)));
        rows
    }

    /// The tasks with a worktree that stands, with it and their project.
    fn standing(&self, of: Option<ProjectId>) -> Vec<(Project, Task, Branch)> {
        self.read(|state| {
            let tasks =
                state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(t) = row { Some(t) } else { None });
            let standing = tasks.filter(|task| of.is_none_or(|of| task.project == of)).filter_map(|task| {
                let branch = task.standing()?.clone();
                Some((state.project(task.project)?.clone(), task.clone(), branch))
            });
            standing.collect()
        })
    }

    async fn worktree_row(&self, project: Project, task: Task, branch: Branch) -> WorktreeRow {
        let path = PathBuf::from(&branch.path);
        let counted = tokio::task::spawn_blocking({
            let path = path.clone();
            move || facts::size(&path, COUNTED_WITHIN)
        });
        let sessions = self.read(|state| state.sessions_of(task.id).cloned().collect::<Vec<_>>());
        let mut row = WorktreeRow {
            task: task.id.0,
            project: project.id.0,
            path: branch.path.clone(),
            branch: Some(branch.name.clone()),
            target: branch.target.clone(),
            size: 0,
            size_whole: false,
            dirty: 0,
            ahead: None,
            behind: None,
            unmerged: 0,
            ignored: Vec::new(),
            port: branch.port,
            session: sessions.iter().rfind(|session| session.status.is_active()).map(|session| session.id.0),
            used: sessions.iter().map(|session| session.ended.unwrap_or(session.since)).max().unwrap_or(Millis(0)),
            problem: None,
        };
        if let Ok(size) = counted.await {
            (row.size, row.size_whole) = (size.bytes, size.whole);
        }
        match self.worktree_facts(&project, &path, branch.target.as_deref()).await {
            Ok(facts) => {
                row.branch = facts.branch;
                row.dirty = facts.dirty;
                (row.ahead, row.behind, row.unmerged) = (facts.ahead, facts.behind, facts.unmerged);
                row.ignored = facts.ignored.iter().take(IGNORED).map(ToString::to_string).collect();
            }
            Err(error) => row.problem = Some(error.to_string()),
        }
        row
    }

    async fn worktree_facts(
        &self,
        project: &Project,
        path: &Path,
        target: Option<&str>,
    ) -> Result<qd_git::WorktreeFacts, WorkError> {
        if !path.is_dir() {
            return Err(WorkError::NoWorktree(path.display().to_string()));
        }
        Ok(self.repo(project).await?.worktree_facts(path, target).await?)
    }

    /// The pairs of worktrees of a project that change the same files, and what of that would conflict. `None` without
    /// such a project.
    pub async fn radar(&self, project: ProjectId) -> Option<Vec<Meeting>> {
        self.read(|state| state.project(project).map(drop))?;
        let standing = self.standing(Some(project));
        let seen = stream::iter(standing)
            .map(|(_, task, branch)| async move {
                // As it was last counted: what is known of that is not asked again.
                let tree = branch.changed.map(|changed| changed.tree);
                Some((task.id, self.work_of_tree(task.id, tree.as_deref()).await.ok()??))
            })
            .buffered(TOGETHER);
        let seen: Vec<(TaskId, Arc<Seen>)> = seen.filter_map(std::future::ready).collect().await;
        let mut met = Vec::new();
        for (at, (_, here)) in seen.iter().enumerate() {
            for (other, (_, there)) in seen.iter().enumerate().skip(at + 1) {
                let files: Vec<String> = here.changes.meets(&there.changes).iter().map(ToString::to_string).collect();
                if !files.is_empty() {
                    met.push(([at, other], files));
                }
            }
        }
        let works: Vec<&Seen> = seen.iter().map(|(_, work)| work.as_ref()).collect();
        let pairs: Vec<[usize; 2]> = met.iter().map(|(pair, _)| *pair).collect();
        if let Err(error) = self.learn_conflicts(project, &works, &pairs).await {
            tracing::warn!(%error, "whether worktrees conflict is asked for each two of them");
            for pair in &pairs {
                if let Err(error) = self.learn_conflicts(project, &works, &[*pair]).await {
                    tracing::warn!(%error, "whether two worktrees conflict could not be told");
                }
            }
        }
        let meetings = met.into_iter().filter_map(|([one, other], files)| {
            let conflicts = self.inner.meetings.get(&[of(works.get(one)?), of(works.get(other)?)])?;
            Some(Meeting { tasks: [seen.get(one)?.0.0, seen.get(other)?.0.0], files, conflicts })
        });
        Some(meetings.collect())
    }

    /// Tries the merges of the pairs (places in `works`) whose outcome is not known.
    async fn learn_conflicts(
        &self,
        project: ProjectId,
        works: &[&Seen],
        pairs: &[[usize; 2]],
    ) -> Result<(), WorkError> {
        let name = |pair: &[usize; 2]| Some([of(works.get(pair[0])?), of(works.get(pair[1])?)]);
        let unknown = |pair: &&[usize; 2]| name(pair).is_some_and(|pair| self.inner.meetings.get(&pair).is_none());
        let pairs: Vec<[usize; 2]> = pairs.iter().filter(unknown).copied().collect();
        let Some(project) = self.read(|state| state.project(project).cloned()) else { return Ok(()) };
        if pairs.is_empty() {
            return Ok(());
        }
        let snapshots: Vec<&Snapshot> = works.iter().map(|work| &work.snapshot).collect();
        let (repo, _) = self.repo_again(&project).await?;
        let found = repo.conflicts(&snapshots, &pairs).await?;
        for (pair, files) in pairs.iter().filter_map(name).zip(found) {
            self.inner.meetings.put(pair, files.iter().map(ToString::to_string).collect());
        }
        Ok(())
    }
}

/// By what the conflicts of a work are known.
fn of(seen: &Seen) -> Work {
    (seen.changes.merge_base.clone(), seen.changes.tree.clone())
}
