//! Model and effort: chosen for the turns that follow.

use qd_core::event::{Abilities, EventBody, Offer, OfferKind, OfferValue};
use serde_json::{Value, json};

use crate::driver::{Outbox, Refused};

/// What it can do, as measured.
pub(super) const ABILITIES: Abilities = Abilities { steer: true, images: true, resume: true };

const MODEL: &str = "model";
const EFFORT: &str = "effort";

/// The settings of a conversation.
#[derive(Debug)]
pub(super) struct Settings {
    model: Option<String>,
    effort: Option<String>,
    /// What a person chose, for the next turn.
    chosen: Vec<(&'static str, String)>,
    models: Vec<Model>,
}

#[derive(Debug)]
struct Model {
    value: OfferValue,
    efforts: Vec<OfferValue>,
    effort: Option<String>,
}

impl Settings {
    pub(super) fn new(model: Option<String>) -> Self {
        Self { model, effort: None, chosen: Vec::new(), models: Vec::new() }
    }

    /// What the opened thread says of itself.
    pub(super) fn opened(&mut self, answer: &Value) {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        self.model = text("model").or(self.model.take());
        self.effort = text("reasoningEffort").or(self.effort.take());
    }

    pub(super) fn models(&mut self, answer: &Value, out: &mut Outbox) {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let effort = |effort: &Value| {
            let id = text(effort, "reasoningEffort")?;
            Some(OfferValue { title: id.clone(), detail: text(effort, "description"), id })
        };
        let model = |model: &Value| {
            let id = text(model, "model").or_else(|| text(model, "id"))?;
            let title = text(model, "displayName").unwrap_or_else(|| id.clone());
            Some(Model {
                value: OfferValue { id, title, detail: text(model, "description") },
                efforts: list(model, "supportedReasoningEfforts").iter().filter_map(effort).collect(),
                effort: text(model, "defaultReasoningEffort"),
            })
        };
        let shown = |model: &&Value| model.get("hidden") != Some(&Value::Bool(true));
        self.models = list(answer, "data").iter().filter(shown).filter_map(model).collect();
        self.tell(out);
    }

    pub(super) fn choose(&mut self, offer: &str, value: String, out: &mut Outbox) -> Result<(), Refused> {
        let model = |id: &str| self.models.iter().find(|model| model.value.id == id);
        match offer {
            MODEL => {
                let model = model(&value).ok_or(Refused::NotOffered)?;
                self.effort = model.effort.clone();
                self.model = Some(value.clone());
                self.chosen.push((MODEL, value));
            }
            EFFORT => {
                let current = self.model.as_deref().and_then(model).ok_or(Refused::NotOffered)?;
                if !current.efforts.iter().any(|effort| effort.id == value) {
                    return Err(Refused::NotOffered);
                }
                self.effort = Some(value.clone());
                self.chosen.push((EFFORT, value));
            }
            _ => return Err(Refused::NotOffered),
        }
        self.tell(out);
        Ok(())
    }

    /// Puts what was chosen into the params of a turn; it holds from then on.
    pub(super) fn overrides(&mut self, params: &mut Value) {
        for (name, value) in self.chosen.drain(..) {
            params[name] = json!(value);
        }
    }

    fn tell(&self, out: &mut Outbox) {
        let values = self.models.iter().map(|model| model.value.clone()).collect();
        let current = self.models.iter().find(|model| Some(&model.value.id) == self.model.as_ref());
        let efforts = current.map(|model| model.efforts.clone()).unwrap_or_default();
        let effort = self.effort.clone().or_else(|| current?.effort.clone());
        let offer = |id: &str, title: &str, about, current: Option<String>, values: Vec<OfferValue>| {
            let (id, title) = (id.to_owned(), title.to_owned());
            (!values.is_empty()).then_some(Offer { id, title, about, current, values })
        };
        let model = offer(MODEL, "Model", OfferKind::Model, self.model.clone(), values);
        let effort = offer(EFFORT, "Effort", OfferKind::Effort, effort, efforts);
        out.event(EventBody::Offers { offers: model.into_iter().chain(effort).collect() });
    }
}
