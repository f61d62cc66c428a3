//! What the agent says and thinks: in pieces where they are streamed, else from the whole message behind them.

use qd_core::event::{EventBody, Image};
use serde_json::Value;

use super::Claude;
use crate::driver::Outbox;

/// What of the agent's messages was told.
#[derive(Debug, Default)]
pub(super) struct Speech {
    /// The message that is being streamed; its text comes in pieces.
    streamed: Option<String>,
    /// The message and the block that the last piece of text belonged to.
    last: Option<(String, u64)>,
    /// Blocks of text that came whole: each is a line of its own, which does not say its place in the message.
    whole: u64,
    /// Tokens in the window after the last message.
    pub(super) context: Option<u64>,
    /// The model of the last message.
    pub(super) model: Option<String>,
}

impl Speech {
    /// Something other than text came: the next piece needs no break before it.
    pub(super) fn interrupted(&mut self) {
        self.last = None;
    }

    fn text(&mut self, message: &str, block: u64, text: &str, out: &mut Outbox) {
        if text.is_empty() {
            return;
        }
        // Two blocks in a row are two paragraphs; nothing in their text says so.
        if self.last.as_ref().is_some_and(|(before, at)| before != message || *at != block) {
            out.event(EventBody::Text { text: "\n\n".to_owned() });
        }
        self.last = Some((message.to_owned(), block));
        out.event(EventBody::Text { text: text.to_owned() });
    }
}

impl Claude {
    /// A piece of a message, in the events of the model's own API.
    pub(super) fn streamed(&mut self, line: &Value, out: &mut Outbox) {
        let Some(event) = line.get("event") else { return };
        let block = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        match event.get("type").and_then(Value::as_str) {
            Some("message_start") => {
                self.speech.streamed = event.pointer("/message/id").and_then(Value::as_str).map(str::to_owned);
            }
            Some("content_block_start") => {
                if let Some(call) = event.get("content_block").filter(|block| block["type"] == "tool_use") {
                    self.speech.interrupted();
                    self.tools.begins(call, out);
                }
            }
            Some("content_block_delta") => {
                let text = |name: &str| event.pointer(name).and_then(Value::as_str);
                if let Some(text) = text("/delta/text") {
                    let message = self.speech.streamed.clone().unwrap_or_default();
                    self.speech.text(&message, block, text, out);
                } else if let Some(text) = text("/delta/thinking") {
                    self.speech.interrupted();
                    out.event(EventBody::Thought { text: text.to_owned() });
                }
            }
            Some("message_delta") => {
                if let Some(usage) = event.get("usage") {
                    self.speech.context = Some(super::outcome::tokens(usage));
                }
            }
            _ => {}
        }
    }

    /// A block of a message, whole. Of a helper only the calls are told.
    pub(super) fn said(&mut self, mut line: Value, inner: bool, out: &mut Outbox) {
        let Some(message) = line.get_mut("message").map(Value::take) else { return };
        let model = message.get("model").and_then(Value::as_str).unwrap_or_default();
        // The program's own words: what a command of its own gave. Those about an error stand in the result as well.
        let synthetic = model == "<synthetic>";
        let error = line.get("error").is_some_and(|error| !error.is_null());
        if !synthetic && !inner && !model.is_empty() {
            self.speech.model = Some(model.to_owned());
        }
        let id = message.get("id").and_then(Value::as_str).unwrap_or_default();
        let told = inner || (synthetic && error) || self.speech.streamed.as_deref() == Some(id);
        let blocks = message.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for block in blocks {
            let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
            match text("type") {
                "text" if !told => {
                    self.speech.whole += 1;
                    self.speech.text(id, self.speech.whole, text("text"), out);
                }
                "thinking" if !told => {
                    self.speech.interrupted();
                    out.event(EventBody::Thought { text: text("thinking").to_owned() });
                }
                "tool_use" | "server_tool_use" | "mcp_tool_use" => {
                    self.speech.interrupted();
                    self.tools.called(block, out);
                }
                "image" => out.event(EventBody::Image(image(block))),
                _ => {}
            }
        }
    }
}

/// A block with an image in it.
pub(super) fn image(block: &Value) -> Image {
    let text = |name: &str| block.pointer(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Image { mime: text("/source/media_type"), data: text("/source/data") }
}
