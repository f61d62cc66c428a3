//! Keeping the work of a task as one commit on its target branch, and taking that back.

use super::{Failure, Site};
use crate::engine::Engine;
use crate::receipts;
use crate::work::documents;
use qd_core::command::Done;
use qd_core::ids::Mid;
use qd_core::row::{self, Branch};
use qd_git::keep::Prepared;
use qd_git::{CommitId, KeepError, KeepReceipt, KeepRequest, Landing, PreparedKeep, UndoOutcome};
use std::path::PathBuf;

/// How often a target that moves at that very moment is tried.
const TRIES: usize = 4;
/// The kind of receipt that says what is about to be landed.
const PREPARED: &str = "prepared";

/// The receipt of what a job is about to land. It stays until the rows say that it has.
fn journal(job: Mid) -> String {
    format!("{job}.{PREPARED}")
}

/// Removes the receipts of landings that are told.
pub(super) fn tidy(engine: &Engine) {
    let is_told = |job: &str| job.parse().is_ok_and(|job| engine.read(|state| state.job(job).is_none()));
    receipts::remove_all(engine, PREPARED, is_told);
}

pub(super) async fn keep(site: &Site, message: &str) -> Result<Done, Failure> {
    let branch = site.task.branch.as_ref().ok_or_else(|| Failure::new("The task has no worktree any more."))?;
    let target = branch.target.clone().ok_or_else(|| Failure::new("The work has no branch to be kept on."))?;
    let journal = journal(site.job.id);
    if let Some(prepared) = receipts::load::<PreparedKeep>(&site.engine, &journal) {
        // An earlier run may have landed it, and died before it could tell.
        if let Some(done) = resume(site, &target, &prepared, &journal).await? {
            return Ok(done);
        }
    }
    let request = request(site, branch, &target, message);
    for _ in 0..TRIES {
        let prepared = match site.repo.prepare_keep(&request).await? {
            Prepared::Ready(prepared) => prepared,
            Prepared::Nothing(_) => return nothing(site, &target, &journal).await,
            Prepared::Conflicts { files, .. } => {
                let reason = format!(
                    "{target} has changed in the same places since the work began. Nothing moved. Ask the agent to merge {target} in, then keep again."
                );
                return Err(Failure::with(reason, &files));
            }
        };
        receipts::store(&site.engine, &journal, &prepared)?;
        match site.repo.land(&prepared).await? {
            Landing::Landed(receipt) => return kept(site, &target, &receipt),
            Landing::TargetMoved(_) => {}
            Landing::CheckoutRefused(refusal) => {
                receipts::remove(&site.engine, &journal);
                return Err(refusal.into());
            }
        }
    }
    receipts::remove(&site.engine, &journal);
    Err(Failure::new(format!("{target} moves all the time. Retry when it has come to rest.")))
}

/// Finishes a landing that was begun; `None` where it is to be prepared again.
async fn resume(site: &Site, target: &str, prepared: &PreparedKeep, journal: &str) -> Result<Option<Done>, Failure> {
    match site.repo.land(prepared).await? {
        Landing::Landed(receipt) => Ok(Some(kept(site, target, &receipt)?)),
        Landing::TargetMoved(_) => Ok(None),
        Landing::CheckoutRefused(refusal) => {
            // Where the branch has not moved the next try takes what the worktree has then.
            if site.repo.resolve(&prepared.target_ref).await?.as_ref() != Some(&prepared.new) {
                receipts::remove(&site.engine, journal);
            }
            Err(refusal.into())
        }
    }
}

/// The target has all of it. Where that is because an earlier run of this job landed it and somebody went on from
/// there, that run's landing is told.
async fn nothing(site: &Site, target: &str, journal: &str) -> Result<Done, Failure> {
    if let Some(prepared) = receipts::load::<PreparedKeep>(&site.engine, journal)
        && let Some(head) = site.repo.resolve(&prepared.target_ref).await?
        // Else somebody else has put the same there.
        && site.repo.is_ancestor(&prepared.new, &head).await?
    {
        return kept(site, target, &receipt_of(&prepared));
    }
    Err(Failure::new(format!("There is nothing to keep: {target} has all of this already.")))
}

fn receipt_of(prepared: &PreparedKeep) -> KeepReceipt {
    let PreparedKeep { target_ref, old, new, saved } = prepared.clone();
    KeepReceipt { target_ref, old, new, saved, followed: Vec::new() }
}

fn request(site: &Site, branch: &Branch, target: &str, message: &str) -> KeepRequest {
    KeepRequest {
        worktree: PathBuf::from(&branch.path),
        target: target.to_owned(),
        message: message.to_owned(),
        exclude: documents(&site.project),
        id: site.task.id.to_string(),
    }
}

fn kept(site: &Site, target: &str, receipt: &KeepReceipt) -> Result<Done, Failure> {
    receipts::store(&site.engine, &format!("{}.kept", site.task.id), receipt)?;
    let landing = row::Landing {
        target: target.to_owned(),
        old: receipt.old.to_string(),
        new: receipt.new.to_string(),
        at: site.engine.config().clock.now(),
    };
    Ok(Done::Kept { landing })
}

pub(super) async fn undo(site: &Site) -> Result<Done, Failure> {
    let landing = site
        .task
        .landing
        .as_ref()
        .ok_or_else(|| Failure::new("Nothing of this task was kept (or it was taken back already)."))?;
    let receipt = receipts::load::<KeepReceipt>(&site.engine, &format!("{}.kept", site.task.id))
        .filter(|receipt| receipt.new.as_str() == landing.new)
        .ok_or_else(|| {
            Failure::new(format!(
                "The receipt of this is gone from the data directory. Take it back by hand: git revert {}",
                landing.new
            ))
        })?;
    match site.repo.undo_keep(&receipt).await? {
        UndoOutcome::Undone { .. } => Ok(Done::Unkept),
        UndoOutcome::TargetMoved(found) => Err(moved_on(&landing.target, &receipt.new, found.as_ref())),
        UndoOutcome::CheckoutRefused(refusal) => Err(refusal.into()),
    }
}

fn moved_on(target: &str, new: &CommitId, found: Option<&CommitId>) -> Failure {
    Failure::new(match found {
        Some(_) => format!(
            "{target} has moved on since, so it can't simply be put back. Take it back by hand: git revert {new}"
        ),
        None => format!("The branch {target} does not exist any more."),
    })
}

impl From<KeepError> for Failure {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::NoTarget { target } => {
                Self::new(format!("The branch {target} does not exist any more. Make it again, then retry."))
            }
            KeepError::NoAuthor => Self::new(
                "Git does not know who you are, so it can't commit. Set git config --global user.name and user.email, then retry.",
            ),
            KeepError::Unrelated { target } => {
                Self::new(format!("The work has no history in common with {target}, so it can't be kept on it."))
            }
            KeepError::LooseRepositories { paths } => Self::with(
                "Repositories lie in the worktree that are no submodules; a commit would not hold their files. Move them out or register them, then retry.",
                &paths,
            ),
            KeepError::Git(error) => error.into(),
        }
    }
}
