//! The worktree of a task and the copy of its document in it.
//!
//! The project's file is the authority. The agent edits the copy; what it made of it is saved as a version of the
//! document, edited from the version that was copied, and merged into the file like any other save.

use super::{ports, spare};
use crate::engine::Engine;
use crate::files::{place_document, read_document};
use crate::receipts;
use qd_core::command::{Command, SaveDocument};
use qd_core::document;
use qd_core::ids::{Mid, SessionId, TaskId, of_cause};
use qd_core::row::{Branch, JobState, Project, Task, Work};
use qd_git::{CommitId, CreateError, Head, Repo};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// Titles in names of branches and folders are cut at so many bytes.
const NAME_BYTES: usize = 60;
/// So many names are tried.
const NAMES: u32 = 9;

/// A document that was the same for so long is no half of a write.
const REST: Duration = Duration::from_millis(40);
/// How often a document that changes all the time is looked at.
const LOOKS: u32 = 25;

/// Between two looks at a worktree that is being made.
const MAKING_REST: Duration = Duration::from_millis(100);
/// How often it is looked at.
const MAKING_LOOKS: u32 = 20;

/// A worktree to work in.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    /// It.
    pub branch: Branch,
    /// The version of the document that the copy in it was made from.
    pub base: Option<Mid>,
}

/// What the copy of a document was made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Copy {
    path: String,
    version: Mid,
}

/// The worktree of a task, made where none stands, with the task's document in it as it is now. The error is a
/// sentence for the person who started the session.
pub(crate) async fn ensure_worktree(engine: &Engine, session: SessionId, task: TaskId) -> Result<Ready, String> {
    let path = document_path(engine, task).await?;
    // One after the other for each task, over the making: whoever comes second finds what the first one made.
    let desk = engine.inner.desks.of(task);
    let mut made = desk.lock().await;
    let (row, project) = engine
        .read(|state| state.task(task).cloned().and_then(|t| state.project(t.project).cloned().map(|p| (t, p))))
        .ok_or("The task does not exist any more.")?;
    let (repo, _) = engine.repo_again(&project).await.map_err(|e| e.to_string())?;
    let stands = |branch: &&Branch| Path::new(&branch.path).join(".git").exists();
    let told = row.standing();
    let earlier = told.or(made.as_ref().filter(stands));
    let making = engine.inner.desks.making(project.id);
    let _making = match earlier.filter(stands) {
        None => Some(making.lock().await),
        Some(_) => None,
    };
    let found = match earlier.filter(stands) {
        None => begun(engine, &repo, &row).await,
        branch => branch.cloned(),
    };
    let branch = if let Some(branch) = found {
        branch
    } else {
        // What is remembered is of a copy in another worktree.
        receipts::remove(engine, &copy_name(task));
        make(engine, &repo, &project, &row, session, earlier).await?
    };
    *made = Some(branch.clone());
    let base = copy_document(engine, session, task, &branch, &path).await?;
    Ok(Ready { branch, base })
}

/// The worktree that was made for a task, or is being made by a git that outlived the server which started it, and
/// that the rows do not have.
pub(crate) async fn unrecorded(engine: &Engine, task: TaskId) -> Option<Branch> {
    let desk = engine.inner.desks.of(task);
    let _held = desk.lock().await;
    let (row, project) = engine
        .read(|state| state.task(task).cloned().and_then(|t| state.project(t.project).cloned().map(|p| (t, p))))?;
    let repo = engine.repo(&project).await.ok()?;
    begun(engine, &repo, &row).await
}

/// See [`unrecorded`].
async fn begun(engine: &Engine, repo: &Repo, task: &Task) -> Option<Branch> {
    let begun: Branch = receipts::load(engine, &begun_name(task.id))?;
    if task.branch.as_ref().is_some_and(|known| known.path == begun.path) {
        return None;
    }
    let path = Path::new(&begun.path);
    let same = |other: &Path| other == path || path.canonicalize().is_ok_and(|real| real == other);
    if !path.exists() && spare::finish(engine, task.project, repo, path, &begun.name).await {
        return Some(begun);
    }
    for _ in 0..MAKING_LOOKS {
        let listed = repo.list_worktrees().await.ok()?;
        match listed.iter().find(|worktree| same(&worktree.path)) {
            Some(worktree) if !worktree.locked && path.join(".git").exists() => return Some(begun),
            // Git makes the branch first and keeps the worktree locked until it has all of its files.
            Some(_) => {}
            None if matches!(repo.resolve(&format!("refs/heads/{}", begun.name)).await, Ok(Some(_))) => {}
            None => return None,
        }
        tokio::time::sleep(MAKING_REST).await;
    }
    None
}

