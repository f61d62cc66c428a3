//! What a conversation remembers, in a file per conversation.

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// A conversation with the demo agent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Conversation {
    #[serde(skip)]
    pub(super) cwd: PathBuf,
    /// Whether the slow model was chosen.
    #[serde(skip)]
    pub(super) slow: bool,
    /// The prompts so far.
    pub(super) prompts: Vec<String>,
}

impl Conversation {
    pub(super) fn new(cwd: PathBuf) -> Self {
        Self { cwd, ..Self::default() }
    }

    pub(super) fn load(home: &Path, name: &str) -> Option<Self> {
        let text = std::fs::read_to_string(file(home, name)?).ok()?;
        serde_json::from_str(&text).ok()
    }

    pub(super) fn save(&self, home: &Path, name: &str) -> io::Result<()> {
        let Some(file) = file(home, name) else {
            return Ok(());
        };
        std::fs::create_dir_all(home)?;
        std::fs::write(file, serde_json::to_vec(self)?)
    }
}

/// The file; none where the name would leave the folder.
fn file(home: &Path, name: &str) -> Option<PathBuf> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    plain.then(|| home.join(format!("{name}.json")))
}
