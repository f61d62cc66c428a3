//! Committing work in its worktree, as the user would.

use super::{Failure, Site, end_of};
use crate::receipts;
use crate::work::documents;
use qd_core::command::Done;
use qd_core::row::{Commit, FileHunks};
use qd_git::{ChosenHunks, CommitId, CommitOutcome, CommitRequest, GitPath};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The kind of receipt that says where a commit began. It stays until the rows say that it is made.
pub(super) const BEGUN: &str = "commit";

const STAGED: &str = "What is staged of these files does not go together with the chosen parts. Commit the files whole, or \
                      unstage them (git reset) in the worktree.";

/// Where HEAD was when a commit was begun.
#[derive(Serialize, Deserialize)]
struct Begun {
    head: Option<CommitId>,
}

pub(super) async fn commit(
    site: &Site,
    message: &str,
    files: Option<&[String]>,
    hunks: &[FileHunks],
) -> Result<Done, Failure> {
    let worktree = PathBuf::from(&site.branch()?.path);
    let journal = format!("{}.{BEGUN}", site.job.id);
    let head = site.repo.head_of(&worktree).await?.commit().cloned();
    if let Some(begun) = receipts::load::<Begun>(&site.engine, &journal) {
        // An earlier run may have made it, and died before it could tell.
        if let Some(made) = head.clone().filter(|_| begun.head != head) {
            return Ok(committed(site, &made, message, ""));
        }
    }
    receipts::store(&site.engine, &journal, &Begun { head })?;
    let made = make(site, &request(site, worktree, message, files, hunks)?).await;
    if made.is_err() {
        // Another try begins with what is there then.
        receipts::remove(&site.engine, &journal);
    }
    made
}

async fn make(site: &Site, request: &CommitRequest) -> Result<Done, Failure> {
    match site.repo.commit(request).await? {
        CommitOutcome::Committed { commit, said } => {
            site.engine.count_changes(site.task.id).await;
            Ok(committed(site, &commit, &request.message, &said))
        }
        other => Err(refusal(other)),
    }
}

/// Why there is no commit.
fn refusal(outcome: CommitOutcome) -> Failure {
    Failure::new(match outcome {
        CommitOutcome::Committed { .. } | CommitOutcome::Nothing => {
            "There is nothing to commit: all of this is in a commit already.".to_owned()
        }
        CommitOutcome::Changed { path } => {
            format!("{path} is not what its parts were chosen of any more: look at it again.")
        }
        CommitOutcome::Staged => STAGED.to_owned(),
        CommitOutcome::MergeOpen => {
            "While a merge is open git commits all of it or nothing. Commit everything, or finish the merge.".to_owned()
        }
        CommitOutcome::Refused { said } => {
            format!("Git did not commit it. Mend what it says, then retry.\n{}", end_of(said.trim()))
        }
    })
}

/// In the person's checkout, and nothing else of what they have there. Done again it finds nothing to do.
pub(super) async fn commit_document(site: &Site, message: &str, paths: &[String]) -> Result<Done, Failure> {
    if site.project.branch.is_none() {
        return Err(Failure::new(
            "No branch is checked out, so the document is in no commit. Check one out, then retry.",
        ));
    }
    let mut request = request(site, PathBuf::from(&site.project.path), message, Some(paths), &[])?;
    request.exclude.clear();
    match site.repo.commit(&request).await? {
        CommitOutcome::Committed { .. } | CommitOutcome::Nothing => Ok(Done::DocumentCommitted),
        other => Err(refusal(other)),
    }
}

fn request(
    site: &Site,
    worktree: PathBuf,
    message: &str,
    files: Option<&[String]>,
    hunks: &[FileHunks],
) -> Result<CommitRequest, Failure> {
    let named =
        |name: &String| GitPath::from_text(name).map_err(|_| Failure::new(format!("{name} is not a file's name.")));
    let files = files.map(|files| files.iter().map(named).collect::<Result<Vec<_>, _>>()).transpose()?;
    let chosen = |of: &FileHunks| Ok(ChosenHunks { path: named(&of.path)?, ids: of.ids.clone() });
    let hunks = hunks.iter().map(chosen).collect::<Result<_, Failure>>()?;
    Ok(CommitRequest { worktree, message: message.to_owned(), files, hunks, exclude: documents(&site.project) })
}

fn committed(site: &Site, commit: &CommitId, message: &str, said: &str) -> Done {
    let subject = message.trim().lines().next().unwrap_or_default().to_owned();
    let commit = Commit { id: commit.to_string(), subject, said: end_of(said.trim()).to_owned(), at: site.now() };
    Done::Committed { commit }
}
