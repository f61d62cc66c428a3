//! What an agent and all that it starts may reach, and where it is kept together: Landlock and a control group, where
//! the system has them.

use qd_proc::{Cgroup, Confinement, Ruleset, Scope, landlock_support};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that says which control group a run has.
const CGROUP: &str = "cgroup";
/// How long an ended session's processes may take to leave their group.
const EMPTIED: Duration = Duration::from_secs(2);

/// Whether an agent is confined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fence", rename_all = "snake_case")]
pub enum Fence {
    /// It is, where the kernel can.
    Closed {
        /// Files and folders that it may write, beside its temporary folder. What is not there is passed over.
        write: Vec<PathBuf>,
        /// Folders of which it may read nothing but what it may write and what is seen.
        hidden: Vec<PathBuf>,
        /// What of them it may read.
        #[serde(default)]
        seen: Vec<PathBuf>,
    },
    /// It is not, for this reason, a sentence for people; none where nothing is to be said.
    Open {
        /// Why.
        why: Option<String>,
    },
}

impl Default for Fence {
    fn default() -> Self {
        Self::Open { why: None }
    }
}

impl Fence {
    /// The ruleset to start an agent with, and what is to be told of it.
    pub(super) fn ruleset(&self, scratch: &Path) -> (Option<Ruleset>, Option<String>) {
        let (write, hidden, seen) = match self {
            Self::Open { why } => return (None, why.clone()),
            Self::Closed { write, hidden, seen } => (write, hidden, seen),
        };
        let support = landlock_support();
        if !support.is_there() {
            return (None, Some(support.in_words()));
        }
        let write = write.iter().cloned().chain([scratch.to_owned()]).collect();
        let confinement = Confinement { write, hidden: hidden.clone(), seen: seen.clone() };
        match confinement.ruleset() {
            Ok(ruleset) => (Some(ruleset), None),
            Err(error) => (None, Some(format!("The agent is not confined: {error}."))),
        }
    }
}

/// Makes the control group of a run and notes it in the run's folder; none where the system does not let it.
pub(super) fn gather(run_dir: &Path, mark: &str) -> Option<Cgroup> {
    let cgroup = Cgroup::create(mark).ok().flatten()?;
    // Noted before anybody is in it, so that nobody is in a group that is not known.
    if std::fs::write(run_dir.join(CGROUP), cgroup.path().as_os_str().as_encoded_bytes()).is_err() {
        let _ = cgroup.remove();
        return None;
    }
    Some(cgroup)
}

/// The control group of a run, as it was noted.
pub(super) fn gathered(run_dir: &Path) -> Option<Cgroup> {
    use std::os::unix::ffi::OsStringExt as _;
    let path = std::fs::read(run_dir.join(CGROUP)).ok()?;
    Cgroup::open(&PathBuf::from(std::ffi::OsString::from_vec(path)))
}

/// Takes the group away. What cannot be removed is empty, and costs nothing.
pub(super) async fn disband(cgroup: Option<&Cgroup>) {
    if let Some(cgroup) = cgroup {
        let _ = cgroup.end(EMPTIED).await;
    }
}

/// Everybody of a run whose host is gone.
pub(super) fn orphans(mark: String, cgroup: Option<&Cgroup>) -> Scope {
    let scope = Scope::nobody().with_mark(mark);
    match cgroup {
        Some(cgroup) => scope.with_cgroup(cgroup),
        None => scope,
    }
}
