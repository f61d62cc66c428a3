//! Agents that can be started, and the settings of the workspace.

use crate::ids::{AgentId, Millis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
    /// Who says that it exists.
    #[serde(default)]
    pub origin: Origin,
    /// How it is started, where a person added it in the panel.
    #[serde(default)]
    pub setup: Option<Setup>,
    /// Whether it is one of those that the product is tested with, or a session of it has ended well here.
    #[serde(default)]
    pub tried: bool,
    /// What of it can be installed below the data directory, and how that stands.
    #[serde(default)]
    pub install: Install,
}

impl Agent {
    /// The agent of this name, of which nothing else is known.
    pub fn new(name: &str) -> Self {
        Self {
            id: AgentId::named(name),
            ver: 0,
            name: name.to_owned(),
            title: name.to_owned(),
            found: false,
            version: None,
            logged_in: None,
            mend: None,
            models: Vec::new(),
            scripted: false,
            preference: 0,
            origin: Origin::default(),
            setup: None,
            tried: false,
            install: Install::default(),
        }
    }
}

/// Who says that an agent exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The catalogue of the product.
    #[default]
    Catalogue,
    /// A configuration file.
    File,
    /// A person, in the panel.
    Panel,
}

/// How an ACP agent is started that a person added in the panel. Values of secrets have no place here: it is in the log and
/// on every page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Setup {
    /// The program: a path or a name on the PATH; of a package, the name of one of its programs.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables set for it.
    pub env: BTreeMap<String, String>,
    /// Names of variables that it gets as the server has them: keys.
    pub pass: Vec<String>,
    /// The agent of the catalogue whose peculiarities it has.
    pub like: Option<String>,
    /// What it writes below the home directory; with it, it is confined.
    pub writes: Option<Vec<String>>,
    /// The npm package with its exact version (`name@1.2.3`) that brings it; installed on request.
    pub package: Option<String>,
}

/// What can be installed below the data directory, and how that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Install {
    /// Nothing.
    #[default]
    Not,
    /// A package, on request.
    Offered {
        /// Its name and its version.
        package: String,
    },
    /// It is being installed.
    Running {
        /// Its name and its version.
        package: String,
    },
    /// It could not be installed.
    Failed {
        /// Its name and its version.
        package: String,
        /// Why, and what to do.
        reason: String,
    },
    /// It stands below the data directory.
    Done {
        /// Its name and its version.
        package: String,
    },
}

impl Install {
    /// What it is about.
    pub fn package(&self) -> Option<&str> {
        match self {
            Self::Not => None,
            Self::Offered { package }
            | Self::Running { package }
            | Self::Failed { package, .. }
            | Self::Done { package } => Some(package),
        }
    }
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
    /// Since when the server is asked to look for agents again; null where it is not.
    #[serde(default)]
    pub looking: Option<Millis>,
}

impl Settings {
    /// The one row of its kind.
    pub const ID: Uuid = Uuid::from_u128(0x7164_7365_7474_696e_8073_0000_0000_0001);
}

impl Default for Settings {
    fn default() -> Self {
        Self { id: Self::ID, ver: 0, default_agent: None, max_sessions: 8, demo: false, looking: None }
    }
}
