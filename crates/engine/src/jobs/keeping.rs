//! Keeping the work of a task as one commit on its target branch, and taking that back.

use super::{Failure, Site, checking, committing, trying};
use crate::engine::Engine;
use crate::receipts;
use crate::work::documents;
use qd_core::command::Done;
use qd_core::ids::Mid;
use qd_core::row::{self, Branch, Checked, How, Reverted, Work};
use qd_git::keep::Prepared;
use qd_git::{CommitId, KeepError, KeepRequest, Landing, PreparedKeep, UndoOutcome};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How often a target that moves at that very moment is tried.
pub(super) const TRIES: usize = 4;
/// The kind of receipt that says what is about to be landed.
const PREPARED: &str = "prepared";

/// What is about to be landed, and the check that it passed.
#[derive(Serialize, Deserialize)]
struct Journal {
    #[serde(flatten)]
    prepared: PreparedKeep,
    #[serde(default)]
    check: Option<Checked>,
}

/// The receipt of what a job is about to land. It stays until the rows say that it has.
pub(super) fn journal(job: Mid) -> String {
    format!("{job}.{PREPARED}")
}

/// Removes the receipts of jobs that are told.
pub(super) fn tidy(engine: &Engine) {
    let is_told = |job: &str| job.parse().is_ok_and(|job| engine.read(|state| state.job(job).is_none()));
    for kind in [PREPARED, committing::BEGUN, trying::BEGUN] {
        receipts::remove_all(engine, kind, is_told);
    }
}

pub(super) async fn keep(site: &Site, message: &str, how: How) -> Result<Done, Failure> {
    let branch = site.branch()?;
    let target = branch.target.clone().ok_or_else(|| Failure::new("The work has no branch to be kept on."))?;
    let journal = journal(site.job.id);
    if let Some(prepared) = receipts::load::<Journal>(&site.engine, &journal) {
        // An earlier run may have landed it, and died before it could tell.
        if let Some(done) = resume(site, &target, &prepared, &journal).await? {
            return Ok(done);
        }
    }
    let request = request(site, branch, &target, message, how);
    for _ in 0..TRIES {
        let prepared = match site.repo.prepare_keep(&request).await? {
            Prepared::Ready(prepared) => prepared,
            Prepared::Nothing(_) => return nothing(site, &target, &journal).await,
            Prepared::Conflicts { files, .. } => {
                let reason = format!(
                    "{target} has changed in the same places since the work began. Nothing moved. Merge {target} into the worktree and resolve what conflicts there, or let an agent do it; then keep again."
                );
                return Err(Failure::conflict(reason, &files));
            }
        };
        let check = checking::check(site, &target, &prepared.new).await?;
        let begun = Journal { prepared, check };
        receipts::store(&site.engine, &journal, &begun)?;
        match site.repo.land(&begun.prepared).await? {
            Landing::Landed(_) => return Ok(kept(site, &target, &begun.prepared, begun.check)),
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
async fn resume(site: &Site, target: &str, begun: &Journal, journal: &str) -> Result<Option<Done>, Failure> {
    let prepared = &begun.prepared;
    match site.repo.land(prepared).await? {
        Landing::Landed(_) => Ok(Some(kept(site, target, prepared, begun.check.clone()))),
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
    if let Some(Journal { prepared, check }) = receipts::load(&site.engine, journal)
        && let Some(head) = site.repo.resolve(&prepared.target_ref).await?
        // Else somebody else has put the same there.
        && site.repo.is_ancestor(&prepared.new, &head).await?
    {
        return Ok(kept(site, target, &prepared, check));
    }
    Err(Failure::new(format!("There is nothing to keep: {target} has all of this already.")))
}

fn request(site: &Site, branch: &Branch, target: &str, message: &str, how: How) -> KeepRequest {
    KeepRequest {
        worktree: PathBuf::from(&branch.path),
        target: target.to_owned(),
        message: message.to_owned(),
        how: match how {
            How::Squash => qd_git::How::Squash,
            How::Merge => qd_git::How::Merge,
            How::Rebase => qd_git::How::Rebase,
        },
        exclude: documents(&site.project),
        id: site.task.id.to_string(),
    }
}

fn kept(site: &Site, target: &str, prepared: &PreparedKeep, check: Option<Checked>) -> Done {
    if site.task.taking_back().is_some() {
        return Done::Reverted { reverted: Reverted { commit: prepared.new.to_string(), at: site.now() } };
    }
    let landing = row::Landing {
        target: target.to_owned(),
        old: prepared.old.to_string(),
        new: prepared.new.to_string(),
        at: site.now(),
        how: if let Work::Keep { how, .. } = site.job.work { how } else { How::default() },
        check,
        qa: row::Qa::default(),
        reverted: None,
    };
    Done::Kept { landing }
}

pub(super) async fn undo(site: &Site) -> Result<Done, Failure> {
    let landing = site
        .task
        .landing
        .as_ref()
        .ok_or_else(|| Failure::new("Nothing of this task was kept (or it was taken back already)."))?;
    let (old, new) = commits(landing)?;
    match site.repo.undo_keep(&format!("refs/heads/{}", landing.target), &old, &new).await? {
        UndoOutcome::Undone { .. } => Ok(Done::Unkept),
        UndoOutcome::TargetMoved(Some(tip)) if !site.repo.is_ancestor(&new, &tip).await? => {
            // It is off the branch: an earlier run put it back and somebody went on from there, or they did it themselves.
            Ok(Done::Unkept)
        }
        UndoOutcome::TargetMoved(found) => Err(moved_on(&landing.target, found.as_ref())),
        UndoOutcome::CheckoutRefused(refusal) => Err(refusal.into()),
    }
}

/// Where the target branch was before a landing, and after it.
pub(super) fn commits(landing: &row::Landing) -> Result<(CommitId, CommitId), Failure> {
    let commit = |name: &str| CommitId::parse(name).ok_or_else(|| Failure::new("The landing names no commit."));
    Ok((commit(&landing.old)?, commit(&landing.new)?))
}

fn moved_on(target: &str, found: Option<&CommitId>) -> Failure {
    Failure::new(match found {
        Some(_) => format!("{target} has moved on since, so it can't simply be put back. Revert takes it back."),
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
            KeepError::Unresolved { paths } => Self::with(
                "These files have conflicts that nobody has resolved: their marks stand in them, or git lists them as unmerged. Resolve them, then retry.",
                &paths,
            ),
            KeepError::NotReplayable { subject, paths } => Self::with(
                format!(
                    "The work merges, but its commit “{subject}” conflicts with the branch by itself. Nothing moved. Keep it as a merge or as one commit."
                ),
                &paths,
            ),
            KeepError::Moving { target } => Self::new(format!("{target} moved at that very moment. Retry.")),
            KeepError::LooseRepositories { paths } => Self::with(
                "Repositories lie in the worktree that are no submodules; a commit would not hold their files. Move them out or register them, then retry.",
                &paths,
            ),
            KeepError::Git(error) => error.into(),
        }
    }
}
