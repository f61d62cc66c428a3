//! The worktree is saved before each message is handed over, so that it can be gone back to.
//!
//! Must never keep a message back for long: what takes too long or fails is said once, and the message goes out.

use qd_core::event::EventBody;
use qd_core::ids::{MessageId, SessionId};
use qd_git::{GitEnv, KeptIndex, Repo};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// So many of a session are kept.
const KEPT: usize = 50;
/// How long the first one may take, which reads every file.
const FIRST_WITHIN: Duration = Duration::from_secs(8);
/// How long a later one may take.
const WITHIN: Duration = Duration::from_secs(3);

/// Where and with which git.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// The project's top folder.
    pub root: PathBuf,
    /// A folder of the session; the index lies in it.
    pub folder: PathBuf,
    /// See [`GitEnv::new`].
    pub home: PathBuf,
    /// See [`GitEnv::new`].
    pub path: String,
    /// See [`GitEnv::new`].
    pub scratch: PathBuf,
    /// Further variables for git.
    pub variables: BTreeMap<String, String>,
}

impl Moments {
    /// The surroundings of git calls.
    pub(crate) fn git_env(&self) -> GitEnv {
        let base = GitEnv::new(&self.home, &self.path, &self.scratch);
        self.variables.iter().fold(base, |env, (name, value)| env.variable(name, value))
    }

    /// Of a session, in its folder of runs.
    pub(crate) fn folder(session: &Path) -> PathBuf {
        session.join("moments")
    }
}

/// The ref of a message.
pub(crate) fn reference(session: SessionId, message: MessageId) -> String {
    format!("{}{message}", references(session))
}

/// What the refs of a session begin with.
pub(crate) fn references(session: SessionId) -> String {
    format!("refs/quarterdeck/turns/{session}/")
}

/// Saves the worktree of one attempt.
pub(super) struct Saver {
    setup: Moments,
    session: SessionId,
    worktree: PathBuf,
    repo: Option<Repo>,
}

impl Saver {
    pub(super) fn new(setup: Moments, session: SessionId, worktree: PathBuf) -> Self {
        Self { setup, session, worktree, repo: None }
    }

    /// Saves it before `message`. The error is a remark for people; nothing more is tried then.
    pub(super) async fn save(&mut self, message: MessageId) -> Result<EventBody, String> {
        let cold = !self.setup.folder.join("moment.index").exists();
        let within = if cold { FIRST_WITHIN } else { WITHIN };
        let saved = match timeout(within, self.keep(message)).await {
            Ok(saved) => saved,
            Err(_) => Err(format!("it took longer than {} s", within.as_secs())),
        };
        let at = saved.map_err(|why| {
            format!("The worktree could not be saved before this message, so it can't be gone back to: {why}.")
        })?;
        Ok(EventBody::Snapshot { message, at })
    }

    async fn keep(&mut self, message: MessageId) -> Result<String, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string().trim_end_matches('.').to_owned();
        let repo = match self.repo.take() {
            Some(repo) => repo,
            None => Repo::open(&self.setup.root, self.setup.git_env()).await.map_err(|error| words(&error))?,
        };
        fs::create_dir_all(&self.setup.folder).map_err(|error| words(&error))?;
        let at = reference(self.session, message);
        let index = KeptIndex::in_folder(&self.setup.folder);
        repo.keep_moment(&self.worktree, &index, &at).await.map_err(|error| words(&error))?;
        let gone = self.listed(&at);
        if let Some(gone) = gone {
            repo.forget_moment(&gone).await.map_err(|error| words(&error))?;
        }
        self.repo = Some(repo);
        Ok(at)
    }

    /// Lists one more; the one that is too much now.
    fn listed(&self, at: &str) -> Option<String> {
        let path = self.setup.folder.join("moments.json");
        let mut all: Vec<String> =
            fs::read(&path).ok().and_then(|all| serde_json::from_slice(&all).ok()).unwrap_or_default();
        all.push(at.to_owned());
        let gone = (all.len() > KEPT).then(|| all.remove(0));
        // One that is not listed stays until its session goes.
        let _ = serde_json::to_vec(&all).map(|all| fs::write(&path, all));
        gone
    }
}
