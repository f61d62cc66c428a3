//! From the first line to the open conversation: initialise, open or resume, set mode and model.

use agent_client_protocol_schema::v1 as acp;
use qd_core::event::{Abilities, EventBody};
use serde_json::{Value, json};

use super::{Acp, Awaited, Phase};
use crate::driver::{Fork, Outbox, Signal};

/// The version of the protocol that is spoken here.
const VERSION: u64 = 1;

/// Something to be set before the first prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    method: &'static str,
    /// The params without the conversation's id.
    params: Value,
    words: String,
}

impl Acp {
    pub(super) fn initialize(&mut self, out: &mut Outbox) {
        let params = json!({
            "protocolVersion": VERSION,
            // Agents work on the files and run commands themselves: what they do shows in git, not in our hands.
            "clientCapabilities": { "fs": { "readTextFile": false, "writeTextFile": false }, "terminal": false },
            "clientInfo": { "name": "quarterdeck", "title": "Quarterdeck", "version": env!("CARGO_PKG_VERSION") },
        });
        self.call("initialize", &params, Awaited::Initialize, out);
    }

    pub(super) fn initialized(&mut self, result: &Value, out: &mut Outbox) {
        let title = self.start.title.clone();
        match result.get("protocolVersion").and_then(Value::as_u64) {
            Some(VERSION) => {}
            other => {
                let version = other.map_or_else(|| "an unknown version".to_owned(), |other| format!("version {other}"));
                let reason = format!("{title} speaks {version} of the protocol; version {VERSION} is needed.");
                return self.broken(reason, out);
            }
        }
        let answer: acp::InitializeResponse = match serde_json::from_value(result.clone()) {
            Ok(answer) => answer,
            Err(error) => return self.broken(format!("{title} answered what is no protocol: {error}"), out),
        };
        self.program = answer.agent_info.map(|info| format!("{} {}", info.title.unwrap_or(info.name), info.version));
        self.open(answer.agent_capabilities.load_session, result, out);
    }

    fn open(&mut self, can_load: bool, initialized: &Value, out: &mut Outbox) {
        let can_resume = initialized.pointer("/agentCapabilities/sessionCapabilities/resume").is_some();
        let images = initialized.pointer("/agentCapabilities/promptCapabilities/image") == Some(&Value::Bool(true));
        self.can = Abilities { steer: false, images, resume: can_load || can_resume };
        let mut params = json!({ "cwd": self.start.cwd, "mcpServers": [] });
        match self.start.resume.clone() {
            Some(id) if can_load || can_resume => {
                if let Some(params) = params.as_object_mut() {
                    params.insert("sessionId".to_owned(), json!(id));
                }
                let method = if can_load { "session/load" } else { "session/resume" };
                self.call(method, &params, Awaited::Resumed(id), out);
            }
            Some(_) => {
                let text = format!("{} cannot go on with a conversation; this is a new one.", self.start.title);
                out.event(EventBody::Note { text });
                self.call("session/new", &params, Awaited::New, out);
            }
            None => self.fork(params, initialized, out),
        }
    }

    /// Opens a new conversation: from the end of another one where that is wanted and offered.
    fn fork(&mut self, mut params: Value, initialized: &Value, out: &mut Outbox) {
        let offered = initialized.pointer("/agentCapabilities/sessionCapabilities/fork").is_some();
        match &self.start.fork {
            Some(Fork { conversation: Some(id), at: None, .. }) if offered => {
                params["sessionId"] = json!(id);
                return self.call("session/fork", &params, Awaited::New, out);
            }
            // An agent that is not told where it stood: its caller knows that from the beginning.
            Some(Fork { conversation: Some(_), .. }) => out.signal(Signal::Unforked),
            _ => {}
        }
        self.call("session/new", &params, Awaited::New, out);
    }

    pub(super) fn opened(&mut self, conversation: String, result: &Value, out: &mut Outbox) {
        out.event(EventBody::Conversation { id: conversation.clone() });
        self.conversation = conversation;
        self.offered(result, out);
        let mode = self.start.quirks.modes.of(self.start.permission);
        // Popped from the end: the mode first.
        if let Some(model) = self.start.model.clone() {
            self.plan_setting(model_setting(result, &model), &format!("the model {model}"), out);
        }
        if let Some(mode) = mode {
            self.plan_setting(mode_setting(result, mode), &format!("the mode {mode}"), out);
        }
        self.next_setting(out);
    }

    /// An update of a loaded conversation before its first prompt.
    pub(super) fn past(&mut self, update: Value, out: &mut Outbox) {
        match update.get("sessionUpdate").and_then(Value::as_str) {
            Some("available_commands_update") => {
                self.update(update, out);
                let waited = std::mem::take(&mut self.past) && !self.conversation.is_empty();
                let setting = self.awaited.values().any(|awaited| matches!(awaited, Awaited::Set(_)));
                if waited && !setting {
                    self.next_setting(out);
                }
            }
            // How it stands now, not what was said.
            Some("usage_update" | "current_mode_update" | "config_option_update") => self.update(update, out),
            _ => {}
        }
    }

    fn plan_setting(&mut self, setting: Option<Setting>, words: &str, out: &mut Outbox) {
        if let Some(setting) = setting {
            self.settings.push(setting);
        } else {
            let text = format!("{} does not offer {words}; it keeps its own choice.", self.start.title);
            out.event(EventBody::Note { text });
        }
    }

    pub(super) fn next_setting(&mut self, out: &mut Outbox) {
        let Some(Setting { method, mut params, words }) = self.settings.pop() else {
            if self.past {
                return;
            }
            self.phase = Phase::Idle;
            return out.signal(Signal::Ready { program: self.program.clone(), can: self.can });
        };
        if let Some(params) = params.as_object_mut() {
            params.insert("sessionId".to_owned(), json!(self.conversation));
        }
        self.call(method, &params, Awaited::Set(words), out);
    }
}

/// How to set the mode, where the agent offers it: as a mode, else as a configuration option.
fn mode_setting(opened: &Value, mode: &str) -> Option<Setting> {
    let words = format!("the mode {mode}");
    let modes = opened.pointer("/modes/availableModes").and_then(Value::as_array);
    if modes.is_some_and(|modes| modes.iter().any(|offered| offered["id"] == mode)) {
        return Some(Setting { method: "session/set_mode", params: json!({ "modeId": mode }), words });
    }
    config_setting(opened, "mode", mode, words)
}

/// How to set the model: as a configuration option, else by the older list of models, which the types do not know.
fn model_setting(opened: &Value, model: &str) -> Option<Setting> {
    let words = format!("the model {model}");
    if let Some(setting) = config_setting(opened, "model", model, words.clone()) {
        return Some(setting);
    }
    let models = opened.pointer("/models/availableModels").and_then(Value::as_array)?;
    models.iter().any(|offered| offered["modelId"] == model).then(|| Setting {
        method: "session/set_model",
        params: json!({ "modelId": model }),
        words,
    })
}

fn config_setting(opened: &Value, category: &str, value: &str, words: String) -> Option<Setting> {
    let options = opened.get("configOptions").and_then(Value::as_array)?;
    let option = options.iter().find(|option| option["category"] == category)?;
    let offered = option.get("options").and_then(Value::as_array)?;
    // The values stand in a list or in a list of groups.
    let mut values = offered.iter().flat_map(|entry| match entry.get("options").and_then(Value::as_array) {
        Some(group) => group.iter().collect(),
        None => vec![entry],
    });
    values.any(|offered| offered["value"] == value).then(|| Setting {
        method: "session/set_config_option",
        params: json!({ "configId": option["id"], "value": value }),
        words,
    })
}
