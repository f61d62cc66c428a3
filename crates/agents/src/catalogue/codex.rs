//! Codex, natively and by its adapter for ACP.

use super::{Bundle, Door, Entry, Modes, Protocol, Quirks, Tokens};

pub(super) const ENTRY: Entry = Entry {
    name: "codex",
    title: "Codex",
    doors: &[
        Door {
            protocol: Protocol::CodexAppServer,
            program: "codex",
            args: &["app-server"],
            package: "@openai/codex",
            install: "npm i -g @openai/codex",
            bundled: &["@openai/codex-{platform}/vendor/{target}/bin/codex"],
            // The policy of approvals and the sandbox stand in its own calls; see the driver.
            quirks: Quirks {
                modes: Modes { ask: None, edit: None, everything: None },
                tokens: Tokens::PerTurn,
                load_after: None,
                past_until_commands: false,
                errors_as_text: false,
                boot: None,
                sandboxes_itself: true,
            },
        },
        Door {
            protocol: Protocol::Acp,
            program: "codex-acp",
            args: &[],
            package: "@agentclientprotocol/codex-acp",
            install: "npm i -g @agentclientprotocol/codex-acp",
            bundled: &[".bin/codex-acp"],
            quirks: Quirks {
                modes: Modes {
                    ask: Some("read-only"),
                    edit: Some("workspace-write"),
                    everything: Some("workspace-write"),
                },
                tokens: Tokens::PerTurn,
                load_after: None,
                past_until_commands: false,
                errors_as_text: true,
                boot: None,
                sandboxes_itself: true,
            },
        },
    ],
    bundle: Some(&Bundle {
        package: "@agentclientprotocol/codex-acp@2.6.0",
        manifest: include_str!("bundles/codex/package.json"),
        lock: include_str!("bundles/codex/package-lock.json"),
        only: &[],
    }),
    login: "codex login",
    credentials: &[".codex/auth.json"],
    settings: &[".codex/config.toml"],
    keys: &["OPENAI_API_KEY", "CODEX_API_KEY"],
    env: &["CODEX_HOME", "OPENAI_BASE_URL"],
    set: &[],
    writes: &[".codex"],
};
