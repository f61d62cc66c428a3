//! Discarding the worktree of a task (it is saved to a ref first), and bringing it back.

use super::{Failure, Site};
use crate::receipts;
use qd_core::command::Done;
use qd_core::ids::Mid;
use qd_core::row::Branch;
use qd_git::discard::UndoDiscardError;
use qd_git::{DiscardError, DiscardReceipt};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::{fs, io};

/// What a discard began with. Written before anything goes away, so that a discard that was cut short can be undone
/// to what it began with and not to a half.
#[derive(Serialize, Deserialize)]
struct Begun {
    job: Mid,
    receipt: DiscardReceipt,
}

pub(super) async fn discard(site: &Site) -> Result<Done, Failure> {
    let branch = site.task.branch.as_ref().ok_or_else(|| Failure::new("There is no worktree to discard."))?;
    let earlier = receipts::load::<Begun>(&site.engine, &name(site)).filter(|begun| begun.job == site.job.id);
    let receipt = if let Some(Begun { receipt, .. }) = earlier {
        finish_again(site, &receipt).await?;
        receipt
    } else {
        let id = site.task.id.to_string();
        let receipt = site.repo.prepare_discard(Path::new(&branch.path), &branch.name, &id).await?;
        receipts::store(&site.engine, &name(site), &Begun { job: site.job.id, receipt: receipt.clone() })?;
        if let Err(error) = site.repo.finish_discard(&receipt).await {
            // Where nothing went away the next try begins with what is there then.
            if stands(site, &receipt.worktree).await? {
                receipts::remove(&site.engine, &name(site));
            }
            return Err(error.into());
        }
        receipt
    };
    Ok(Done::Discarded { saved: receipt.saved.reference })
}

/// Finishes what an earlier run began and did not tell. What that run saved is whole; half of it may be gone since.
async fn finish_again(site: &Site, receipt: &DiscardReceipt) -> Result<(), Failure> {
    link_again(site, &receipt.worktree)?;
    match site.repo.finish_discard(receipt).await {
        Ok(()) => Ok(()),
        Err(DiscardError::ChangedMeanwhile) if stands(site, &receipt.worktree).await? => {
            // What is there now is saved on top, and the first save stays reachable.
            site.repo.discard(&receipt.worktree, &receipt.branch, &site.task.id.to_string()).await?;
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives a worktree that git lists and whose removal was cut short its link to the repository again, so that git can
/// remove it like any other.
fn link_again(site: &Site, worktree: &Path) -> io::Result<()> {
    let link = worktree.join(".git");
    let Ok(listed) = fs::read_dir(site.repo.common_dir().join("worktrees")) else { return Ok(()) };
    for folder in listed.filter_map(Result::ok).map(|entry| entry.path()) {
        let names = fs::read_to_string(folder.join("gitdir")).is_ok_and(|path| Path::new(path.trim_end()) == link);
        if names && !link.exists() {
            fs::create_dir_all(worktree)?;
            fs::write(&link, format!("gitdir: {}\n", folder.display()))?;
        }
    }
    Ok(())
}

pub(super) async fn undo(site: &Site) -> Result<Done, Failure> {
    let branch = site.task.branch.clone().ok_or_else(|| Failure::new("Nothing of this task was discarded."))?;
    let begun = receipts::load::<Begun>(&site.engine, &name(site)).ok_or_else(|| {
        let saved = branch.discarded.clone().unwrap_or_default();
        Failure::new(format!("The receipt of this is gone from the data directory. What was saved is at {saved}: git worktree add <folder> {saved}"))
    })?;
    let receipt = begun.receipt;
    let id = site.task.id.to_string();
    // It stands while its row says that it does not: an earlier run was cut short in the middle or after it.
    if stands(site, &receipt.worktree).await? {
        if site.repo.save(&receipt.worktree, &id, &[]).await?.tree == receipt.saved.tree {
            return Ok(restored(branch));
        }
        site.repo.discard(&receipt.worktree, &receipt.branch, &id).await?;
    }
    // An earlier run may have made the branch again and no more: it has all that the branch is to have.
    let made = site.repo.resolve(&format!("refs/heads/{}", receipt.branch)).await?;
    let tip = receipt.tip.clone().filter(|tip| made.as_ref() != Some(tip));
    site.repo.undo_discard(&DiscardReceipt { tip, ..receipt }).await?;
    Ok(restored(branch))
}

fn restored(branch: Branch) -> Done {
    Done::Restored { branch: Branch { discarded: None, ..branch } }
}

async fn stands(site: &Site, worktree: &Path) -> Result<bool, Failure> {
    let real = |path: &Path| path.canonicalize().ok();
    let Some(wanted) = real(worktree) else { return Ok(false) };
    let all = site.repo.list_worktrees().await?;
    Ok(worktree.join(".git").exists() && all.iter().any(|entry| real(&entry.path).as_ref() == Some(&wanted)))
}

fn name(site: &Site) -> String {
    format!("{}.discarded", site.task.id)
}

impl From<DiscardError> for Failure {
    fn from(error: DiscardError) -> Self {
        match error {
            DiscardError::NotLinked { path } => {
                Self::new(format!("{} is not a worktree of this repository, so it is left alone.", path.display()))
            }
            DiscardError::HoldsRepositories { paths } => Self::with(
                "Repositories lie in the worktree whose own changes can't be saved here. Move them out, then retry.",
                &paths,
            ),
            DiscardError::ChangedMeanwhile => {
                Self::new("Something still writes into the worktree. End it (an editor, a dev server), then retry.")
            }
            DiscardError::NotReachable { reference } => {
                Self::new(format!("Not everything is saved at {reference}, so nothing was removed. Retry."))
            }
            DiscardError::Git(error) => error.into(),
        }
    }
}

impl From<UndoDiscardError> for Failure {
    fn from(error: UndoDiscardError) -> Self {
        match error {
            UndoDiscardError::SaveGone { reference } => {
                Self::new(format!("{reference} no longer holds what was saved, so it can't be brought back."))
            }
            UndoDiscardError::Taken(error) => {
                Self::new(format!("It can't be brought back to where it was: {error}. Move that away, then retry."))
            }
            UndoDiscardError::Git(error) => error.into(),
        }
    }
}
