//! The journal: one key per intent in storage that all tabs of the browser share, so that an intent survives its tab
//! (R2, R9, R10). Keys are `qd:<tab>:<mid>`; a living tab with entries beats under `qd:<tab>:alive`.

use qd_core::ids::{Mid, Millis};
use qd_core::op::Outcome;
use qd_wire::Mutation;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the entries' form. An entry of another version is left to the page that wrote it.
pub const VERSION: u32 = 1;
/// A tab is dead when it has not beaten for this long, in milliseconds.
pub const DEAD: u64 = 15_000;
/// How often a tab with entries beats, in milliseconds.
pub const BEAT: u64 = 5_000;

/// The value of an entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// [`VERSION`].
    pub v: u32,
    /// What is sent.
    pub mutation: Mutation,
    /// When it was clicked.
    pub clicked: Millis,
    /// Its outcome: written just before the key goes, so that other tabs learn it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// What a key of the journal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// An intent of a tab.
    Intent(Uuid, Mid),
    /// The beat of a tab.
    Alive(Uuid),
}

/// The key of an intent.
pub fn key(tab: Uuid, mid: Mid) -> String {
    format!("qd:{tab}:{mid}")
}

/// The key of a tab's beat.
pub fn alive(tab: Uuid) -> String {
    format!("qd:{tab}:alive")
}

/// What `key` names; `None` where it is none of the journal's.
pub fn parse(key: &str) -> Option<Name> {
    let (tab, what) = key.strip_prefix("qd:")?.split_once(':')?;
    let tab = tab.parse().ok()?;
    if what == "alive" {
        return Some(Name::Alive(tab));
    }
    what.parse().ok().map(|mid| Name::Intent(tab, mid))
}
