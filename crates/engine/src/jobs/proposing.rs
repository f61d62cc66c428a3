//! Proposing the work of a task: pushed to the remote repository of its target branch, and a pull request that asks for
//! it there. Done again after a crash it finds the commit made, the branch pushed and the pull request open.

mod forge;
mod gh;
mod reading;

use super::{Failure, Site, checking, committing, end_of};
use crate::receipts;
use crate::work::documents;
use forge::Forge;
use gh::{Gh, GhError, Login};
use qd_core::command::Done;
use qd_core::row::{Branch, Commit, Proposal, Qa};
use qd_git::{CommitId, Pushed, Remote, RemoteError, Repo, Tips};
use std::path::Path;

/// So many of the commits that were pushed last are remembered.
const REMEMBERED: usize = 50;

pub(super) async fn propose(site: &Site, message: &str) -> Result<Done, Failure> {
    let branch = site.branch()?;
    let target = branch.target.clone().ok_or_else(|| Failure::new("The work has no branch to be proposed for."))?;
    let repo = site.engine.connected_repo(&site.project).await?;
    let remote = repo.remote_of(&target).await?;
    let (commit, made) = committed(site, branch, message).await?;
    let tree = counted(site);
    checking::doing(&site.engine, &site.job, Some(format!("Pushing to {}", remote.name))).await?;
    let offer = Offer { site, repo, branch, remote, commit, tree, message };
    let proposal = tokio::select! {
        proposal = offer.make() => proposal?,
        () = checking::stopped(&site.engine, &site.job) => return Err(Failure::new("It was stopped.")),
    };
    Ok(Done::Proposed { proposal: Box::new(proposal), commit: made })
}

/// The commit that has all of the work, and what was made for that.
async fn committed(site: &Site, branch: &Branch, message: &str) -> Result<(CommitId, Option<Commit>), Failure> {
    let worktree = Path::new(&branch.path);
    let open =
        site.repo.is_begun(worktree) || !site.repo.uncommitted(worktree, &documents(&site.project)).await?.is_empty();
    let made = if open { Some(committing::commit(site, message, None, &[]).await?) } else { None };
    // The tree that stands for what is proposed.
    site.engine.count_changes(site.task.id).await;
    let head = site.repo.head_of(worktree).await?;
    let commit =
        head.commit().cloned().ok_or_else(|| Failure::new("There is no commit in the worktree to propose."))?;
    Ok((commit, made.and_then(|done| if let Done::Committed { commit } = done { Some(commit) } else { None })))
}

fn counted(site: &Site) -> Option<String> {
    site.engine.read(|state| {
        let branch = state.task(site.task.id)?.branch.as_ref()?;
        branch.changed.as_ref().map(|changed| changed.tree.clone())
    })
}

pub(super) async fn look(site: &Site) -> Result<Done, Failure> {
    let known = site.task.proposal.as_ref().and_then(|proposal| proposal.number.zip(proposal.link.as_deref()));
    let known = known.and_then(|(number, link)| Some((number, Forge::of_pull_request(link)?)));
    let (number, forge) = known.ok_or_else(|| Failure::new("No pull request of this work is known."))?;
    checking::doing(&site.engine, &site.job, Some("Asking about the pull request".to_owned())).await?;
    let host = forge.host.clone();
    let gh = Gh::new(&site.engine, &site.project.path, forge);
    let read = async {
        match gh.login().await? {
            Login::In => Ok(reading::read(&gh, number, site.now()).await?),
            Login::Out => Err(Failure::new(format!("{} Then refresh again.", log_in(&host)))),
            Login::Absent => Err(Failure::new(
                "gh, GitHub's own program, is not on the PATH (any more). Install it, then refresh again.",
            )),
        }
    };
    let reception = tokio::select! {
        read = read => read?,
        () = checking::stopped(&site.engine, &site.job) => return Err(Failure::new("It was stopped.")),
    };
    Ok(Done::ProposalSeen { reception: Box::new(reception) })
}

fn log_in(host: &str) -> String {
    format!("gh is not logged in to {host}. Log in in a terminal: gh auth login --hostname {host}")
}

/// Work on its way to a remote repository.
struct Offer<'a> {
    site: &'a Site,
    repo: Repo,
    branch: &'a Branch,
    remote: Remote,
    commit: CommitId,
    /// Hash of the tree that was counted with it.
    tree: Option<String>,
    message: &'a str,
}

