//! Documents as the person sees them: what was typed and is not settled yet, else what was fetched.

use crate::client::Client;
use qd_core::command::Command;
use qd_core::document::compose;
use qd_core::ids::{Mid, TaskId};
use serde::Serialize;
use ts_rs::TS;

/// The text of a task's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct DocumentView {
    /// The version that an edit names as its base.
    pub version: Mid,
    /// The text.
    pub text: String,
    /// Whether this text is not stored yet.
    pub pending: bool,
    /// Whether the row names a newer version, which is to be fetched.
    pub stale: bool,
}

impl Client {
    /// The document of a task, `None` where its text was not fetched yet.
    pub fn document(&self, task: TaskId) -> Option<DocumentView> {
        let typed = self.pending.iter().rev().find_map(|intent| match intent.command.as_ref()? {
            Command::SaveDocument(c) | Command::ResolveConflict(c) if c.id == task => {
                Some((intent.mid(), c.text.clone()))
            }
            Command::RenameTask(c) if c.id == task => Some((intent.mid(), c.text.clone())),
            Command::CreateTask(c) if c.id == task => Some((intent.mid(), compose(&c.text))),
            _ => None,
        });
        if let Some((version, text)) = typed {
            return Some(DocumentView { version, text, pending: true, stale: false });
        }
        let (version, text) = self.fetched(task)?;
        let newest = self.base.task(task).and_then(|t| t.document.version);
        Some(DocumentView { version, text: text.to_string(), pending: false, stale: newest != Some(version) })
    }
}
