//! Putting the work of a task into the person's own checkout, and taking it out again.

use super::{Failure, Site};
use crate::receipts;
use crate::work::documents;
use qd_core::command::Done;
use qd_core::row;
use qd_git::trial::{Prepared, TakenOut, Trial};
use qd_git::{CommitId, GitPath};
use std::path::Path;

/// The kind of receipt that says what is put in. It stays until the rows say that it stands there.
pub(super) const BEGUN: &str = "trial";

pub(super) async fn put_in(site: &Site) -> Result<Done, Failure> {
    let branch = site.branch()?;
    let journal = format!("{}.{BEGUN}", site.job.id);
    // An earlier run may have put it in, and died before it could tell: the same again.
    if let Some(trial) = receipts::load::<Trial>(&site.engine, &journal) {
        return put(site, &trial, &journal).await;
    }
    let keep_at = format!("refs/quarterdeck/trials/{}", site.task.id);
    let prepared = site.repo.prepare_trial(Path::new(&branch.path), &documents(&site.project), &keep_at).await?;
    match prepared {
        Prepared::Ready(trial) => {
            receipts::store(&site.engine, &journal, &trial)?;
            put(site, &trial, &journal).await
        }
        Prepared::Nothing => Err(Failure::new("There is nothing to try: your checkout has all of this already.")),
        Prepared::Dirty { paths } => Err(dirty(&paths)),
        Prepared::Conflicts { files } => Err(Failure::with(
            "What is checked out changed the same places, so the work can't be put there. Update the work first.",
            &files,
        )),
        Prepared::Unrelated => {
            Err(Failure::new("What is checked out has no history in common with the work. Check its branch out."))
        }
    }
}

async fn put(site: &Site, trial: &Trial, journal: &str) -> Result<Done, Failure> {
    let put = site.repo.put_in(trial).await.map_err(Failure::from).and_then(|put| put.map_err(Failure::from));
    if let Err(failure) = put {
        // Another try begins with what is there then.
        receipts::remove(&site.engine, journal);
        return Err(failure);
    }
    let Trial { head, commit } = trial;
    let trial = row::Trial { head: head.to_string(), commit: commit.to_string(), at: site.now() };
    Ok(Done::Tried { trial })
}

fn dirty(paths: &[GitPath]) -> Failure {
    Failure::with("Your checkout has changes of your own. Commit or stash them, then retry.", paths)
}

pub(super) async fn take_out(site: &Site) -> Result<Done, Failure> {
    let trial = site.task.trial.as_ref().ok_or_else(|| Failure::new("This is not being tried in your checkout."))?;
    let commit = |name: &str| CommitId::parse(name).ok_or_else(|| Failure::new("The trial names no commit."));
    let trial = Trial { head: commit(&trial.head)?, commit: commit(&trial.commit)? };
    match site.repo.take_out(&trial, &documents(&site.project)).await? {
        TakenOut::Out => Ok(Done::Untried),
        TakenOut::Moved(_) => Err(Failure::new(format!(
            "Your checkout stands on another commit than when the work was put there. Go back to {} (git reset --soft keeps your files), then retry; or drop this, and the files stay as they are.",
            trial.head
        ))),
        TakenOut::Edited { paths } => Err(Failure::with(
            format!(
                "You changed files of the trial since. Take those changes away (they can be compared with {}), or copy them into the worktree, then retry.",
                trial.commit
            ),
            &paths,
        )),
        TakenOut::Refused(refusal) => Err(refusal.into()),
    }
}
