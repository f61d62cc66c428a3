//! Comments on what the work of a task changed.

use crate::ids::{CommentId, Millis, SessionId, TaskId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A comment on lines of a changed file. A draft until it is sent to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// The task whose work it is about.
    pub task: TaskId,
    /// When it was written.
    pub at: Millis,
    /// What it is about.
    pub place: Place,
    /// What it says.
    pub text: String,
    /// The session that it was sent to; null while it is a draft.
    pub session: Option<SessionId>,
    /// Whether the person is content with what was done about it.
    pub resolved: bool,
}

impl Comment {
    /// Whether it is to be sent with the next ones.
    pub fn waits(&self) -> bool {
        self.session.is_none() && !self.resolved
    }
}

/// Lines of a changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Place {
    /// The file, as the list of changes has it.
    pub path: String,
    /// Whether the lines are those before the change.
    pub old: bool,
    /// The first line, from 1; 0 is the file as a whole.
    pub from: u32,
    /// The last line.
    pub to: u32,
    /// The lines as they were: where they are not there any more, the comment is outdated.
    pub quote: String,
}

impl Place {
    /// `path:12-14`, as people and agents write it.
    pub fn name(&self) -> String {
        let Self { path, from, to, .. } = self;
        match (from, to) {
            (0, _) => path.clone(),
            (from, to) if from == to => format!("{path}:{from}"),
            (from, to) => format!("{path}:{from}-{to}"),
        }
    }
}
