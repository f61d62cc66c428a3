//! Taking back what was kept by a commit that undoes it, also where more was kept on top.

use super::keeping::{TRIES, commits, journal};
use super::{Failure, Site, discarding, updating};
use crate::receipts;
use crate::work::documents;
use qd_core::command::Done;
use qd_core::decide::taken_back;
use qd_core::row::{Branch, How, Landing, Reverted, TakingBack};
use qd_git::revert::{PreparedRevert, RevertOutcome, RevertPrepared};
use qd_git::{RevertRequest, TakeBackRequest, Updated};
use std::path::Path;

pub(super) async fn revert(site: &Site) -> Result<Done, Failure> {
    let landing = site.task.landed().ok_or_else(|| Failure::new("Nothing of this task is there to be taken back."))?;
    let request = request(site, landing)?;
    let journal = journal(site.job.id);
    if let Some(prepared) = receipts::load::<PreparedRevert>(&site.engine, &journal) {
        // An earlier run may have landed it, and died before it could tell.
        match site.repo.land_revert(&prepared).await? {
            RevertOutcome::Reverted => return reverted(site, landing, &prepared).await,
            RevertOutcome::TargetMoved(tip) => {
                if let Some(tip) = tip
                    && site.repo.is_ancestor(&prepared.new, &tip).await?
                {
                    return reverted(site, landing, &prepared).await;
                }
            }
            RevertOutcome::CheckoutRefused(refusal) => {
                // Where the branch has not moved the next try begins anew.
                if site.repo.resolve(&prepared.target_ref).await?.as_ref() != Some(&prepared.new) {
                    receipts::remove(&site.engine, &journal);
                }
                return Err(refusal.into());
            }
        }
    }
    let target = &landing.target;
    for _ in 0..TRIES {
        let prepared = match site.repo.prepare_revert(&request).await? {
            RevertPrepared::Ready(prepared) => prepared,
            RevertPrepared::Nothing => {
                return Err(Failure::new(format!(
                    "There is nothing to take back: {target} does not have it any more."
                )));
            }
            RevertPrepared::Conflicts { files } => {
                let reason = format!(
                    "What was kept on {target} later changed the same places. Nothing moved. Take it back in the worktree and resolve what conflicts there, or let an agent do it; then keep that."
                );
                return Err(Failure::conflict(reason, &files));
            }
        };
        receipts::store(&site.engine, &journal, &prepared)?;
        match site.repo.land_revert(&prepared).await? {
            RevertOutcome::Reverted => return reverted(site, landing, &prepared).await,
            RevertOutcome::TargetMoved(_) => {}
            RevertOutcome::CheckoutRefused(refusal) => {
                receipts::remove(&site.engine, &journal);
                return Err(refusal.into());
            }
        }
    }
    receipts::remove(&site.engine, &journal);
    Err(Failure::new(format!("{target} moves all the time. Retry when it has come to rest.")))
}

/// In the worktree, which stands again where it was discarded.
pub(super) async fn take_back(site: &Site) -> Result<Done, Failure> {
    let landing = site.task.landed().ok_or_else(|| Failure::new("Nothing of this task is there to be taken back."))?;
    let branch = site.task.branch.as_ref().ok_or_else(|| Failure::new("There is no worktree to take it back in."))?;
    if branch.discarded.is_none() {
        return take_back_in(site, branch, landing).await;
    }
    discarding::undo(site).await?;
    let taken = take_back_in(site, branch, landing).await;
    if taken.is_err() {
        // As the rows say that it is.
        discarding::discard(site).await?;
    }
    taken
}

async fn take_back_in(site: &Site, branch: &Branch, landing: &Landing) -> Result<Done, Failure> {
    let worktree = Path::new(&branch.path);
    let request = request(site, landing)?;
    if site.repo.is_begun(worktree) && site.repo.reverting(worktree)?.as_ref() != Some(&request.new) {
        return Err(Failure::new("A merge is open in the worktree. Finish or abort it, then retry."));
    }
    let request = TakeBackRequest {
        revert: request,
        worktree: worktree.to_owned(),
        label: format!("quarterdeck/without/{}", branch.name.rsplit('/').next().unwrap_or(&branch.name)),
        exclude: documents(&site.project),
    };
    let (before, taken) = updating::with_way_back(site, worktree, Box::pin(site.repo.take_back(&request))).await?;
    if taken == Updated::Already {
        let target = &landing.target;
        return Err(Failure::new(format!("There is nothing to take back: {target} does not have it any more.")));
    }
    Ok(Done::TakingBack { taking: TakingBack { before, at: site.now() } })
}

fn request(site: &Site, landing: &Landing) -> Result<RevertRequest, Failure> {
    let (old, new) = commits(landing)?;
    Ok(RevertRequest { target: landing.target.clone(), old, new, message: taken_back(&site.task, landing) })
}

async fn reverted(site: &Site, landing: &Landing, prepared: &PreparedRevert) -> Result<Done, Failure> {
    untie(site, landing).await?;
    Ok(Done::Reverted { reverted: Reverted { commit: prepared.new.to_string(), at: site.now() } })
}

/// It is taken back. Work that was merged is made work again.
pub(super) async fn untie(site: &Site, landing: &Landing) -> Result<(), Failure> {
    if let Some(branch) = site.task.standing().filter(|_| landing.how == How::Merge) {
        let (before, _) = commits(landing)?;
        site.repo.untie(Path::new(&branch.path), &landing.target, &before, &site.task.title).await?;
        site.engine.count_changes(site.task.id).await;
    }
    Ok(())
}
