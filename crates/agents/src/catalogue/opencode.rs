//! OpenCode.

use super::{Bundle, Door, Entry, Modes, Protocol, Quirks, Tokens};

pub(super) const ENTRY: Entry = Entry {
    name: "opencode",
    title: "OpenCode",
    doors: &[Door {
        protocol: Protocol::Acp,
        program: "opencode",
        args: &["acp"],
        package: "opencode-ai",
        install: "npm i -g opencode-ai",
        bundled: &["opencode-{platform}/bin/opencode"],
        quirks: Quirks {
            modes: Modes { ask: None, edit: None, everything: None },
            tokens: Tokens::LastStep,
            load_after: None,
            past_until_commands: false,
            errors_as_text: false,
            boot: None,
            sandboxes_itself: false,
        },
    }],
    bundle: Some(&Bundle {
        package: "opencode-linux-x64@1.18.33",
        manifest: include_str!("bundles/opencode/package.json"),
        lock: include_str!("bundles/opencode/package-lock.json"),
        only: &["linux-x64"],
    }),
    login: "opencode auth login",
    credentials: &[".local/share/opencode/auth.json"],
    settings: &[".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"],
    keys: &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"],
    env: &["OPENCODE_CONFIG", "OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_DEFAULT_PLUGINS"],
    set: &[("OPENCODE_DISABLE_AUTOUPDATE", "1"), ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1")],
    writes: &[".local/share/opencode", ".local/state/opencode", ".cache/opencode", ".config/opencode"],
};
