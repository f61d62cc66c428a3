//! Claude Code, natively and by its adapter for ACP.

use super::{Bundle, Door, Entry, Modes, Protocol, Quirks, Tokens};

pub(super) const ENTRY: Entry = Entry {
    name: "claude-code",
    title: "Claude Code",
    doors: &[
        Door {
            protocol: Protocol::ClaudeStreamJson,
            program: "claude",
            args: &[],
            package: "@anthropic-ai/claude-code",
            install: "npm i -g @anthropic-ai/claude-code",
            bundled: &[
                "@anthropic-ai/claude-agent-sdk-{platform}/claude",
                "@anthropic-ai/claude-agent-sdk-{platform}-musl/claude",
            ],
            // The permission mode is an argument, and set again by a control request.
            quirks: Quirks {
                modes: Modes { ask: Some("default"), edit: Some("acceptEdits"), everything: Some("acceptEdits") },
                tokens: Tokens::PerTurn,
                load_after: None,
                past_until_commands: false,
                errors_as_text: false,
                boot: None,
                sandboxes_itself: false,
            },
        },
        Door {
            protocol: Protocol::Acp,
            program: "claude-agent-acp",
            args: &[],
            package: "@agentclientprotocol/claude-agent-acp",
            install: "npm i -g @agentclientprotocol/claude-agent-acp",
            bundled: &[".bin/claude-agent-acp"],
            quirks: Quirks {
                modes: Modes { ask: Some("default"), edit: Some("acceptEdits"), everything: Some("acceptEdits") },
                tokens: Tokens::PerTurn,
                load_after: None,
                past_until_commands: false,
                errors_as_text: false,
                boot: None,
                sandboxes_itself: false,
            },
        },
    ],
    bundle: Some(&Bundle {
        package: "@agentclientprotocol/claude-agent-acp@0.101.0",
        manifest: include_str!("bundles/claude-code/package.json"),
        lock: include_str!("bundles/claude-code/package-lock.json"),
        only: &[],
    }),
    login: "claude /login",
    credentials: &[".claude/.credentials.json"],
    settings: &[],
    keys: &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
    env: &[
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_MODEL",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "CLAUDE_CODE_MAX_RETRIES",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "DISABLE_AUTOUPDATER",
        "DISABLE_ERROR_REPORTING",
        "DISABLE_TELEMETRY",
    ],
    // It says when it is idle: behind its last result something may follow.
    set: &[("CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS", "1")],
    writes: &[".claude", ".claude.json", ".claude.json.lock", ".cache/claude-cli-nodejs", ".local/share/claude"],
};
