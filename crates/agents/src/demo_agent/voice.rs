//! What a turn says: updates and requests, each in the protocol's words.

use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Something for the client.
#[derive(Debug)]
pub(super) enum Said {
    Message(Value),
    Asked { id: i64, message: Value, answer: oneshot::Sender<Value> },
}

/// What a person chose, and what came beside it.
#[derive(Debug)]
pub(super) struct Answer {
    /// The option's id.
    pub(super) option: String,
    pub(super) note: Option<String>,
    /// The tool's input as it was edited.
    pub(super) input: Option<Value>,
}

/// Speaks for one conversation.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    say: mpsc::Sender<Said>,
    conversation: Arc<str>,
    calls: Arc<AtomicI64>,
}

impl Voice {
    pub(super) fn new(say: mpsc::Sender<Said>) -> Self {
        Self { say, conversation: Arc::from(""), calls: Arc::new(AtomicI64::new(1)) }
    }

    pub(super) fn of(&self, conversation: &str) -> Self {
        Self { conversation: Arc::from(conversation), ..self.clone() }
    }

    /// A number that no other tool call of this process has.
    pub(super) fn number(&self) -> i64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) async fn update(&self, update: Value) {
        let params = json!({ "sessionId": &*self.conversation, "update": update });
        let message = json!({ "jsonrpc": "2.0", "method": "session/update", "params": params });
        // The receiver outlives every turn.
        let _ = self.say.send(Said::Message(message)).await;
    }

    pub(super) async fn text(&self, text: &str) {
        let content = json!({ "type": "text", "text": text });
        self.update(json!({ "sessionUpdate": "agent_message_chunk", "content": content })).await;
    }

    pub(super) async fn thought(&self, text: &str) {
        let content = json!({ "type": "text", "text": text });
        self.update(json!({ "sessionUpdate": "agent_thought_chunk", "content": content })).await;
    }

    /// A tool call or a change of one; `fields` are the protocol's.
    pub(super) async fn tool(&self, kind: &str, id: &str, mut fields: Value) {
        fields["sessionUpdate"] = json!(kind);
        fields["toolCallId"] = json!(id);
        self.update(fields).await;
    }

    pub(super) async fn image(&self, mime: &str, data: &str) {
        let content = json!({ "type": "image", "mimeType": mime, "data": data });
        self.update(json!({ "sessionUpdate": "agent_message_chunk", "content": content })).await;
    }

    /// Asks and waits. None where the client withdrew.
    pub(super) async fn ask(&self, params: Value) -> Option<Answer> {
        let id = self.number();
        let mut params = params;
        params["sessionId"] = json!(&*self.conversation);
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "session/request_permission", "params": params });
        let (answer, answered) = oneshot::channel();
        let _ = self.say.send(Said::Asked { id, message, answer }).await;
        let result = answered.await.ok()?;
        let option = result.pointer("/outcome/optionId").and_then(Value::as_str)?.to_owned();
        let note = result.pointer("/_meta/note").and_then(Value::as_str).map(str::to_owned);
        Some(Answer { option, note, input: result.pointer("/_meta/input").cloned() })
    }
}
