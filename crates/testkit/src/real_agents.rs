//! Real agent programs from npm, in `tests/agents`: how each is started against the scripted model. Each has a home of its own and dummy keys, no telemetry and
//! no updates.

use crate::panel::Home;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// An agent program.
#[derive(Debug)]
pub struct Agent {
    /// Its name in the configuration.
    pub name: &'static str,
    /// The agent of the catalogue whose peculiarities hold.
    like: &'static str,
    protocol: &'static str,
    /// Below `tests/agents/node_modules`: native binaries by their path, as launchers drop signals.
    program: &'static str,
    args: &'static [&'static str],
    /// `{model}` is the address of the model, `{home}` the home.
    env: &'static [(&'static str, &'static str)],
    /// Files in the home.
    files: &'static [(&'static str, &'static str)],
    /// Whether it says when a limit of the account ends. Claude does to subscribers, of whom there are none here.
    pub tells_limits: bool,
    /// What stands before a prompt where a person asks it without the panel; none where its conversations are not found.
    pub alone: Option<&'static [&'static str]>,
    /// Cases that it cannot play, for the reason that stands beside it.
    pub without: &'static [&'static str],
}

const CLAUDE: &[(&str, &str)] = &[
    ("ANTHROPIC_BASE_URL", "{model}"),
    ("ANTHROPIC_API_KEY", "dummy"),
    ("CLAUDE_CODE_MAX_RETRIES", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("DISABLE_TELEMETRY", "1"),
];

const CODEX: &[(&str, &str)] = &[("CODEX_HOME", "{home}/.codex"), ("MOCK_API_KEY", "dummy")];

// The model's name decides which tools it is offered: of an unknown one, none that patches.
const CODEX_CONFIG: &str = r#"model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
[sandbox_workspace_write]
exclude_slash_tmp = true
[analytics]
enabled = false
[feedback]
enabled = false
[model_providers.scripted]
name = "scripted"
base_url = "{model}/v1"
env_key = "MOCK_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"#;

const GEMINI_SETTINGS: &str = r#"{
  "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
  "privacy": { "usageStatisticsEnabled": false },
  "telemetry": { "enabled": false },
  "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false }
}"#;

const OPENCODE_CONFIG: &str = r#"{
  "autoupdate": false, "share": "disabled",
  "model": "mock/mock-model", "small_model": "mock/mock-model",
  "permission": { "edit": "ask", "bash": "ask" },
  "provider": { "mock": {
    "npm": "@ai-sdk/openai-compatible", "name": "Mock",
    "options": { "baseURL": "{model}/v1", "apiKey": "dummy" },
    "models": { "mock-model": {
      "name": "Mock", "tool_call": true, "reasoning": true,
      "limit": { "context": 128000, "output": 8000 }, "cost": { "input": 1, "output": 2, "cache_read": 0.1 }
    } }
  } }
}"#;

/// All of them, each way to speak with one on its own.
pub const AGENTS: &[Agent] = &[
    Agent {
        name: "claude",
        like: "claude-code",
        protocol: "claude-stream-json",
        program: "@anthropic-ai/claude-agent-sdk-linux-x64/claude",
        args: &[],
        env: CLAUDE,
        files: &[],
        tells_limits: false,
        alone: Some(&["-p"]),
        without: &[],
    },
    Agent {
        name: "claude-acp",
        like: "claude-code",
        protocol: "acp",
        program: ".bin/claude-agent-acp",
        args: &[],
        env: CLAUDE,
        files: &[],
        tells_limits: false,
        alone: None,
        without: &[],
    },
    Agent {
        name: "codex",
        like: "codex",
        protocol: "codex-app-server",
        program: "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
        args: &["app-server"],
        env: CODEX,
        files: &[(".codex/config.toml", CODEX_CONFIG)],
        tells_limits: true,
        alone: Some(&["exec"]),
        without: &[],
    },
    Agent {
        name: "codex-acp",
        like: "codex",
        protocol: "acp",
        program: ".bin/codex-acp",
        args: &[],
        env: CODEX,
        files: &[(".codex/config.toml", CODEX_CONFIG)],
        tells_limits: false,
        alone: None,
        without: &[],
    },
    Agent {
        name: "copilot",
        like: "copilot",
        protocol: "acp",
        program: "@github/copilot-linux-x64/copilot",
        args: &["--acp"],
        env: &[
            ("COPILOT_OFFLINE", "true"),
            ("COPILOT_PROVIDER_BASE_URL", "{model}/v1"),
            ("COPILOT_PROVIDER_TYPE", "openai"),
            ("COPILOT_PROVIDER_API_KEY", "dummy"),
            ("COPILOT_MODEL", "mock-model"),
            ("COPILOT_AUTO_UPDATE", "false"),
        ],
        files: &[],
        tells_limits: false,
        alone: None,
        without: &[],
    },
    Agent {
        name: "gemini",
        like: "gemini",
        protocol: "acp",
        program: ".bin/gemini",
        args: &["--acp", "-m", "gemini-2.5-pro"],
        env: &[("GEMINI_API_KEY", "dummy"), ("GOOGLE_GEMINI_BASE_URL", "{model}"), ("GEMINI_CLI_NO_RELAUNCH", "true")],
        files: &[(".gemini/settings.json", GEMINI_SETTINGS)],
        tells_limits: false,
        alone: None,
        without: &[],
    },
    Agent {
        name: "opencode",
        like: "opencode",
        protocol: "acp",
        program: "opencode-linux-x64/bin/opencode",
        args: &["acp"],
        env: &[
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
            ("OPENCODE_DISABLE_DEFAULT_PLUGINS", "1"),
        ],
        files: &[(".config/opencode/opencode.json", OPENCODE_CONFIG)],
        tells_limits: false,
        alone: None,
        without: &[],
    },
];

fn fill(text: &str, home: &Path, model: &str) -> String {
    text.replace("{model}", model).replace("{home}", &home.display().to_string())
}

impl Agent {
    fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agents/node_modules").join(self.program)
    }

    /// Whether npm brought it.
    pub fn is_installed(&self) -> bool {
        self.path().exists()
    }

    /// Its lines of the configuration, where its home is there and the model's address is this.
    pub fn configuration(&self, home: &Path, model: &str) -> io::Result<String> {
        let env = self.env.iter().map(|(name, value)| format!("{name} = {:?}\n", fill(value, home, model)));
        Ok(format!(
            "[agents.{name}]\ncommand = {program:?}\nargs = {args:?}\nprotocol = {protocol:?}\nlike = {like:?}\n[agents.{name}.env]\n{env}",
            name = self.name,
            program = self.path().canonicalize()?.to_string_lossy(),
            args = self.args,
            protocol = self.protocol,
            like = self.like,
            env = env.collect::<String>(),
        ))
    }

    /// A prompt of a person who runs it in `cwd` without the panel; none where such conversations are not found.
    pub fn asked_alone(&self, home: &Home, model: &str, cwd: &Path, prompt: &str) -> Option<Command> {
        let mut command = home.command(self.path());
        command.args(self.alone?).arg(prompt).current_dir(cwd);
        command.envs(self.env.iter().map(|(name, value)| (name, fill(value, &home.path(""), model))));
        Some(command)
    }

    /// Puts its files into the home.
    pub fn furnish(&self, home: &Path, model: &str) -> io::Result<()> {
        for (path, content) in self.files {
            let file = home.join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(file, content.replace("{model}", model))?;
        }
        Ok(())
    }
}
