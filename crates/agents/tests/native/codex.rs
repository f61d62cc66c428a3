//! Codex's recordings.

pub const ALL: &[(&str, &str)] = &[];
