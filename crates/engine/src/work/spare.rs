//! Worktrees made ahead, one for each project where making one takes a while.

use crate::engine::Engine;
use qd_core::ids::ProjectId;
use qd_core::row::{Project, Row, RowKind};
use qd_git::{CommitId, CreateError, Repo};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The agent of the one that was taken starts first.
const REST: Duration = Duration::from_secs(1);
/// No worktree is made ahead where the disk has less room than this, in bytes.
const ROOM: u64 = 5 << 30;

/// Makes a worktree; of the one that was made ahead, where there is one. The next one is made behind it, where that
/// saves something.
pub(super) async fn take_or_make(
    engine: &Engine,
    project: &Project,
    repo: &Repo,
    path: &Path,
    branch: &str,
    from: &CommitId,
) -> Result<(), CreateError> {
    let spare = place(engine, project.id);
    let took = repo.take_spare(&spare, path, branch, from).await?.is_some();
    let began = Instant::now();
    if !took {
        repo.create_worktree(path, branch, from).await?;
    }
    let slow = |after| took || began.elapsed() >= after;
    if engine.config().spare_after.is_some_and(slow) && engine.config().project(&project.path).spare {
        let unusable = !took && spare.exists();
        let making = make(engine.clone(), project.id, repo.clone(), from.clone(), unusable);
        let shutdown = engine.inner.shutdown.clone();
        engine.inner.tasks.spawn(async move { shutdown.run_until_cancelled_owned(making).await });
    }
    Ok(())
}

/// Goes on where a server ended in the middle of taking. Returns whether the worktree stands.
pub(super) async fn finish(engine: &Engine, project: ProjectId, repo: &Repo, path: &Path, branch: &str) -> bool {
    let spare = place(engine, project);
    if !spare.exists() {
        return false;
    }
    let begun = repo.resolve(&format!("refs/heads/{branch}")).await;
    let Ok(Some(tip)) = begun else { return false };
    matches!(repo.finish_spare(&spare, path, branch, &tip).await, Ok(true))
}

async fn make(engine: Engine, project: ProjectId, repo: Repo, at: CommitId, unusable: bool) {
    sleep(REST).await;
    let making = engine.inner.desks.making(project);
    let held = making.lock().await;
    let spares = engine.config().spares();
    if let Err(error) = std::fs::create_dir_all(&spares) {
        tracing::warn!(%error, project.id = %project, "no worktree could be made ahead");
        return;
    }
    let spare = place(&engine, project);
    let dropped = unusable && matches!(repo.drop_spare(&spare).await, Ok(true));
    if spare.exists() && !dropped || !has_room(&spares) {
        return;
    }
    match repo.make_spare(&spare, &at).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::warn!(%error, project.id = %project, "no worktree could be made ahead");
            return;
        }
    }
    drop(held);
    sleep(REST).await;
    let _held = making.lock().await;
    // It may have been taken meanwhile.
    if spare.exists()
        && let Err(error) = repo.settle_spare(&spare).await
    {
        tracing::warn!(%error, project.id = %project, "a worktree that was made ahead can't be read");
    }
}

impl Engine {
    /// Takes away what was made ahead and is not wanted any more.
    pub(crate) async fn collect_spares(&self) {
        let projects = self.read(|state| {
            let projects = state.of_kind(RowKind::Project);
            projects
                .filter_map(|row| if let Row::Project(p) = row { Some(p.clone()) } else { None })
                .collect::<Vec<_>>()
        });
        let unwanted = |p: &Project| self.config().spare_after.is_none() || !self.config().project(&p.path).spare;
        for project in projects.iter().filter(|project| unwanted(project)) {
            let spare = place(self, project.id);
            if spare.exists()
                && let Ok(repo) = self.repo(project).await
                && !matches!(repo.drop_spare(&spare).await, Ok(true))
            {
                tracing::warn!(path = %spare.display(), "a worktree that was made ahead could not be taken away");
            }
        }
    }
}

fn place(engine: &Engine, project: ProjectId) -> PathBuf {
    engine.config().spares().join(project.to_string())
}

fn has_room(folder: &Path) -> bool {
    let free = rustix::fs::statvfs(folder).map(|of| of.f_bavail.saturating_mul(of.f_frsize));
    free.is_ok_and(|free| free >= ROOM)
}
