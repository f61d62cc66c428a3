//! What can be chosen: permission modes and models; and the commands that it offers.

use qd_core::event::{Abilities, EventBody, Offer, OfferKind, OfferValue, OfferedCommand};
use serde_json::{Value, json};

use crate::driver::{Outbox, Start};

/// What it can do, as measured.
pub(super) const ABILITIES: Abilities = Abilities { steer: true, images: true, resume: true };

const MODE: &str = "mode";
const MODEL: &str = "model";

/// The modes that are of use here. `auto` lets a model decide, `bypassPermissions` is refused to root.
const MODES: [(&str, &str, &str); 3] = [
    ("default", "Ask", "Asks before edits and commands"),
    ("acceptEdits", "Accept edits", "Edits files, asks before commands"),
    ("plan", "Plan", "Reads and plans, changes nothing"),
];

/// The settings of a conversation.
#[derive(Debug)]
pub(super) struct Settings {
    mode: Option<String>,
    model: Option<String>,
    models: Vec<OfferValue>,
    told: Vec<Offer>,
}

impl Settings {
    pub(super) fn new(start: &Start) -> Self {
        let mode = start.quirks.modes.of(start.permission).map(str::to_owned);
        Self { mode, model: start.model.clone(), models: Vec::new(), told: Vec::new() }
    }

    /// What the answer to `initialize` offers.
    pub(super) fn offered(&mut self, answer: &Value, out: &mut Outbox) {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| answer.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let model = |model: &Value| {
            let id = text(model, "value")?;
            let title = text(model, "displayName").unwrap_or_else(|| id.clone());
            Some(OfferValue { id, title, detail: text(model, "description") })
        };
        self.models = list("models").iter().filter_map(model).collect();
        if let Some(mode) = text(answer, "current_permission_mode") {
            self.mode = Some(mode);
        }
        commands(answer, out);
        self.tell(out);
    }

    /// A line that names the mode that is set.
    pub(super) fn init(&mut self, line: &Value, out: &mut Outbox) {
        if let Some(mode) = line.get("permissionMode").and_then(Value::as_str) {
            self.mode = Some(mode.to_owned());
            self.tell(out);
        }
    }

    /// The control request that makes a choice.
    pub(super) fn choose(&self, offer: &str, value: &str) -> Option<(&'static str, Value)> {
        let known = self.told.iter().find(|known| known.id == offer)?;
        known.values.iter().find(|known| known.id == value)?;
        match offer {
            MODE => Some((MODE, json!({ "subtype": "set_permission_mode", "mode": value }))),
            MODEL => Some((MODEL, json!({ "subtype": "set_model", "model": value }))),
            _ => None,
        }
    }

    /// A choice was made.
    pub(super) fn chosen(&mut self, offer: &str, value: &str, out: &mut Outbox) {
        match offer {
            MODE => self.mode = Some(value.to_owned()),
            _ => self.model = Some(value.to_owned()),
        }
        self.tell(out);
    }

    fn tell(&mut self, out: &mut Outbox) {
        let mode = |(id, title, detail): (&str, &str, &str)| OfferValue {
            id: id.to_owned(),
            title: title.to_owned(),
            detail: Some(detail.to_owned()),
        };
        let offer = |id: &str, title: &str, about, current: &Option<String>, values| Offer {
            id: id.to_owned(),
            title: title.to_owned(),
            about,
            current: current.clone(),
            values,
        };
        let mut offers = vec![offer(MODE, "Mode", OfferKind::Mode, &self.mode, MODES.map(mode).to_vec())];
        if !self.models.is_empty() {
            let current = self.model.clone().or_else(|| self.models.first().map(|model| model.id.clone()));
            offers.push(offer(MODEL, "Model", OfferKind::Model, &current, self.models.clone()));
        }
        if offers != self.told {
            self.told.clone_from(&offers);
            out.event(EventBody::Offers { offers });
        }
    }
}

/// The commands that a message lists.
pub(super) fn commands(message: &Value, out: &mut Outbox) {
    let text = |command: &Value, name: &str| command.get(name).and_then(Value::as_str).map(str::to_owned);
    let command = |command: &Value| {
        let description = text(command, "description").unwrap_or_default();
        Some(OfferedCommand { name: text(command, "name")?, description })
    };
    let listed = message.get("commands").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let commands: Vec<_> = listed.iter().filter_map(command).collect();
    if !commands.is_empty() {
        out.event(EventBody::Commands { commands });
    }
}