/// Saves what the agent made of the document, as edited from `base`. The version that it is now edited from, where
/// that is another one.
pub(crate) async fn bring_back(
    engine: &Engine,
    session: SessionId,
    task: TaskId,
    branch: &Branch,
    base: Mid,
) -> Option<Mid> {
    let copied = receipts::load::<Copy>(engine, &copy_name(task)).map(|copy| copy.path);
    let path = copied.or_else(|| engine.read(|state| state.task(task)?.path.clone()))?;
    let before = engine.document(task, Some(base)).await.ok()??.text;
    let text = edited(Path::new(&branch.path), &path, &before).await?;
    let hash = document::hash(text.as_bytes());
    let row = engine.read(|state| state.task(task).cloned())?;
    let current = row.document.version?;
    if row.document.hash == hash {
        remember(engine, task, &path, current);
        return Some(current);
    }
    // What can't be saved now is brought back when it can: the copy stays as it is.
    if row.conflict.is_some() || !row.on_branch || row.problem.is_some() {
        return None;
    }
    let cause = ["bring back", &session.to_string(), &base.to_string(), &hash, &current.to_string()].map(str::to_owned);
    let cause: Vec<&str> = cause.iter().map(String::as_str).collect();
    let save = SaveDocument { id: task, base: Some(base), text };
    engine.report(Command::SaveDocument(save), &cause).await?;
    let version = Mid(of_cause(&cause));
    remember(engine, task, &path, version);
    Some(version)
}

/// The document in a worktree where it differs from `before`, once it is at rest: an agent's write may be half done.
async fn edited(worktree: &Path, path: &str, before: &str) -> Option<String> {
    let mut text = read_document(worktree, path).await?;
    for _ in 0..LOOKS {
        if text == before {
            return None;
        }
        tokio::time::sleep(REST).await;
        let again = read_document(worktree, path).await?;
        if again == text {
            return Some(text);
        }
        text = again;
    }
    None
}

/// The path of a task's file. A task that was just made gets its file by a job: waits for that.
async fn document_path(engine: &Engine, task: TaskId) -> Result<String, String> {
    let mut commits = engine.head();
    loop {
        commits.borrow_and_update();
        let found = engine.read(|state| {
            let row = state.task(task).ok_or("The task does not exist any more.")?;
            let failed = state.jobs_of(task).find_map(|job| match (&job.work, &job.state) {
                (Work::WriteDocument { .. }, JobState::Failed { reason, .. }) => Some(reason.clone()),
                _ => None,
            });
            match (&row.path, failed) {
                (Some(path), _) => Ok(Some(path.clone())),
                (None, Some(reason)) => Err(format!("The task's file could not be made: {reason}")),
                (None, None) => Ok(None),
            }
        })?;
        if let Some(path) = found {
            return Ok(path);
        }
        commits.changed().await.map_err(|_| "The server is ending.")?;
    }
}

async fn make(
    engine: &Engine,
    repo: &Repo,
    project: &Project,
    task: &Task,
    session: SessionId,
    earlier: Option<&Branch>,
) -> Result<Branch, String> {
    let head = repo.head().await.map_err(|e| format!("Where HEAD is can't be told: {e}."))?;
    let target = match &head {
        Head::Branch { name, .. } => Some(name.clone()),
        Head::Detached { .. } | Head::Unborn { .. } => None,
    };
    let start = head.commit().cloned().ok_or("The repository has no commit to start from. Make one first.")?;
    let mut branch = Branch {
        session,
        name: String::new(),
        path: String::new(),
        base: start.to_string(),
        target,
        changed: None,
        discarded: None,
        update: None,
        commit: None,
        draft: None,
        taking_back: None,
        meets: Vec::new(),
        port: ports::own(engine, task.id),
    };
    // A worktree whose folder somebody removed goes on where its branch is.
    let mut from = start;
    if let Some(earlier) = earlier
        && let Ok(Some(tip)) = repo.resolve(&format!("refs/heads/{}", earlier.name)).await
    {
        from = tip;
        branch.base.clone_from(&earlier.base);
        branch.target.clone_from(&earlier.target);
    }
    create(engine, repo, project, task, &from, &mut branch).await?;
    let copied = engine.config().project(&project.path).copy;
    if let Err(error) = repo.copy_ignored(Path::new(&branch.path), &copied).await {
        tracing::warn!(%error, task.id = %task.id, "ignored files could not be copied into the worktree");
    }
    Ok(branch)
}

