//! Merging the target branch into a worktree, resolving what conflicts, and going back to before it.

use super::{Failure, Site, reverting};
use crate::work::documents;
use qd_core::command::Done;
use qd_core::row::{Side, Update};
use qd_git::{BackError, GitPath, KeepError, KeptIndex, UpdateRequest, Updated};
use std::path::{Path, PathBuf};

pub(super) async fn update(site: &Site) -> Result<Done, Failure> {
    let branch = site.branch()?;
    let target = branch.target.clone().ok_or_else(|| Failure::new("The work has no branch to be kept on."))?;
    let worktree = Path::new(&branch.path);
    let request = UpdateRequest {
        worktree: worktree.to_owned(),
        target,
        message: site.task.title.clone(),
        exclude: documents(&site.project),
    };
    let is_open = (branch.update.is_some() || branch.taking_back.is_some()) && site.repo.is_begun(worktree);
    let (before, updated) = with_way_back(site, worktree, Box::pin(site.repo.update(&request))).await?;
    // The way back from what was open leads to before that was begun.
    let update = (updated != Updated::Already && !is_open).then(|| Update { before, at: site.now() });
    Ok(Done::Updated { update })
}

/// Keeps the moment of the worktree at a ref, which is answered, and does something to it. Repeated after a crash it goes
/// back to that moment first, unless what it began is open, and so whole.
pub(super) async fn with_way_back<T>(
    site: &Site,
    worktree: &Path,
    act: impl Future<Output = Result<T, KeepError>>,
) -> Result<(String, T), Failure> {
    let before = format!("refs/quarterdeck/updates/{}", site.job.id);
    let index = index(site)?;
    let documents = documents(&site.project);
    let half = format!("{before}.half");
    let moment = match site.repo.moment(&before).await? {
        Some(moment) => {
            // An open merge is whole; what an earlier run left half done does not stay.
            if !site.repo.is_begun(worktree) {
                site.repo.go_back(worktree, &index, &moment, &half, &documents).await?;
            }
            moment
        }
        None => site.repo.keep_moment(worktree, &index, &before).await?,
    };
    match act.await {
        Ok(did) => {
            site.engine.count_changes(site.task.id).await;
            Ok((before, did))
        }
        Err(error) => {
            site.repo.go_back(worktree, &index, &moment, &half, &documents).await?;
            // Another try begins with what is there then.
            site.repo.forget_moment(&before).await?;
            Err(error.into())
        }
    }
}

pub(super) async fn undo(site: &Site) -> Result<Done, Failure> {
    let branch = site.branch()?;
    let update = branch.update.as_ref().map(|update| &update.before);
    let before = update.or(branch.taking_back.as_ref().map(|taking| &taking.before));
    let before = before.ok_or_else(|| Failure::new("Nothing was merged into this worktree."))?;
    let gone = || Failure::new("What the worktree was before is not in the repository any more.");
    let moment = site.repo.moment(before).await?.ok_or_else(gone)?;
    let keep_at = format!("refs/quarterdeck/updates/{}.undone", site.job.id);
    let worktree = Path::new(&branch.path);
    site.repo.go_back(worktree, &index(site)?, &moment, &keep_at, &documents(&site.project)).await?;
    if update.is_none()
        && let Some(landing) = site.task.landing.as_ref().filter(|landing| landing.reverted.is_some())
    {
        reverting::untie(site, landing).await?;
    }
    site.engine.count_changes(site.task.id).await;
    Ok(Done::UpdateUndone)
}

pub(super) async fn resolve(site: &Site, path: &str, taken: Side) -> Result<Done, Failure> {
    let branch = site.branch()?;
    let file = GitPath::from_text(path).map_err(|_| Failure::new(format!("{path} is not a file's name.")))?;
    let taken = match taken {
        Side::Ours => qd_git::Side::Ours,
        Side::Theirs => qd_git::Side::Theirs,
        Side::AsItIs => qd_git::Side::AsItIs,
    };
    let worktree = Path::new(&branch.path);
    let before = format!("refs/quarterdeck/updates/{}", site.job.id);
    // What a person has put together in the file by hand is overwritten by a side.
    if site.repo.moment(&before).await?.is_none() {
        site.repo.keep_moment(worktree, &index(site)?, &before).await?;
    }
    let resolved = site.repo.resolve_file(worktree, &file, taken).await;
    // Also where it failed: what the page was shown is not true then.
    site.engine.count_changes(site.task.id).await;
    resolved?;
    Ok(Done::Resolved)
}

/// An index of the worktree's own that stays between two updates.
fn index(site: &Site) -> Result<KeptIndex, Failure> {
    let folder: PathBuf = site.engine.config().data_dir.join("moments").join(site.task.id.to_string());
    std::fs::create_dir_all(&folder)?;
    Ok(KeptIndex::in_folder(folder))
}

impl From<BackError> for Failure {
    fn from(error: BackError) -> Self {
        match error {
            BackError::NotLinked { path } => {
                Self::new(format!("{} is not a worktree of this repository, so it is left alone.", path.display()))
            }
            BackError::InTheWay { paths } => {
                Self::with("Ignored files lie where files were then. Move them away, then retry.", &paths)
            }
            BackError::BranchElsewhere { branch, checkout } => Self::new(format!(
                "The branch {branch} is checked out at {}. Check another one out there, then retry.",
                checkout.display()
            )),
            BackError::Git(error) => error.into(),
        }
    }
}
