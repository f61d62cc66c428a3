//! Recordings of the native protocols, replayed through their drivers: the normalised events stand beside them as
//! snapshots. Cut, interleaved and corrupted anywhere, they break nothing and invent no end of a turn.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod asks;
mod behind;
mod claude;
mod codex;
mod hostile;
mod stage;
#[path = "../support/told.rs"]
mod told;

use std::path::Path;

/// Every recording that stands in the folder is replayed by somebody. What the programs print for one prompt in forms
/// of their own (`codex exec --json`, `gemini -o stream-json`, `copilot --output-format json`, `opencode run --format
/// json`) has no driver here and no recording: their conversations are driven by ACP or natively.
#[test]
fn every_recording_is_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let replay = include_str!("../replay.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.split('.').next().unwrap();
        let native = claude::ALL.iter().chain(codex::ALL).any(|(known, _)| *known == name);
        let acp = replay.contains(&format!("\"{name}\""));
        assert!(native || acp, "nobody replays {file}");
    }
}
