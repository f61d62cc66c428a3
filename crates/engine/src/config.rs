//! What the engine is started with. Everything that comes from the environment of the process stands here: the engine
//! itself reads none of it.

use crate::host::Limits;
use crate::time::SharedClock;
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// The check of a project, by its path: what is kept must pass it.
    pub checks: BTreeMap<PathBuf, String>,
    /// Folder of the task documents, relative to a project.
    pub tasks_dir: String,
    /// Whether this is the demonstration.
    pub demo: bool,
}

impl EngineConfig {
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
}
