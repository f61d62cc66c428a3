//! Recordings of the native protocols, replayed through their drivers: the normalised events stand beside them as
//! snapshots. Cut, interleaved and corrupted anywhere, they break nothing and invent no end of a turn.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail anywhere")]

mod asks;
mod claude;
mod codex;
mod hostile;
mod stage;

use std::path::Path;

/// Recordings that belong to protocols which nobody here speaks, and why.
const WITHOUT_A_DRIVER: &[(&str, &str)] = &[];

/// Every recording that stands in the folder is replayed by somebody, or listed above with the reason.
#[test]
fn every_recording_is_replayed_or_says_why_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let replay = include_str!("../replay.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.split('.').next().unwrap();
        let native = claude::ALL.iter().chain(codex::ALL).any(|(known, _)| *known == name);
        let acp = replay.contains(&format!("\"{name}\""));
        let listed = WITHOUT_A_DRIVER.iter().any(|(known, _)| *known == name);
        assert!(native || acp || listed, "nobody replays {file}");
    }
}
