//! Which document versions a command makes. The store keeps their texts in the transaction of the command.

use crate::command::{Command, Done};
use crate::decide::theirs_version;
use crate::document;
use crate::ids::{Mid, TaskId};
use crate::row::Work;
use crate::state::State;

/// A version that a command makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewText {
    /// Its id.
    pub version: Mid,
    /// The task.
    pub task: TaskId,
    /// The version that was edited.
    pub base: Option<Mid>,
    /// Whether it was found in the file (else a person wrote it).
    pub found: bool,
    /// The text.
    pub text: String,
}

/// The versions that `command`, accepted as `mid`, makes. `state` is the one it was decided on.
pub fn of(state: &State, command: &Command, mid: Mid) -> Vec<NewText> {
    let one = |task, base, found, text: &str| vec![NewText { version: mid, task, base, found, text: text.to_owned() }];
    match command {
        Command::CreateTask(c) => one(c.id, None, false, &document::compose(&c.text)),
        Command::RenameTask(c) => one(c.id, c.base, false, &c.text),
        Command::SaveDocument(c) => one(c.id, c.base, false, &c.text),
        Command::ResolveConflict(c) => {
            let base = state.task(c.id).and_then(|t| t.conflict.as_ref()).map(|conflict| conflict.theirs);
            one(c.id, base, false, &c.text)
        }
        Command::ObserveFile(c) => {
            let base = state.task(c.id).and_then(|t| t.document.version);
            let known = state.task(c.id).is_some_and(|t| t.document.hash == c.document.hash);
            c.text.as_deref().filter(|_| !known).map(|text| one(c.id, base, true, text)).unwrap_or_default()
        }
        Command::JobDone(c) => wrote(state, &c.done, c.id, mid),
        _ => Vec::new(),
    }
}

fn wrote(state: &State, done: &Done, job: Mid, mid: Mid) -> Vec<NewText> {
    let Some(row) = state.job(job) else {
        return Vec::new();
    };
    let (Done::Wrote { text, conflict, .. }, Work::WriteDocument { version, .. }) = (done, &row.work) else {
        return Vec::new();
    };
    let merged = text.as_deref().filter(|_| conflict.is_none()).map(|text| (mid, text));
    let theirs = conflict.as_ref().map(|c| (theirs_version(mid), c.theirs.as_str()));
    merged
        .into_iter()
        .chain(theirs)
        .map(|(id, text)| NewText {
            version: id,
            task: row.task,
            base: Some(*version),
            found: true,
            text: text.to_owned(),
        })
        .collect()
}
