//! `session/update`: one of many kinds, each to its event. What is not known is kept raw.

use agent_client_protocol_schema::v1::{self as acp, ContentBlock, EmbeddedResourceResource, SessionUpdate};
use qd_core::event::{EventBody, Image, OfferedCommand, PlanEntry, ToolStatus};
use serde_json::Value;

use super::{Acp, Phase};
use crate::driver::Outbox;
use crate::usage;

impl Acp {
    pub(super) fn update(&mut self, raw: Value, out: &mut Outbox) {
        use serde::Deserialize as _;
        let Ok(update) = SessionUpdate::deserialize(&raw) else {
            return out.event(EventBody::Unknown { raw });
        };
        match update {
            SessionUpdate::AgentMessageChunk(chunk) => self.text(&chunk, out),
            SessionUpdate::AgentThoughtChunk(chunk) => {
                self.message = None;
                out.event(EventBody::Thought { text: block_text(&chunk.content) });
            }
            SessionUpdate::ToolCall(call) => self.tool(call.into(), out),
            SessionUpdate::ToolCallUpdate(update) => self.tool(update, out),
            SessionUpdate::Plan(plan) => {
                let entries = plan.entries.into_iter().map(plan_entry).collect();
                out.event(EventBody::Plan { entries });
            }
            SessionUpdate::AvailableCommandsUpdate(update) => {
                let commands = update.available_commands.into_iter();
                let commands = commands
                    .map(|command| OfferedCommand { name: command.name, description: command.description })
                    .collect();
                out.event(EventBody::Commands { commands });
            }
            SessionUpdate::CurrentModeUpdate(update) => {
                self.mode_changed(&update.current_mode_id.to_string(), out);
            }
            SessionUpdate::UsageUpdate(update) => {
                let mut usage = self.usage.clone();
                usage.context_used = Some(update.used);
                usage.context_size = Some(update.size);
                if let Some(cost) = update.cost.filter(|cost| cost.currency == "USD") {
                    // It counts over the conversation, in whatever process that goes on.
                    let before = if self.start.resume.is_some() { self.start.spent } else { Some(0.0) };
                    usage.conversation_usd = Some(cost.amount);
                    usage.cost_usd = before.map(|before| usage::dollars(cost.amount - before));
                }
                self.tell_usage(usage, out);
            }
            SessionUpdate::ConfigOptionUpdate(_) => self.options_changed(&raw, out),
            // The prompt is in the log already; titles of the agent's own lists concern nobody here.
            SessionUpdate::UserMessageChunk(_) | SessionUpdate::SessionInfoUpdate(_) => {}
            _ => out.event(EventBody::Unknown { raw }),
        }
    }

    fn tool(&mut self, update: acp::ToolCallUpdate, out: &mut Outbox) {
        self.message = None;
        self.said.acted = true;
        let update = self.tools.read(update);
        self.tools.tell(update, out);
    }

    fn text(&mut self, chunk: &acp::ContentChunk, out: &mut Outbox) {
        if let ContentBlock::Image(image) = &chunk.content {
            return out.event(EventBody::Image(Image { mime: image.mime_type.clone(), data: image.data.clone() }));
        }
        let text = block_text(&chunk.content);
        // Before the first prompt it answers nothing: Gemini confirms its mode in this way.
        if self.phase == Phase::Booting {
            return out.event(EventBody::Note { text: format!("{}: {text}", self.start.title) });
        }
        let message = chunk.message_id.as_ref().map(ToString::to_string);
        // Two messages in a row are two paragraphs; nothing in their text says so.
        if let (Some(before), Some(now)) = (&self.message, &message)
            && before != now
        {
            out.event(EventBody::Text { text: "\n\n".to_owned() });
        }
        self.message = message;
        if !text.is_empty() {
            self.said.text(&text);
            out.event(EventBody::Text { text });
        }
    }
}

fn plan_entry(entry: acp::PlanEntry) -> PlanEntry {
    let status = match entry.status {
        acp::PlanEntryStatus::InProgress => ToolStatus::Running,
        acp::PlanEntryStatus::Completed => ToolStatus::Completed,
        _ => ToolStatus::Pending,
    };
    PlanEntry { text: entry.content, status }
}

/// A block as text; what is no text is named.
pub(super) fn block_text(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => format!("[image, {}]", image.mime_type),
        ContentBlock::Audio(audio) => format!("[audio, {}]", audio.mime_type),
        ContentBlock::ResourceLink(link) => format!("[{}]({})", link.name, link.uri),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            EmbeddedResourceResource::TextResourceContents(resource) => resource.text.clone(),
            EmbeddedResourceResource::BlobResourceContents(resource) => format!("[{}]", resource.uri),
            _ => "[resource]".to_owned(),
        },
        _ => "[content of an unknown kind]".to_owned(),
    }
}
