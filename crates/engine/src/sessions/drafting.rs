//! Messages for commits, suggested when an implementation ends: made of the task's document, or written by an agent that
//! was asked to. Each is bound to the tree that it was written for.

use crate::engine::Engine;
use qd_core::command::{Command, DraftMessage};
use qd_core::document;
use qd_core::event::{Event, EventBody};
use qd_core::ids::TaskId;
use qd_core::row::{Draft, Session};
use qd_store::{OutputError, Outputs};
use std::io::BufRead as _;

/// A message is cut to so many bytes.
const LONGEST: usize = 20_000;

/// Suggests what the document says; what an agent has written for this very tree stays.
pub(super) async fn of_document(engine: &Engine, task: TaskId) {
    let Some(tree) = tree(engine, task) else { return };
    let title = engine.read(|state| {
        let task = state.task(task)?;
        let written = task.branch.as_ref()?.fresh_draft().is_some_and(|draft| draft.session.is_some());
        (!written).then(|| task.title.clone())
    });
    let (Some(title), Ok(Some(document))) = (title, engine.document(task, None).await) else { return };
    let text = document::commit_message(&document.text, &title);
    tell(engine, task, Draft { text, tree, session: None }).await;
}

/// Takes what a session of kind commit-message said last.
pub(super) async fn written_by(engine: &Engine, row: &Session) {
    engine.count_changes(row.task).await;
    let Some(tree) = tree(engine, row.task) else { return };
    let (outputs, session, attempt) = (Outputs::new(&engine.config().data_dir), row.id, row.attempt);
    let said = tokio::task::spawn_blocking(move || last_answer(&outputs, session, attempt)).await;
    let text = match said {
        Ok(Ok(text)) => plain(&text),
        Ok(Err(error)) => return tracing::warn!(session.id = %row.id, %error, "a message could not be read"),
        Err(_) => return,
    };
    if !text.is_empty() {
        tell(engine, row.task, Draft { text, tree, session: Some(row.id) }).await;
    }
}

/// What the agent said behind the last prompt and its last tool.
fn last_answer(outputs: &Outputs, session: qd_core::ids::SessionId, attempt: u32) -> Result<String, OutputError> {
    let mut answer = String::new();
    for line in outputs.whole(session, attempt)?.split(b'\n') {
        let Ok(event) = serde_json::from_slice::<Event>(&line?) else { continue };
        match event.body {
            EventBody::Prompt { .. } | EventBody::Tool(_) => answer.clear(),
            EventBody::Text { text } => answer.push_str(&text),
            _ => {}
        }
    }
    Ok(answer)
}

/// Without the fence that agents like to put around it, and not longer than a message may be.
fn plain(text: &str) -> String {
    let mut text = text.trim();
    if let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) {
        text = inner.split_once('\n').map_or(inner, |(_, rest)| rest).trim();
    }
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or_default();
    let end = if text.len() <= LONGEST { text.len() } else { end };
    text.get(..end).unwrap_or_default().to_owned()
}

fn tree(engine: &Engine, task: TaskId) -> Option<String> {
    engine.read(|state| {
        let branch = state.task(task)?.standing()?;
        branch.changed.as_ref().filter(|changed| changed.files > 0).map(|changed| changed.tree.clone())
    })
}

async fn tell(engine: &Engine, task: TaskId, draft: Draft) {
    let cause = crate::time::mint(&*engine.config().clock).to_string();
    let known = engine.read(|state| state.task(task)?.branch.as_ref()?.draft.clone());
    if known.as_deref() != Some(&draft) {
        engine.report(Command::DraftMessage(DraftMessage { task, draft }), &["draft", &cause]).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fence_around_a_message_is_taken_off_and_a_long_one_is_cut_at_a_character() {
        assert_eq!(plain("\n```text\nAdd it\n\nBecause.\n```\n"), "Add it\n\nBecause.");
        assert_eq!(plain("Add `it`"), "Add `it`");
        let long = "é".repeat(LONGEST);
        assert!(plain(&long).len() <= LONGEST && plain(&long).len() > LONGEST - 4);
    }
}
