//! What can be chosen in the running conversation: modes, models, efforts and further options, as the agent offers them.
//!
//! An agent tells them in up to three ways, newest first: `configOptions`, `modes`, and `models`, which the types do not
//! know. What stands in the first is left out of the others.

use qd_core::event::{EventBody, Offer, OfferKind, OfferValue};
use serde_json::{Value, json};

use super::{Acp, Awaited};
use crate::driver::{Outbox, Refused};

/// The offer's id for the modes.
const MODES: &str = "mode";
/// The offer's id for the older list of models.
const MODELS: &str = "model";

/// How an offer is chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Option,
    Mode,
    Model,
}

/// The offers of a conversation.
#[derive(Debug, Default)]
pub(super) struct Offers {
    offers: Vec<(Way, Offer)>,
}

impl Offers {
    fn read(opened: &Value) -> Self {
        let mut offers: Vec<_> =
            list(opened, "/configOptions").iter().filter_map(option).map(|offer| (Way::Option, offer)).collect();
        let has = |offers: &[(Way, Offer)], about| offers.iter().any(|(_, offer)| offer.about == about);
        if !has(&offers, OfferKind::Mode) {
            let values = list(opened, "/modes/availableModes").iter().filter_map(|mode| value(mode, "id")).collect();
            let current = opened.pointer("/modes/currentModeId");
            offers.extend(named(MODES, "Mode", OfferKind::Mode, current, values).map(|offer| (Way::Mode, offer)));
        }
        if !has(&offers, OfferKind::Model) {
            let models = list(opened, "/models/availableModels").iter();
            let values = models.filter_map(|model| value(model, "modelId")).collect();
            let current = opened.pointer("/models/currentModelId");
            offers.extend(named(MODELS, "Model", OfferKind::Model, current, values).map(|offer| (Way::Model, offer)));
        }
        Self { offers }
    }

    fn told(&self) -> Vec<Offer> {
        self.offers.iter().map(|(_, offer)| offer.clone()).collect()
    }

    fn set(&mut self, id: &str, value: &str) {
        if let Some((_, offer)) = self.offers.iter_mut().find(|(_, offer)| offer.id == id) {
            offer.current = Some(value.to_owned());
        }
    }
}

impl Acp {
    /// What the opened conversation offers.
    pub(super) fn offered(&mut self, opened: &Value, out: &mut Outbox) {
        self.offers = Offers::read(opened);
        self.tell_offers(out);
    }

    /// The options changed; the list comes whole, and with it the modes and models that stand beside it stay.
    pub(super) fn options_changed(&mut self, update: &Value, out: &mut Outbox) {
        let options = list(update, "/configOptions").iter().filter_map(option);
        let mut offers: Vec<_> = options.map(|offer| (Way::Option, offer)).collect();
        offers.extend(self.offers.offers.drain(..).filter(|(way, _)| *way != Way::Option));
        self.offers.offers = offers;
        self.tell_offers(out);
    }

    /// The agent changed its mode by itself or as it was told.
    pub(super) fn mode_changed(&mut self, mode: &str, out: &mut Outbox) {
        self.offers.set(MODES, mode);
        self.tell_offers(out);
    }

    pub(super) fn choose(&mut self, offer: String, value: String, out: &mut Outbox) -> Result<(), Refused> {
        let known = self.offers.offers.iter().find(|(_, known)| known.id == offer).ok_or(Refused::NotOffered)?;
        if !known.1.values.iter().any(|known| known.id == value) {
            return Err(Refused::NotOffered);
        }
        let id = &self.conversation;
        let (method, params) = match known.0 {
            Way::Option => ("session/set_config_option", json!({ "sessionId": id, "configId": offer, "value": value })),
            Way::Mode => ("session/set_mode", json!({ "sessionId": id, "modeId": value })),
            Way::Model => ("session/set_model", json!({ "sessionId": id, "modelId": value })),
        };
        self.call(method, &params, Awaited::Chosen { offer, value }, out);
        Ok(())
    }

    /// The agent took a choice over.
    pub(super) fn chosen(&mut self, offer: &str, value: &str, answer: &Value, out: &mut Outbox) {
        self.offers.set(offer, value);
        if answer.get("configOptions").is_some() {
            return self.options_changed(answer, out);
        }
        self.tell_offers(out);
    }

    fn tell_offers(&mut self, out: &mut Outbox) {
        let offers = self.offers.told();
        if offers != self.told_offers {
            self.told_offers.clone_from(&offers);
            out.event(EventBody::Offers { offers });
        }
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn value(value: &Value, id: &str) -> Option<OfferValue> {
    let id = text(value, id)?;
    let title = text(value, "name").unwrap_or_else(|| id.clone());
    Some(OfferValue { title, detail: text(value, "description"), id })
}

fn option(option: &Value) -> Option<Offer> {
    // The values stand in a list or in a list of groups.
    let values = list(option, "/options").iter().flat_map(|entry| match list(entry, "/options") {
        [] => std::slice::from_ref(entry),
        group => group,
    });
    let about = match option.get("category").and_then(Value::as_str) {
        Some("mode") => OfferKind::Mode,
        Some("model") => OfferKind::Model,
        Some("thought_level") => OfferKind::Effort,
        _ => OfferKind::Other,
    };
    let id = text(option, "id")?;
    let title = text(option, "name").unwrap_or_else(|| id.clone());
    let values = values.filter_map(|entry| value(entry, "value")).collect();
    named(&id, &title, about, option.get("currentValue"), values)
}

/// None where there is nothing to choose from.
fn named(id: &str, title: &str, about: OfferKind, current: Option<&Value>, values: Vec<OfferValue>) -> Option<Offer> {
    let current = current.and_then(Value::as_str).map(str::to_owned);
    (!values.is_empty()).then(|| Offer { id: id.to_owned(), title: title.to_owned(), about, current, values })
}
