//! The agents that are known by name, what each needs, and what is peculiar to each.
//!
//! One file each. The peculiarities were measured with the programs themselves; each quirk says what happens without
//! it.

mod claude;
mod codex;
mod copilot;
mod gemini;
mod opencode;

use crate::bundle::Bundle;
use qd_core::row::{Permission, Setup};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

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

/// A protocol that agents speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// The Agent Client Protocol, version 1.
    #[default]
    Acp,
    /// Claude Code's own: lines of stream-json with control requests.
    ClaudeStreamJson,
    /// Codex's own: `codex app-server`.
    CodexAppServer,
}

/// What is peculiar to an agent behind one of its doors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// The agent's mode for each permission. Without one some agents let a model decide (Claude's `auto`, Codex's
    /// `agent`) and ask nobody.
    pub modes: Modes,
    /// What it counts as tokens.
    pub tokens: Tokens,
    /// For so long after its beginning a conversation cannot be loaded again.
    pub load_after: Option<Duration>,
    /// It tells the past of a loaded conversation behind its answer, up to its list of commands; without waiting for
    /// that, the past would be told again as the present.
    pub past_until_commands: bool,
    /// An error of its model is told as the agent's words, in a turn that ends as if all were well; it shows by a turn
    /// that used nothing.
    pub errors_as_text: bool,
    /// How long it may take to take prompts; none is a minute.
    pub boot: Option<Duration>,
    /// It makes a sandbox of its own, which fails inside of another one.
    pub sandboxes_itself: bool,
}

/// The modes of an agent that stand for a permission; none leaves it the mode that it begins with. Whatever it asks
/// beyond is answered by the permission: see [`Permission`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modes {
    /// For [`Permission::Ask`].
    pub ask: Option<&'static str>,
    /// For [`Permission::Edit`].
    pub edit: Option<&'static str>,
    /// For [`Permission::Everything`].
    pub everything: Option<&'static str>,
}

impl Modes {
    /// The mode for a permission.
    pub fn of(self, permission: Permission) -> Option<&'static str> {
        match permission {
            Permission::Ask => self.ask,
            Permission::Edit => self.edit,
            Permission::Everything => self.everything,
        }
    }
}

/// A way to speak with an agent: a program and its protocol.
#[derive(Debug)]
pub struct Door {
    /// The protocol.
    pub protocol: Protocol,
    /// The program, looked up on the PATH.
    pub program: &'static str,
    /// Its arguments.
    pub args: &'static [&'static str],
    /// The npm package that brings it.
    pub package: &'static str,
    /// The command that installs it.
    pub install: &'static str,
    /// Where the program lies among the packages of the bundle; see [`crate::bundle::program`].
    pub bundled: &'static [&'static str],
    /// Peculiarities.
    pub quirks: Quirks,
}

/// An agent of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Its name in commands and settings.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The ways to speak with it; what loses least first.
    pub doors: &'static [Door],
    /// What the panel can install for it.
    pub bundle: Option<&'static Bundle>,
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
    /// Folders and files below the home directory that it writes itself: state, caches, logs.
    pub writes: &'static [&'static str],
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
    /// Names of variables that it gets as they are in the environment of the server.
    #[serde(default)]
    pub pass: Vec<String>,
    /// Its name for people.
    #[serde(default)]
    pub title: Option<String>,
    /// The protocol that it speaks.
    #[serde(default)]
    pub protocol: Protocol,
    /// The agent of the catalogue that it is: its peculiarities then hold.
    #[serde(default, deserialize_with = "known")]
    pub like: Option<String>,
    /// What it writes beside its worktree, below the home directory: then it can be confined.
    #[serde(default)]
    pub writes: Option<Vec<PathBuf>>,
}

/// A name of the catalogue, or the names that there are.
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    if let Some(name) = name.as_deref().filter(|name| entry(name).is_none()) {
        let names: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
        let message = format!("no agent is called `{name}`: `like` is one of {}", names.join(", "));
        return Err(serde::de::Error::custom(message));
    }
    Ok(name)
}

