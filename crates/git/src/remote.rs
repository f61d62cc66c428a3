//! Remote repositories: which one a branch belongs to, what stands there, and pushing to it as the user would.
//!
//! The user's own git goes there: with their credentials, their settings and their hooks, and nobody to answer a question.

use std::path::Path;

use crate::command::{Answer, Git, GitError, one_line, text};
use crate::ids::CommitId;
use crate::repo::Repo;

/// A remote repository, and the branch in it that one of ours belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// As git calls it.
    pub name: String,
    /// The branch there, without `refs/heads/`.
    pub branch: String,
    /// Where it is read from. It may hold a password: not for the eye.
    pub url: String,
    /// Where it is pushed to. It may hold a password, too.
    push_url: String,
}

/// Why a branch belongs to no remote repository.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// There is none.
    #[error("no remote repository")]
    None,
    /// There are several; none is that of the branch, and none is called `origin`.
    #[error("several remote repositories")]
    Several {
        /// Their names.
        names: Vec<String>,
    },
    /// Git did not answer.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What was found in a remote repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tips {
    /// The tip of each branch that was asked for; none where there is no such branch.
    Found(Vec<Option<CommitId>>),
    /// It is not there, cannot be reached, or lets nobody in.
    Closed {
        /// What git said.
        said: String,
    },
}

/// How pushing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// The branch there is at the commit.
    Done {
        /// What git, hooks and the other side said.
        said: String,
    },
    /// A hook, the other side or git itself refused. Nothing moved there.
    Refused {
        /// What they said.
        said: String,
    },
}

impl Repo {
    /// The names of its remote repositories.
    pub async fn remotes(&self) -> Result<Vec<String>, GitError> {
        let listed = self.read(&self.root, "remote").ok().await?;
        Ok(text(&listed).unwrap_or_default().lines().map(str::to_owned).collect())
    }

    /// Where a branch belongs: to what it follows, else to `origin`, else to the only one there is.
    pub async fn remote_of(&self, branch: &str) -> Result<Remote, RemoteError> {
        let names = self.remotes().await?;
        let followed = self.setting(&format!("branch.{branch}.remote")).await?.filter(|name| names.contains(name));
        let merge = self.setting(&format!("branch.{branch}.merge")).await?;
        let there = merge.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        let there = there.filter(|_| followed.is_some());
        let origin = || names.iter().find(|name| *name == "origin").cloned();
        let name = match (followed.or_else(origin), names.as_slice()) {
            (Some(name), _) => name,
            (None, [only]) => only.clone(),
            (None, []) => return Err(RemoteError::None),
            (None, _) => return Err(RemoteError::Several { names }),
        };
        let url = |arguments: &[&str]| self.read(&self.root, "remote").arg("get-url").args(arguments).paths([&name]);
        let (url, push_url) = (url(&[]).line().await?, url(&["--push"]).line().await?);
        let words = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let branch = there.unwrap_or_else(|| branch.to_owned());
        Ok(Remote { name, branch, url: words(url), push_url: words(push_url) })
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, GitError> {
        let answer = self.read(&self.root, "config").args(["--get", name]).answer().await?;
        // Any code but 0: it is not set.
        let is_set = answer.code() == Some(0);
        Ok(is_set.then(|| String::from_utf8_lossy(&one_line(answer.into_stdout())).into_owned()))
    }

    /// Where branches stand in a remote repository now.
    pub async fn tips_at(&self, remote: &Remote, branches: &[&str]) -> Result<Tips, GitError> {
        let refs: Vec<String> = branches.iter().map(|branch| format!("refs/heads/{branch}")).collect();
        let ask = unasked(self.read(&self.root, "ls-remote")).paths([&remote.push_url]).args(&refs);
        let answer = ask.answer().await?;
        if answer.code() != Some(0) {
            return Ok(Tips::Closed { said: answer.said() });
        }
        let answer = answer.into_stdout();
        let lines = || text(&answer).unwrap_or_default().lines().filter_map(|line| line.split_once('\t'));
        let tip = |name: &String| lines().find(|(_, found)| found == name).and_then(|(tip, _)| CommitId::parse(tip));
        Ok(Tips::Found(refs.iter().map(tip).collect()))
    }

    /// Pushes a commit of `worktree` to a branch there. Where that branch does not lead to it nothing moves, unless it is
    /// exactly at `over`.
    pub async fn push(
        &self,
        worktree: &Path,
        remote: &Remote,
        branch: &str,
        commit: &CommitId,
        over: Option<&CommitId>,
    ) -> Result<Pushed, GitError> {
        let push = unasked(self.write(worktree, "push")).with_hooks().arg("--porcelain");
        let push = push.args(over.map(|tip| format!("--force-with-lease=refs/heads/{branch}:{tip}")));
        let answer = push.paths([&remote.name]).arg(format!("{commit}:refs/heads/{branch}")).answer().await?;
        Ok(if answer.code() == Some(0) {
            Pushed::Done { said: answer.said() }
        } else {
            Pushed::Refused { said: refusal(answer) }
        })
    }
}

/// Where ssh wants to know something it asks nobody at the terminal that the server was started from.
fn unasked(git: Git<'_>) -> Git<'_> {
    git.var("SSH_ASKPASS_REQUIRE", "force")
}

/// What was said, and the lines that name what was refused and why.
fn refusal(answer: Answer) -> String {
    let mut said = answer.said();
    let printed = answer.into_stdout();
    for line in text(&printed).unwrap_or_default().lines().filter_map(|line| line.strip_prefix("!\t")) {
        said.push('\n');
        said.push_str(&line.replace('\t', " "));
    }
    said.trim().to_owned()
}