impl Offer<'_> {
    async fn make(&self) -> Result<Proposal, Failure> {
        let Remote { name, branch: base, .. } = &self.remote;
        let tips = match self.repo.tips_at(&self.remote, &[base, &self.branch.name]).await? {
            Tips::Found(tips) => tips,
            Tips::Closed { said } => {
                return Err(Failure::new(format!(
                    "{name} can't be reached, or does not let you in. Nothing was pushed. Mend what git says, then retry.\n{}",
                    end_of(said.trim())
                )));
            }
        };
        let mut tips = tips.into_iter();
        let (there, own) = (tips.next().flatten(), tips.next().flatten());
        let there = there.ok_or_else(|| {
            Failure::new(format!(
                "{name} has no branch {base}, so nothing can be proposed for it. Push it first: git push {name} {base}"
            ))
        })?;
        if self.leads_to(&self.commit, &there).await? {
            return Err(Failure::new(format!(
                "There is nothing to propose: {base} on {name} has all of this already."
            )));
        }
        let said = self.push(own.as_ref()).await?;
        let mut proposal = self.pushed(&said);
        self.open(&mut proposal).await;
        Ok(proposal)
    }

    /// Brings the branch there to the commit. Only over what this panel itself has pushed there anything goes.
    async fn push(&self, there: Option<&CommitId>) -> Result<String, Failure> {
        let mut ours = self.pushed_before();
        let over = match there {
            Some(tip) if *tip == self.commit => return Ok(String::new()),
            Some(tip) if !self.leads_to(tip, &self.commit).await? => {
                if !ours.contains(&tip.to_string()) {
                    return Err(self.foreign(tip));
                }
                Some(tip)
            }
            _ => None,
        };
        // Before it happens: a run that is cut short behind it must know its own commit again.
        ours.retain(|known| *known != self.commit.as_str());
        ours.push(self.commit.to_string());
        ours.drain(..ours.len().saturating_sub(REMEMBERED));
        receipts::store(&self.site.engine, &self.receipt(), &ours)?;
        let worktree = Path::new(&self.branch.path);
        match self.repo.push(worktree, &self.remote, &self.branch.name, &self.commit, over).await? {
            Pushed::Done { said } => Ok(said),
            Pushed::Refused { said } => Err(Failure::new(format!(
                "{} did not take the work, or a hook of yours stopped it. Nothing moved there. Mend what is said here, then retry.\n{}",
                self.remote.name,
                end_of(said.trim())
            ))),
        }
    }

    fn foreign(&self, tip: &CommitId) -> Failure {
        let (remote, branch, tip) = (&self.remote.name, &self.branch.name, tip.as_str().get(..8).unwrap_or_default());
        Failure::new(format!(
            "{branch} on {remote} has commits that are not in this work (it is at {tip}), and they are left alone. Nothing was pushed. Bring them in: git pull --no-rebase {remote} {branch} in {}, then retry.",
            self.branch.path
        ))
    }

    /// Whether `new` has `old` in its history. What is not in the repository is in no history here.
    async fn leads_to(&self, old: &CommitId, new: &CommitId) -> Result<bool, Failure> {
        for commit in [old, new] {
            if self.repo.resolve(commit.as_str()).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(self.repo.is_ancestor(old, new).await?)
    }

    fn receipt(&self) -> String {
        format!("{}.pushed", self.site.task.id)
    }

    fn pushed_before(&self) -> Vec<String> {
        let told = self.site.task.proposal.as_ref().map(|proposal| proposal.commit.clone());
        let mut known: Vec<String> = told.into_iter().collect();
        known.extend(receipts::load::<Vec<String>>(&self.site.engine, &self.receipt()).unwrap_or_default());
        known
    }

    fn pushed(&self, said: &str) -> Proposal {
        let Remote { name, branch: base, url, .. } = &self.remote;
        Proposal {
            remote: name.clone(),
            branch: self.branch.name.clone(),
            base: base.clone(),
            commit: self.commit.to_string(),
            tree: self.tree.clone(),
            at: self.site.now(),
            link: Forge::of(url).and_then(|forge| forge.link(base, &self.branch.name)),
            number: None,
            note: None,
            said: end_of(said.trim()).to_owned(),
            reception: None,
            qa: Qa::default(),
        }
    }

    /// Finds the pull request or opens one, where `gh` can. Where it can't the work is pushed all the same, and the note
    /// says why.
    async fn open(&self, proposal: &mut Proposal) {
        let Some(forge) = Forge::of(&self.remote.url).filter(Forge::may_be_github) else { return };
        let (host, is_github) = (forge.host.clone(), forge.is_github());
        let gh = Gh::new(&self.site.engine, &self.site.project.path, forge);
        let opened = match gh.login().await {
            Ok(Login::In) => self.found_or_opened(&gh).await,
            Ok(Login::Out) => {
                proposal.note = is_github.then(|| log_in(&host));
                return;
            }
            Ok(Login::Absent) => return,
            Err(error) => Err(error),
        };
        match opened {
            Ok((number, link)) => {
                proposal.number = Some(number);
                proposal.link = Some(link).filter(|link| link.starts_with("https://") || link.starts_with("http://"));
                // It can be looked at later just as well.
                proposal.reception = reading::read(&gh, number, self.site.now()).await.ok();
            }
            Err(error) => {
                proposal.note = Some(format!("The work is pushed, and no pull request could be opened. {error}"));
            }
        }
    }

    async fn found_or_opened(&self, gh: &Gh<'_>) -> Result<(u32, String), GhError> {
        let (branch, base) = (&self.branch.name, &self.remote.branch);
        if let Some(open) = gh.open(branch).await? {
            return Ok(open);
        }
        let (title, body) = self.message.trim().split_once('\n').unwrap_or((self.message.trim(), ""));
        gh.create(branch, base, title.trim(), body.trim()).await
    }
}

impl From<GhError> for Failure {
    fn from(error: GhError) -> Self {
        Self::new(format!("It is not known how the pull request stands. {error}"))
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::None => Self::new(
                "This project has no remote repository to push to. Add one: git remote add origin ADDRESS, then retry.",
            ),
            RemoteError::Several { names } => Self::new(format!(
                "This project has several remote repositories ({}), none is called origin, and the branch follows none of them. Say which: git branch --set-upstream-to=NAME/BRANCH, then retry.",
                names.join(", ")
            )),
            RemoteError::Git(error) => error.into(),
        }
    }
}