/// Makes the worktree under the first name that is free. Each name is noted before it is tried, so that a worktree
/// that a crash kept from the rows is found again.
async fn create(
    engine: &Engine,
    repo: &Repo,
    project: &Project,
    task: &Task,
    from: &CommitId,
    branch: &mut Branch,
) -> Result<(), String> {
    let folder = engine.config().worktrees();
    std::fs::create_dir_all(&folder)
        .map_err(|e| format!("{} can't be made: {}", folder.display(), crate::files::advice(&e)))?;
    let id = branch.session.0.simple().to_string();
    let short = &id[id.len() - 6..];
    let slug = |text: &str| cut(&document::slug(text));
    let mut refused = "No free name for a worktree was found. Remove old worktrees.".to_owned();
    for number in 1..=NAMES {
        let end = if number == 1 { short.to_owned() } else { format!("{short}-{number}") };
        let title = slug(&task.title);
        let path = folder.join(format!("{}-{title}-{end}", slug(&project.name)));
        path.to_str()
            .ok_or("The data directory's path is not UTF-8, so no worktree can be made in it.")?
            .clone_into(&mut branch.path);
        branch.name = format!("qd/{title}-{end}");
        receipts::store(engine, &begun_name(task.id), branch)
            .map_err(|e| format!("The data directory can't be written: {}.", crate::files::advice(&e)))?;
        match spare::take_or_make(engine, project, repo, &path, &branch.name, from).await {
            Ok(()) => return Ok(()),
            Err(CreateError::PathTaken { .. } | CreateError::BranchTaken { .. }) => {}
            // Also the place of a worktree whose folder somebody removed: git still lists that.
            Err(error @ CreateError::InsideCheckout { .. }) => {
                refused = format!(
                    "No worktree can be made: {error}. Start the server with a data directory outside of the project."
                );
            }
            Err(error) => return Err(format!("No worktree could be made: {error}.")),
        }
    }
    Err(refused)
}

/// Puts the document into the worktree, unless the copy there has edits that were not brought back yet.
async fn copy_document(
    engine: &Engine,
    session: SessionId,
    task: TaskId,
    branch: &Branch,
    path: &str,
) -> Result<Option<Mid>, String> {
    let unread = |e: qd_store::StoreError| format!("The task's document could not be read: {e}.");
    let versions = engine.versions(task).await.map_err(unread)?;
    let copied = receipts::load::<Copy>(engine, &copy_name(task));
    let place = copied.as_ref().map_or(path, |copy| copy.path.as_str());
    let worktree = Path::new(&branch.path);
    if let (Some(copied), Some(there)) = (&copied, read_document(worktree, place).await) {
        let hash = document::hash(there.as_bytes());
        if !versions.iter().any(|version| version.hash == hash) {
            let version = bring_back(engine, session, task, branch, copied.version).await;
            return Ok(version.or(Some(copied.version)));
        }
    }
    let Some(current) = engine.document(task, None).await.map_err(unread)? else { return Ok(None) };
    place_document(worktree, path, &current.text).await?;
    remember(engine, task, path, current.version);
    Ok(Some(current.version))
}

fn remember(engine: &Engine, task: TaskId, path: &str, version: Mid) {
    let copy = Copy { path: path.to_owned(), version };
    if let Err(error) = receipts::store(engine, &copy_name(task), &copy) {
        tracing::warn!(%error, task.id = %task, "what the document's copy was made from could not be stored");
    }
}

fn begun_name(task: TaskId) -> String {
    format!("{task}.worktree")
}

fn copy_name(task: TaskId) -> String {
    format!("{task}.copy")
}

fn cut(slug: &str) -> String {
    let end =
        slug.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= NAME_BYTES).last().unwrap_or(0);
    slug[..end].trim_end_matches('-').to_owned()
}
