//! Agents that can be started, and the settings of the workspace.

use crate::ids::AgentId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// An agent: what the catalogue knows and what was found on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Agent {
    /// Its id, of its name.
    pub id: AgentId,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// Its name in commands and configuration.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether its program was found.
    pub found: bool,
    /// Its version, where it says one.
    pub version: Option<String>,
    /// Whether it is logged in; null where that can't be known without reading secrets.
    pub logged_in: Option<bool>,
    /// What is missing and the one command that mends it; null where nothing is.
    pub mend: Option<String>,
    /// Models to choose from, as far as known.
    pub models: Vec<Model>,
    /// Whether it is scripted and uses no model (the demo agent).
    pub scripted: bool,
    /// The order of preference for the default; lower is earlier.
    pub preference: u32,
}

/// A model of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Model {
    /// Its id for the agent.
    pub id: String,
    /// Its name for people.
    pub title: String,
}

/// Settings of the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Settings {
    /// Always [`Settings::ID`].
    #[ts(type = "string")]
    pub id: Uuid,
    /// Seq of the last op.
    #[ts(type = "number")]
    pub ver: u64,
    /// The agent that is taken where none is chosen; null takes the first that was found.
    pub default_agent: Option<String>,
    /// How many sessions run at once; more wait in the queue.
    pub max_sessions: u32,
    /// Whether the server runs as a demonstration.
    pub demo: bool,
}

impl Settings {
    /// The one row of its kind.
    pub const ID: Uuid = Uuid::from_u128(0x7164_7365_7474_696e_8073_0000_0000_0001);
}

impl Default for Settings {
    fn default() -> Self {
        Self { id: Self::ID, ver: 0, default_agent: None, max_sessions: 8, demo: false }
    }
}
