//! The agents that are known by name, what each needs, and what is peculiar to each.
//!
//! The peculiarities were measured with the programs themselves; each quirk says what happens without it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The demo agent's name.
pub const DEMO: &str = "demo";

/// What an agent counts when it reports tokens at the end of a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokens {
    /// The turn; what was read from a cache stands beside the input.
    #[default]
    PerTurn,
    /// The whole session; what was read from a cache is in the input.
    WholeSession,
    /// Only the last step of the turn, so nothing can be added up.
    LastStep,
}

/// What is peculiar to an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// The permission mode to set after opening: files in the worktree are edited freely, commands are asked for.
    /// Without it some agents let a model decide (Claude's `auto`, Codex's `agent`) and ask nobody.
    pub mode: Option<&'static str>,
    /// What it counts as tokens.
    pub tokens: Tokens,
}

/// An agent of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Its name in commands and settings.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The program, looked up on the PATH.
    pub program: &'static str,
    /// Its arguments.
    pub args: &'static [&'static str],
    /// The npm package that brings it.
    pub package: &'static str,
    /// The command that installs it.
    pub install: &'static str,
    /// The command that logs in.
    pub login: &'static str,
    /// Files below the home directory whose existence says that somebody logged in.
    pub credentials: &'static [&'static str],
    /// Files below the home directory with which it may work without a login (own providers): then nothing is known.
    pub settings: &'static [&'static str],
    /// Variables one of which replaces a login.
    pub keys: &'static [&'static str],
    /// Further variables of the vendor that are handed on.
    pub env: &'static [&'static str],
    /// Variables that are always set.
    pub set: &'static [(&'static str, &'static str)],
    /// Peculiarities.
    pub quirks: Quirks,
}

/// An agent that a person configured: `[agents.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The program: a path or a name on the PATH.
    pub command: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables set for it, beside those that every agent gets.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Its name for people.
    #[serde(default)]
    pub title: Option<String>,
}

/// The agents known by name, the preferred first. The demo agent is not among them.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "claude-code",
        title: "Claude Code",
        program: "claude-agent-acp",
        args: &[],
        package: "@agentclientprotocol/claude-agent-acp",
        install: "npm i -g @agentclientprotocol/claude-agent-acp",
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
        set: &[],
        quirks: Quirks { mode: Some("acceptEdits"), tokens: Tokens::PerTurn },
    },
    Entry {
        name: "codex",
        title: "Codex",
        program: "codex-acp",
        args: &[],
        package: "@agentclientprotocol/codex-acp",
        install: "npm i -g @agentclientprotocol/codex-acp",
        login: "codex login",
        credentials: &[".codex/auth.json"],
        settings: &[".codex/config.toml"],
        keys: &["OPENAI_API_KEY", "CODEX_API_KEY"],
        env: &["CODEX_HOME", "OPENAI_BASE_URL"],
        set: &[],
        quirks: Quirks { mode: Some("workspace-write"), tokens: Tokens::PerTurn },
    },
    Entry {
        name: "gemini",
        title: "Gemini CLI",
        program: "gemini",
        args: &["--acp"],
        package: "@google/gemini-cli",
        install: "npm i -g @google/gemini-cli",
        login: "gemini",
        credentials: &[".gemini/oauth_creds.json"],
        settings: &[],
        keys: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        env: &["GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_GENAI_USE_VERTEXAI"],
        // It starts itself a second time otherwise: twice the memory, and signals reach only the first.
        set: &[("GEMINI_CLI_NO_RELAUNCH", "true")],
        quirks: Quirks { mode: Some("autoEdit"), tokens: Tokens::PerTurn },
    },
    Entry {
        name: "opencode",
        title: "OpenCode",
        program: "opencode",
        args: &["acp"],
        package: "opencode-ai",
        install: "npm i -g opencode-ai",
        login: "opencode auth login",
        credentials: &[".local/share/opencode/auth.json"],
        settings: &[".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"],
        keys: &["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY"],
        env: &["OPENCODE_CONFIG", "OPENCODE_DISABLE_MODELS_FETCH", "OPENCODE_DISABLE_DEFAULT_PLUGINS"],
        set: &[("OPENCODE_DISABLE_AUTOUPDATE", "1"), ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1")],
        quirks: Quirks { mode: None, tokens: Tokens::LastStep },
    },
];