impl AgentConfig {
    /// Of an agent that a person added in the panel, whose program is `command`.
    pub fn of(title: &str, setup: &Setup, command: String) -> Self {
        Self {
            command,
            args: setup.args.clone(),
            env: setup.env.clone(),
            pass: setup.pass.clone(),
            title: Some(title.to_owned()),
            protocol: Protocol::Acp,
            like: setup.like.clone(),
            writes: setup.writes.as_ref().map(|writes| writes.iter().map(PathBuf::from).collect()),
        }
    }
}

/// The agents known by name, the preferred first. The demo agent is not among them.
pub const ENTRIES: &[Entry] = &[claude::ENTRY, codex::ENTRY, gemini::ENTRY, opencode::ENTRY, copilot::ENTRY];

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

/// The quirks of the agent of this name behind the door of this protocol.
pub fn quirks(name: &str, protocol: Protocol) -> Quirks {
    let doors = entry(name).map(|entry| entry.doors).unwrap_or_default();
    doors.iter().find(|door| door.protocol == protocol).map(|door| door.quirks).unwrap_or_default()
}

/// The command that logs the agent of this name in, where it is known.
pub fn login(name: &str) -> Option<&'static str> {
    entry(name).map(|entry| entry.login)
}

/// The complete environment for the agent of this name: what the allow-list lets through of `source`, then what its
/// entry (that of the agent it is like, where a person configured it) sets, then what the person configured.
pub fn environment(
    name: &str,
    configured: Option<&AgentConfig>,
    source: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let known = configured.map_or_else(|| entry(name), |config| config.like.as_deref().and_then(entry));
    let own =
        known.filter(|_| configured.is_none()).map(|entry| entry.keys.iter().chain(entry.env)).into_iter().flatten();
    let demo = DEMO_ENV.iter().filter(|_| name == DEMO);
    let passed = configured.map(|config| config.pass.iter().map(String::as_str)).into_iter().flatten();
    let mut env: BTreeMap<String, String> = EVERY_AGENT
        .iter()
        .chain(own)
        .chain(demo)
        .copied()
        .chain(passed)
        .filter_map(|name| Some((name.to_owned(), source.get(name)?.clone())))
        .collect();
    // What they complain of is read by people, not by a terminal.
    env.insert("NO_COLOR".to_owned(), "1".to_owned());
    for (name, value) in known.map(|entry| entry.set).unwrap_or_default() {
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
        assert_eq!(names, ["ANTHROPIC_API_KEY", "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS", "HOME", "NO_COLOR", "PATH"]);
        let names: Vec<_> = environment("codex", None, &source()).into_keys().collect();
        assert_eq!(names, ["HOME", "NO_COLOR", "OPENAI_API_KEY", "PATH"]);
        let names: Vec<_> = environment(DEMO, None, &source()).into_keys().collect();
        assert_eq!(names, ["HOME", "NO_COLOR", "PATH"]);
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
        let like = AgentConfig { like: Some("gemini".to_owned()), ..config };
        let env = environment("mine", Some(&like), &source());
        assert_eq!(env.get("GEMINI_CLI_NO_RELAUNCH").map(String::as_str), Some("true"), "what it is like holds");
    }

    #[test]
    fn names_are_unique_and_the_demo_agent_is_not_among_them() {
        let mut names: Vec<_> = ENTRIES.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ENTRIES.len());
        assert!(entry(DEMO).is_none());
    }

    /// What one agent needs must not reach another: the whole table stands in one snapshot.
    #[test]
    fn the_quirks_of_all_agents_are_these() {
        let lines = ENTRIES.iter().flat_map(|entry| {
            entry.doors.iter().map(|door| format!("{} {:?}: {:#?}", entry.name, door.protocol, door.quirks))
        });
        insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
    }
}
