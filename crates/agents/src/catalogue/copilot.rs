//! GitHub Copilot CLI.

use super::{Bundle, Door, Entry, Modes, Protocol, Quirks, Tokens};

pub(super) const ENTRY: Entry = Entry {
    name: "copilot",
    title: "GitHub Copilot",
    doors: &[Door {
        protocol: Protocol::Acp,
        program: "copilot",
        args: &["--acp"],
        package: "@github/copilot",
        install: "npm i -g @github/copilot",
        bundled: &["@github/copilot-{platform}/copilot"],
        quirks: Quirks {
            modes: Modes { ask: None, edit: None, everything: None },
            tokens: Tokens::WholeSession,
            load_after: None,
            past_until_commands: false,
            errors_as_text: true,
            boot: None,
            sandboxes_itself: false,
        },
    }],
    bundle: Some(&Bundle {
        package: "@github/copilot@1.0.102",
        manifest: include_str!("bundles/copilot/package.json"),
        lock: include_str!("bundles/copilot/package-lock.json"),
        only: &[],
    }),
    login: "copilot login",
    credentials: &[".copilot/config.json"],
    settings: &[],
    keys: &["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY"],
    env: &["COPILOT_HOME", "COPILOT_MODEL", "COPILOT_OFFLINE", "COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_TYPE"],
    set: &[("COPILOT_AUTO_UPDATE", "false")],
    writes: &[".copilot"],
};
