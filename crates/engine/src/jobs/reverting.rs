//! Taking back what was kept by a commit that undoes it, also where more was kept on top.

use super::keeping::{TRIES, commits, journal};
use super::{Failure, Site};
use crate::receipts;
use qd_core::command::Done;
use qd_core::row::{How, Landing, Reverted};
use qd_git::revert::{PreparedRevert, RevertOutcome, RevertPrepared, RevertRequest};
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
                    "What was kept on {target} later changed the same places. Nothing moved. Take it back by hand: git revert {}",
                    landing.new
                );
                return Err(Failure::with(reason, &files));
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

fn request(site: &Site, landing: &Landing) -> Result<RevertRequest, Failure> {
    let (old, new) = commits(landing)?;
    Ok(RevertRequest {
        target: landing.target.clone(),
        old,
        new,
        message: format!("Revert \"{}\"\n\nThis takes back {}.\n", site.task.title, landing.new),
    })
}

/// It is taken back. Work that was merged is made work again.
async fn reverted(site: &Site, landing: &Landing, prepared: &PreparedRevert) -> Result<Done, Failure> {
    if let Some(branch) = site.task.standing().filter(|_| landing.how == How::Merge) {
        let (before, _) = commits(landing)?;
        site.repo.untie(Path::new(&branch.path), &landing.target, &before, &site.task.title).await?;
        site.engine.count_changes(site.task.id).await;
    }
    Ok(Done::Reverted { reverted: Reverted { commit: prepared.new.to_string(), at: site.now() } })
}