/// Variables that every agent gets, where they are set: who and where, language, network, keys of ssh's agent, and
/// where toolchains live. Nothing else of the environment reaches an agent.
pub const EVERY_AGENT: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TERM",
    "TZ",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSH_AUTH_SOCK",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "NVM_DIR",
    "VOLTA_HOME",
    "PNPM_HOME",
    "GOPATH",
    "JAVA_HOME",
];

/// Variables of the demo agent.
const DEMO_ENV: &[&str] = &["QD_DEMO_STEP_MS", "QD_DEMO_HOME", "QD_DEMO_FAIL"];

/// The entry of this name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

/// The quirks of the agent of this name. Of a configured one none are known, save where its name tells what it is.
pub fn quirks(name: &str) -> Quirks {
    match entry(name) {
        Some(entry) => entry.quirks,
        None if name == "copilot" => Quirks { mode: None, tokens: Tokens::WholeSession },
        None => Quirks::default(),
    }
}

/// The command that logs the agent of this name in, where it is known.
pub fn login(name: &str) -> Option<&'static str> {
    entry(name).map(|entry| entry.login)
}

/// The complete environment for the agent of this name: what the allow-list lets through of `source`, then what its
/// entry sets, then what the person configured.
pub fn environment(
    name: &str,
    configured: Option<&AgentConfig>,
    source: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let entry = entry(name).filter(|_| configured.is_none());
    let own = entry.map(|entry| entry.keys.iter().chain(entry.env)).into_iter().flatten();
    let demo = DEMO_ENV.iter().filter(|_| name == DEMO);
    let mut env: BTreeMap<String, String> = EVERY_AGENT
        .iter()
        .chain(own)
        .chain(demo)
        .filter_map(|name| Some(((*name).to_owned(), source.get(*name)?.clone())))
        .collect();
    for (name, value) in entry.map(|entry| entry.set).unwrap_or_default() {
        env.insert((*name).to_owned(), (*value).to_owned());
    }
    env.extend(configured.map(|config| config.env.clone()).unwrap_or_default());
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> BTreeMap<String, String> {
        ["HOME=/h", "PATH=/bin", "ANTHROPIC_API_KEY=a", "OPENAI_API_KEY=o", "AWS_SECRET_ACCESS_KEY=s", "QD_TOKEN=t"]
            .into_iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn an_agent_gets_its_own_keys_and_no_others() {
        let names: Vec<_> = environment("claude-code", None, &source()).into_keys().collect();
        assert_eq!(names, ["ANTHROPIC_API_KEY", "HOME", "PATH"]);
        let names: Vec<_> = environment("codex", None, &source()).into_keys().collect();
        assert_eq!(names, ["HOME", "OPENAI_API_KEY", "PATH"]);
        let names: Vec<_> = environment(DEMO, None, &source()).into_keys().collect();
        assert_eq!(names, ["HOME", "PATH"]);
    }

    #[test]
    fn what_a_person_configured_stands_above_the_rest() {
        let config = AgentConfig {
            command: "x".to_owned(),
            env: BTreeMap::from([("HOME".to_owned(), "/other".to_owned()), ("KEY".to_owned(), "k".to_owned())]),
            ..AgentConfig::default()
        };
        let env = environment("codex", Some(&config), &source());
        assert_eq!(env.get("HOME").map(String::as_str), Some("/other"));
        assert_eq!(env.get("KEY").map(String::as_str), Some("k"));
        assert!(!env.contains_key("OPENAI_API_KEY"), "a configured agent names its keys itself");
    }

    #[test]
    fn names_are_unique_and_the_demo_agent_is_not_among_them() {
        let mut names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ENTRIES.len());
        assert!(entry(DEMO).is_none());
    }
}
