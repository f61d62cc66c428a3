//! The face of the optimistic core for the page: JSON text in, JSON text out. No logic.

use qd_client::hub::{Hub as Core, HubEvent};
use qd_client::list::Query;
use qd_client::{Client, Config, Event, markdown as md, transcript};
use qd_core::blob::BlobId;
use qd_core::command::Command;
use qd_core::document;
use qd_core::ids::{Millis, SessionId, TaskId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

fn read<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, JsError> {
    serde_json::from_str(json).map_err(|e| JsError::new(&format!("{what}: {e}")))
}

fn write<T: Serialize>(value: &T) -> Result<String, JsError> {
    serde_json::to_string(value).map_err(|e| JsError::new(&e.to_string()))
}

fn id<T: From<uuid::Uuid>>(text: &str) -> Result<T, JsError> {
    text.parse().map(T::from).map_err(|e: uuid::Error| JsError::new(&format!("`{text}` is not an id: {e}")))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970 fit both")]
fn millis(now: f64) -> Millis {
    Millis(now as u64)
}

/// The name of a blob with these bytes. Browsers hash by themselves only on pages that came over TLS or from this machine.
#[wasm_bindgen]
pub fn blob_id(bytes: &[u8]) -> String {
    BlobId::of(bytes).into()
}

/// The optimistic core of one tab.
#[wasm_bindgen]
pub struct Panel {
    core: Client,
}

#[wasm_bindgen]
impl Panel {
    /// Of a `Config` as JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str) -> Result<Panel, JsError> {
        Ok(Self { core: Client::new(&read::<Config>("config", config)?) })
    }

    /// One event (`Event`); gives back what it led to (`Output`).
    pub fn handle(&mut self, event: &str) -> Result<String, JsError> {
        write(&self.core.handle(read::<Event>("event", event)?))
    }

    /// A click: `{name, args}` with all ids minted.
    pub fn act(&mut self, command: &str, now: f64) -> Result<String, JsError> {
        #[derive(serde::Deserialize)]
        struct Act {
            name: String,
            args: serde_json::Value,
        }
        let act: Act = read("command", command)?;
        let command =
            Command::of_wire(&act.name, &act.args).map_err(|e| JsError::new(&format!("{}: {e}", act.name)))?;
        write(&self.core.handle(Event::Act { command, now: millis(now) }))
    }

    /// A snapshot's body, without being wrapped into JSON once more.
    pub fn snapshot(&mut self, text: String, now: f64) -> Result<String, JsError> {
        write(&self.core.handle(Event::Snapshot { text, now: millis(now) }))
    }

    /// A new `UUIDv7`.
    pub fn mint(&mut self, now: f64) -> String {
        self.core.mint(millis(now)).to_string()
    }

    /// `ConnectionView`
    pub fn connection(&self) -> Result<String, JsError> {
        write(&self.core.connection())
    }

    /// `Lines` of a `Query`
    pub fn task_lines(&mut self, query: &str) -> Result<String, JsError> {
        write(&self.core.task_lines(&read::<Query>("query", query)?))
    }

    /// `TaskView`
    pub fn task(&self, task: &str) -> Result<Option<String>, JsError> {
        self.core.task(id::<TaskId>(task)?).map(|view| write(&view)).transpose()
    }

    /// `SessionList`
    pub fn sessions(&self, task: &str) -> Result<String, JsError> {
        write(&self.core.sessions(id::<TaskId>(task)?))
    }

    /// `CommentView[]`
    pub fn comments(&self, task: &str) -> Result<String, JsError> {
        write(&self.core.comments(id::<TaskId>(task)?))
    }

    /// `SessionView`
    pub fn session(&self, session: &str) -> Result<Option<String>, JsError> {
        self.core.session(id::<SessionId>(session)?).map(|view| write(&view)).transpose()
    }

    /// Ids of all sessions that have not ended.
    pub fn running(&self) -> Result<String, JsError> {
        write(&self.core.running())
    }

    /// `Agents`
    pub fn agents(&self) -> Result<String, JsError> {
        write(&self.core.agents())
    }

    /// `Project[]`
    pub fn projects(&self) -> Result<String, JsError> {
        write(&self.core.projects())
    }

    /// `Settings`
    pub fn settings(&self) -> Result<String, JsError> {
        write(&self.core.settings())
    }

    /// `DocumentView`
    pub fn document(&self, task: &str) -> Result<Option<String>, JsError> {
        self.core.document(id::<TaskId>(task)?).map(|view| write(&view)).transpose()
    }

    /// `Notice[]`
    pub fn notices(&self) -> Result<String, JsError> {
        write(&self.core.notices())
    }

    /// The base, to be kept for the next visit.
    pub fn base_json(&self) -> Option<String> {
        self.core.base_json()
    }
}

/// The hub.
#[wasm_bindgen]
pub struct Hub {
    core: Core,
}

#[wasm_bindgen]
impl Hub {
    /// `jitter`: any random number.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "any number does")]
    pub fn new(jitter: f64) -> Hub {
        Self { core: Core::new(jitter as u64) }
    }

    /// One `HubEvent`; gives back `HubEffect[]`.
    pub fn handle(&mut self, event: &str) -> Result<String, JsError> {
        write(&self.core.handle(read::<HubEvent>("event", event)?))
    }
}

/// A session's transcript.
#[wasm_bindgen]
#[derive(Default)]
pub struct Transcript {
    core: transcript::Transcript,
}

#[wasm_bindgen]
impl Transcript {
    /// An empty one.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Transcript {
        Self::default()
    }

    /// Whole lines of the output log; gives back `Pushed`.
    pub fn push(&mut self, lines: &str) -> Result<String, JsError> {
        write(&self.core.push(lines))
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.core.is_empty()
    }

    /// `Item[]`
    pub fn window(&self, from: usize, to: usize) -> Result<String, JsError> {
        write(&self.core.window(from, to))
    }

    /// The items in which `text` stands.
    pub fn find(&self, text: &str) -> Result<String, JsError> {
        write(&self.core.find(text))
    }

    /// The items with which turns begin.
    pub fn turns(&self) -> Result<String, JsError> {
        write(&self.core.turns())
    }

    /// Whether the ending was read.
    pub fn has_ended(&self) -> bool {
        self.core.has_ended()
    }

    /// Whether a message reached the agent.
    pub fn has_message(&self, message: &str) -> Result<bool, JsError> {
        Ok(self.core.has_message(id(message)?))
    }

    /// `Usage`
    pub fn usage(&self) -> Result<String, JsError> {
        write(self.core.usage())
    }

    /// `Offer[]`
    pub fn offers(&self) -> Result<String, JsError> {
        write(&self.core.offers())
    }

    /// `Abilities`
    pub fn can(&self) -> Result<String, JsError> {
        write(&self.core.can())
    }

    /// `OfferedCommand[]`
    pub fn commands(&self) -> Result<String, JsError> {
        write(&self.core.commands())
    }
}

/// Markdown as HTML that is safe to put into the page.
#[wasm_bindgen]
pub fn markdown(text: &str) -> String {
    md::to_html(text)
}

/// The text with the box on `line` toggled; nothing where that line has none.
#[wasm_bindgen]
pub fn toggle_box(text: &str, line: usize) -> Option<String> {
    document::toggle_box(text, line)
}

/// The text with another first heading.
#[wasm_bindgen]
pub fn with_title(text: &str, title: &str) -> String {
    document::with_title(text, title)
}
