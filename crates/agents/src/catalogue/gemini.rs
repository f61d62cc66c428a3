//! Gemini CLI.

use super::{Bundle, Door, Entry, Modes, Protocol, Quirks, Tokens};
use std::time::Duration;

pub(super) const ENTRY: Entry = Entry {
    name: "gemini",
    title: "Gemini CLI",
    doors: &[Door {
        protocol: Protocol::Acp,
        program: "gemini",
        args: &["--acp"],
        package: "@google/gemini-cli",
        install: "npm i -g @google/gemini-cli",
        bundled: &[".bin/gemini"],
        quirks: Quirks {
            modes: Modes { ask: Some("default"), edit: Some("autoEdit"), everything: Some("autoEdit") },
            tokens: Tokens::PerTurn,
            // A load within the minute in which the conversation began destroys it (google-gemini/gemini-cli#28775);
            // after 62 s it was measured to work.
            load_after: Some(Duration::from_secs(62)),
            past_until_commands: true,
            errors_as_text: false,
            boot: None,
            sandboxes_itself: false,
        },
    }],
    bundle: Some(&Bundle {
        package: "@google/gemini-cli@0.61.0",
        manifest: include_str!("bundles/gemini/package.json"),
        lock: include_str!("bundles/gemini/package-lock.json"),
        only: &[],
    }),
    login: "gemini",
    credentials: &[".gemini/oauth_creds.json"],
    settings: &[],
    keys: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    env: &["GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_GENAI_USE_VERTEXAI"],
    // It starts itself a second time otherwise: twice the memory, and signals reach only the first.
    set: &[("GEMINI_CLI_NO_RELAUNCH", "true")],
    writes: &[".gemini"],
};
