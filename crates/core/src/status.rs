//! What a session does and how it stands. The state machine of a session is this file's `Status` and its rank;
//! who may move it lies in `decide`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a session is for. Set once, when it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    Plan,
    Debug,
    Implement,
    Verify,
    Review,
    Rewrite,
    Comment,
    Synthesise,
    Debate,
    Chat,
    CommitMessage,
}

/// How a session stands, as `data-status` in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Accepted, waits for a free place.
    Queued,
    /// Accepted, its process is being started.
    Starting,
    /// The agent works.
    Running,
    /// The agent waits for a permission.
    NeedsApproval,
    /// The agent waits for an answer.
    NeedsAnswer,
    /// Held by a person or a ceiling.
    Paused,
    /// Held by a quota until a time.
    Waiting,
    /// A person ended it; its processes are being stopped.
    Cancelling,
    /// The agent said that it is done.
    Completed,
    /// It could not start or broke; the ending says why.
    Failed,
    /// A person ended it.
    Cancelled,
    /// Its process vanished.
    Interrupted,
}

impl Status {
    /// All of them, in the order of their ranks.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Starting,
        Self::Running,
        Self::NeedsApproval,
        Self::NeedsAnswer,
        Self::Paused,
        Self::Waiting,
        Self::Cancelling,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// The rank within an attempt: it never falls (invariant I3).
    pub fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Starting => 1,
            Self::Running | Self::NeedsApproval | Self::NeedsAnswer | Self::Paused | Self::Waiting => 2,
            Self::Cancelling => 3,
            Self::Completed | Self::Failed | Self::Cancelled | Self::Interrupted => 4,
        }
    }

    /// Whether the session has ended.
    pub fn is_ended(self) -> bool {
        self.rank() == 4
    }

    /// Whether the session may have a process or will get one.
    pub fn is_active(self) -> bool {
        !self.is_ended()
    }

    /// Whether the session takes one of the places of the concurrency limit.
    pub fn takes_a_place(self) -> bool {
        (1..=3).contains(&self.rank())
    }

    /// Whether a session of this status may take `next` within the same attempt.
    pub fn may_become(self, next: Self) -> bool {
        if self.rank() == 2 && next.rank() == 2 {
            return true;
        }
        next.rank() > self.rank()
    }
}

impl Kind {
    /// Whether sessions of this kind write into the task's worktree and so exclude each other.
    pub fn holds_the_worktree(self) -> bool {
        match self {
            Self::Plan
            | Self::Debug
            | Self::Implement
            | Self::Verify
            | Self::Rewrite
            | Self::Comment
            | Self::Synthesise => true,
            Self::Review | Self::Debate | Self::Chat | Self::CommitMessage => false,
        }
    }
}
