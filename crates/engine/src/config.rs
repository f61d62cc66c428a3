//! What the engine is started with. Everything that comes from the environment of the process stands here: the engine
//! itself reads none of it.

use crate::host::Limits;
use crate::time::SharedClock;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many ports each worktree has for itself.
pub const PORTS: u16 = 10;
/// Where making a worktree takes longer than this, the next one is made ahead.
pub const SPARE_AFTER: Duration = Duration::from_millis(150);

/// Configuration of an engine.
#[derive(Clone)]
pub struct EngineConfig {
    /// Where everything is kept that is not the user's.
    pub data_dir: PathBuf,
    /// The time and random bytes.
    pub clock: SharedClock,
    /// The `qd` program: hosts are started with it.
    pub qd: PathBuf,
    /// The environment that agents' allow-lists choose from, with PATH as the login shell has it.
    pub env: BTreeMap<String, String>,
    /// The user's home directory.
    pub home: PathBuf,
    /// Further agents, `[agents.NAME]` of the configuration.
    pub agents: BTreeMap<String, qd_agents::catalogue::AgentConfig>,
    /// How many sessions run at once.
    pub max_sessions: u32,
    /// How long an agent may be silent, and what it may use up.
    pub limits: Limits,
    /// Whether agents are confined by Landlock, where the kernel has it.
    pub confine: bool,
    /// What opens a worktree, by its name: a command for `sh` in that folder, or an address with `{path}` in it.
    pub openers: BTreeMap<String, String>,
    /// What holds for single projects, by their paths.
    pub projects: BTreeMap<PathBuf, ProjectConfig>,
    /// A project in which making a worktree takes longer has one made ahead; none makes none.
    pub spare_after: Option<Duration>,
    /// Folder of the task documents, relative to a project.
    pub tasks_dir: String,
    /// Whether documents are committed that the panel archives or restores.
    pub commit_tasks: bool,
    /// Whether this is the demonstration.
    pub demo: bool,
}

/// What holds for one project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProjectConfig {
    /// The command that what is kept must pass, run by `sh` on the tree that would land.
    pub check: Option<String>,
    /// The command that makes a new worktree ready, run by `sh` in it before the first agent starts.
    pub setup: Option<String>,
    /// Ignored files that a new worktree gets from the checkout: patterns of git, from the top folder.
    pub copy: Vec<String>,
    /// Variables that name a worktree's own ports, one each.
    pub ports: Vec<String>,
    /// Whether a worktree may be made ahead.
    pub spare: bool,
}

impl Default for ProjectConfig {
    fn default() -> Self {
        Self { check: None, setup: None, copy: vec![".env*".to_owned()], ports: Vec::new(), spare: true }
    }
}

impl ProjectConfig {
    /// What can't be meant, where something can't.
    pub fn problem(&self) -> Option<String> {
        if self.ports.len() > usize::from(PORTS) {
            return Some(format!("a worktree has {PORTS} ports, so `ports` can't name {}", self.ports.len()));
        }
        let is_name = |name: &str| {
            name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        if let Some(name) = self.ports.iter().find(|name| name.is_empty() || !is_name(name)) {
            return Some(format!("`{name}` in `ports` is no name of a variable"));
        }
        let leaves =
            |pattern: &str| pattern.is_empty() || pattern.starts_with('/') || pattern.split('/').any(|p| p == "..");
        let pattern = self.copy.iter().find(|pattern| leaves(pattern))?;
        Some(format!("`{pattern}` in `copy` is no pattern for files inside of the project"))
    }
}

impl EngineConfig {
    /// What holds for the project at `path`.
    pub fn project(&self, path: &str) -> ProjectConfig {
        self.projects.get(Path::new(path)).cloned().unwrap_or_default()
    }

    /// The directory of one attempt: its claim, its output.
    pub fn run_dir(&self, session: qd_core::ids::SessionId, attempt: u32) -> PathBuf {
        self.runs().join(session.to_string()).join(attempt.to_string())
    }

    /// Where all attempts are.
    pub fn runs(&self) -> PathBuf {
        self.data_dir.join("run")
    }

    /// Where agents are that were installed on request.
    pub fn installed_agents(&self) -> PathBuf {
        self.data_dir.join("agents")
    }

    /// Where all worktrees are.
    pub fn worktrees(&self) -> PathBuf {
        self.data_dir.join("worktrees")
    }

    /// Where worktrees are that were made ahead.
    pub fn spares(&self) -> PathBuf {
        self.data_dir.join("spares")
    }
}
