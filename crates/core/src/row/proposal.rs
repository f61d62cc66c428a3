//! Work that was proposed: pushed to a remote repository, and the pull request that asks for it there.

use super::Qa;
use crate::ids::{Millis, SessionId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Work that was pushed, and where it can be taken from there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Proposal {
    /// The name of the remote repository, as git has it.
    pub remote: String,
    /// The branch there.
    pub branch: String,
    /// The branch there that it is for.
    pub base: String,
    /// The commit that was pushed.
    pub commit: String,
    /// Hash of the tree that was counted in the worktree then.
    #[serde(default)]
    pub tree: Option<String>,
    /// When it was pushed.
    pub at: Millis,
    /// The pull request; where there is none, the page on which one is opened; null where that is not known.
    #[serde(default)]
    pub link: Option<String>,
    /// Its number; null where no pull request is known.
    #[serde(default)]
    pub number: Option<u32>,
    /// Why none was opened, where there is something to do about it.
    #[serde(default)]
    pub note: Option<String>,
    /// What git, the person's hooks and the other side said.
    #[serde(default)]
    pub said: String,
    /// What became of it, as last looked at; null before that.
    #[serde(default)]
    pub reception: Option<Reception>,
    /// What a person who tried it says, once it is merged.
    #[serde(default)]
    pub qa: Qa,
}

impl Proposal {
    /// Remarks that no session was sent.
    pub fn waiting(&self) -> impl Iterator<Item = &Remark> {
        let remarks = self.reception.iter().flat_map(|reception| &reception.remarks);
        remarks.filter(|remark| remark.session.is_none())
    }
}

/// What became of a pull request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Reception {
    /// When it was looked at.
    pub at: Millis,
    /// Whether it is open.
    pub fate: Fate,
    /// The commit that merged it.
    #[serde(default)]
    pub merge: Option<String>,
    /// What the checks say.
    #[serde(default)]
    pub checks: Checks,
    /// So many say yes.
    #[serde(default)]
    pub approvals: u32,
    /// So many ask for changes.
    #[serde(default)]
    pub objections: u32,
    /// What was written to it, the latest last.
    #[serde(default)]
    pub remarks: Vec<Remark>,
    /// So many older ones are not listed here.
    #[serde(default)]
    pub older: u32,
}

/// Whether a pull request is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is.
    Open,
    /// It was merged.
    Merged,
    /// It was closed and not merged.
    Closed,
}

/// Counted checks of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Checks {
    /// Passed, or not needed.
    pub passed: u32,
    /// Still to end.
    pub pending: u32,
    /// Failed or cancelled, by name.
    pub failed: Vec<String>,
}

/// What somebody wrote to a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Remark {
    /// Its name there.
    pub id: String,
    /// Who.
    pub author: String,
    /// What.
    pub text: String,
    /// The file it stands at; null where it is about all of it.
    #[serde(default)]
    pub path: Option<String>,
    /// The line there.
    #[serde(default)]
    pub line: Option<u32>,
    /// Where it can be read.
    #[serde(default)]
    pub link: Option<String>,
    /// The session that it was sent to; null until then.
    #[serde(default)]
    pub session: Option<SessionId>,
}

impl Remark {
    /// The file and line that it stands at.
    pub fn place(&self) -> Option<String> {
        let path = self.path.as_ref()?;
        Some(self.line.map_or_else(|| path.clone(), |line| format!("{path}:{line}")))
    }
}
