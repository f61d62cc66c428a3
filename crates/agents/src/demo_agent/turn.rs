//! One turn: from the prompt to its end. Dropped, it leaves its command ended and its files as they are.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

use super::directive::Directive;
use super::memory::Conversation;
use super::prompt::Prompt;
use super::voice::Voice;
use super::{Settings, files};

/// How a turn ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Ended,
    /// The prompt is answered with an error and the process exits.
    Refused(String),
    /// The process dies in the middle of a line.
    Crashed,
}

/// What a turn works with.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) settings: Settings,
    pub(super) cwd: PathBuf,
    pub(super) step: Duration,
    pub(super) voice: Voice,
    pub(super) prompt: Prompt,
    pub(super) directives: Vec<Directive>,
    /// What images came with the prompt: media type and base64.
    pub(super) images: Vec<(String, String)>,
    /// How many prompts the conversation has, with this one.
    pub(super) count: usize,
    /// Whether the person allowed its commands.
    pub(super) allowed: bool,
}

impl Turn {
    pub(super) fn new(
        settings: &Settings,
        conversation: &Conversation,
        voice: Voice,
        text: &str,
        images: Vec<(String, String)>,
    ) -> Self {
        let prompt = Prompt::read(text);
        let mut directives = Directive::all_in(text);
        if let Some(document) = prompt.document.as_ref().and_then(|path| files::inside(&conversation.cwd, path))
            && let Ok(document) = std::fs::read_to_string(document)
        {
            directives.extend(Directive::all_in(&document));
        }
        let slow = directives.contains(&Directive::Slow) || conversation.slow;
        Self {
            settings: settings.clone(),
            cwd: conversation.cwd.clone(),
            step: settings.step * if slow { 10 } else { 1 },
            voice,
            prompt,
            allowed: directives.contains(&Directive::NoPermission),
            directives,
            images,
            count: conversation.prompts.len(),
        }
    }

    pub(super) fn ignores_cancel(&self) -> bool {
        self.directives.contains(&Directive::IgnoreCancel)
    }

    pub(super) async fn play(mut self) -> Stop {
        for directive in self.directives.clone() {
            if let Some(stop) = self.follow(&directive).await {
                return stop;
            }
        }
        self.work().await
    }

    /// Waits for a step's time, so that a person can follow.
    pub(super) async fn pause(&self) {
        if !self.step.is_zero() {
            tokio::time::sleep(self.step).await;
        }
    }

    /// Says a text in pieces, as models do.
    pub(super) async fn speak(&self, text: &str) {
        for piece in text.split_inclusive(char::is_whitespace) {
            self.voice.text(piece).await;
        }
        self.pause().await;
    }

    /// Begins a tool call; returns its id.
    pub(super) async fn begin(&self, title: &str, kind: &str, mut fields: Value) -> String {
        let id = format!("demo-{}", self.voice.number());
        fields["title"] = json!(title);
        fields["kind"] = json!(kind);
        if fields.get("status").is_none() {
            fields["status"] = json!("in_progress");
        }
        self.voice.tool("tool_call", &id, fields).await;
        id
    }

    /// Ends a tool call.
    pub(super) async fn end(&self, id: &str, status: &str, mut fields: Value) {
        fields["status"] = json!(status);
        self.voice.tool("tool_call_update", id, fields).await;
        self.pause().await;
    }

    /// The absolute path, as the protocol wants it.
    pub(super) fn location(&self, path: &str) -> Value {
        json!([{ "path": self.cwd.join(path) }])
    }
}
