//! Detection on machines that are made of a few files.

#![expect(clippy::unwrap_used, reason = "a test may fail anywhere")]

use qd_agents::bundle::{InstallError, What, install};
use qd_agents::{AgentConfig, Detected, Surroundings, detect, preferred};
use qd_core::row::Install;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use tempfile::TempDir;

struct Machine {
    folder: TempDir,
    env: BTreeMap<String, String>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.path().join("bin").display());
        Self { folder, env: BTreeMap::from([("PATH".to_owned(), path)]) }
    }

    fn program(&self, path: &str, script: &str) {
        let file = self.folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// An npm package whose program is linked into the PATH, as npm does it.
    fn npm(&self, package: &str, version: &str, program: &str) {
        let home = format!("lib/node_modules/{package}");
        self.program(&format!("{home}/dist/index.js"), "sleep 600");
        let manifest = format!(r#"{{"name": "{package}", "version": "{version}"}}"#);
        fs::write(self.folder.path().join(home).join("package.json"), manifest).unwrap();
        let script = format!("../lib/node_modules/{package}/dist/index.js");
        symlink(script, self.folder.path().join("bin").join(program)).unwrap();
    }

    fn home_file(&self, file: &str) {
        let file = self.folder.path().join("home").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            home: self.folder.path().join("home"),
            env: self.env.clone(),
            cwd: self.folder.path().to_owned(),
            own_program: "/opt/qd".into(),
            installed: self.folder.path().join("agents"),
        }
    }

    async fn detect(&self, configured: &BTreeMap<String, AgentConfig>) -> Vec<Detected> {
        detect(&self.around(), configured).await
    }
}

fn agent<'a>(agents: &'a [Detected], name: &str) -> &'a Detected {
    agents.iter().find(|agent| agent.name == name).unwrap()
}

#[tokio::test]
async fn on_an_empty_machine_each_agent_says_how_it_comes_and_the_demo_agent_is_left() {
    let agents = Machine::new().detect(&BTreeMap::new()).await;
    let mends: Vec<_> = agents.iter().map(|agent| (agent.name.as_str(), agent.found, agent.mend.as_deref())).collect();
    assert_eq!(
        mends,
        [
            ("claude-code", false, Some("npm i -g @anthropic-ai/claude-code")),
            ("codex", false, Some("npm i -g @openai/codex")),
            ("gemini", false, Some("npm i -g @google/gemini-cli")),
            ("opencode", false, Some("npm i -g opencode-ai")),
            ("copilot", false, Some("npm i -g @github/copilot")),
            ("demo", true, None),
        ]
    );
    let demo = preferred(&agents).unwrap();
    assert!(demo.scripted && demo.title.contains("scripted, no model"));
    assert_eq!((demo.program.as_path(), demo.args.as_slice()), (Path::new("/opt/qd"), &["demo-agent".to_owned()][..]));
}

#[tokio::test]
async fn an_adapter_is_found_with_the_version_of_its_package_and_without_being_started() {
    let machine = Machine::new();
    machine.npm("@agentclientprotocol/claude-agent-acp", "0.101.0", "claude-agent-acp");
    let agents = machine.detect(&BTreeMap::new()).await;
    let claude = agent(&agents, "claude-code");
    assert_eq!((claude.found, claude.version.as_deref()), (true, Some("0.101.0")));
    assert_eq!((claude.logged_in, claude.mend.as_deref()), (Some(false), Some("claude /login")));
    assert!(preferred(&agents).unwrap().scripted, "nobody is logged in");

    machine.home_file(".claude/.credentials.json");
    let agents = machine.detect(&BTreeMap::new()).await;
    assert_eq!(
        (agent(&agents, "claude-code").logged_in, agent(&agents, "claude-code").mend.as_ref()),
        (Some(true), None)
    );
    assert_eq!(preferred(&agents).unwrap().name, "claude-code");
}

#[tokio::test]
async fn a_key_is_a_login_and_a_program_tells_its_version_itself() {
    let mut machine = Machine::new();
    machine.program("bin/gemini", r#"test "$1" = --version && echo "gemini v0.61.0 (stable)""#);
    machine.env.insert("GEMINI_API_KEY".to_owned(), "secret".to_owned());
    let agents = machine.detect(&BTreeMap::new()).await;
    let gemini = agent(&agents, "gemini");
    assert_eq!((gemini.version.as_deref(), gemini.logged_in), (Some("0.61.0"), Some(true)));
    assert_eq!(gemini.args, ["--acp"]);
    let told = format!("{agents:?}");
    assert!(!told.contains("secret"));
}

#[tokio::test]
async fn own_settings_make_a_login_unknown_and_the_agent_is_preferred_to_the_demo() {
    let machine = Machine::new();
    machine.program("bin/codex-acp", "exit 1");
    machine.home_file(".codex/config.toml");
    let agents = machine.detect(&BTreeMap::new()).await;
    let codex = agent(&agents, "codex");
    assert_eq!((codex.version.as_ref(), codex.logged_in, codex.mend.as_ref()), (None, None, None));
    assert_eq!(preferred(&agents).unwrap().name, "codex");
}

#[tokio::test]
async fn a_configured_agent_stands_first_and_replaces_the_one_of_its_name() {
    let machine = Machine::new();
    machine.program("bin/my-agent", "echo 1.2.3");
    let config = |command: &str| AgentConfig {
        command: command.to_owned(),
        args: vec!["acp".to_owned()],
        ..AgentConfig::default()
    };
    let configured =
        BTreeMap::from([("codex".to_owned(), config("no-such-agent")), ("mine".to_owned(), config("my-agent"))]);
    let agents = machine.detect(&configured).await;
    assert_eq!(agents.iter().filter(|agent| agent.name == "codex").count(), 1);
    assert!(!agent(&agents, "codex").found);
    let mine = agent(&agents, "mine");
    assert_eq!((mine.found, mine.version.as_deref()), (true, Some("1.2.3")));
    assert_eq!(mine.args, ["acp"]);
    assert_eq!(preferred(&agents).unwrap().name, "mine");
}

#[tokio::test]
async fn what_was_installed_here_is_found_behind_what_the_person_installed() {
    let machine = Machine::new();
    let here = "agents/gemini/0.61.0/node_modules/.bin/gemini";
    machine.program(here, "echo 0.61.0");
    let agents = machine.detect(&BTreeMap::new()).await;
    let gemini = agent(&agents, "gemini");
    assert_eq!((gemini.found, gemini.program.as_path()), (true, machine.folder.path().join(here).as_path()));
    assert_eq!(gemini.install, Install::Done { package: "@google/gemini-cli@0.61.0".into() });
    assert!(matches!(agent(&agents, "codex").install, Install::Offered { .. }));
    machine.program("bin/gemini", "echo 0.50.0");
    let agents = machine.detect(&BTreeMap::new()).await;
    assert_eq!(agent(&agents, "gemini").version.as_deref(), Some("0.50.0"));
}

#[tokio::test]
async fn the_version_of_a_script_is_not_that_of_its_interpreter() {
    let machine = Machine::new();
    machine.program("bin/node", "echo v20.0.0");
    machine.npm("mine", "1.2.3", "unused");
    let script = machine.folder.path().join("lib/node_modules/mine/dist/index.js");
    let config = AgentConfig {
        command: "node".into(),
        args: vec![script.to_string_lossy().into_owned()],
        ..AgentConfig::default()
    };
    let agents = machine.detect(&BTreeMap::from([("mine".to_owned(), config)])).await;
    assert_eq!(agent(&agents, "mine").version.as_deref(), Some("1.2.3"));
}

/// The panel installs what the tests are run with.
#[test]
fn bundles_are_the_versions_that_are_tested() {
    let tested = include_str!("../../../tests/agents/package.json");
    let tested: serde_json::Value = serde_json::from_str(tested).unwrap();
    for entry in qd_agents::catalogue::ENTRIES {
        let bundle = entry.bundle.unwrap();
        let (name, version) = bundle.package.rsplit_once('@').unwrap();
        let wanted = tested["dependencies"][name].as_str().or(tested["optionalDependencies"][name].as_str());
        assert_eq!(wanted, Some(version), "{name}");
        let manifest: serde_json::Value = serde_json::from_str(bundle.manifest).unwrap();
        assert_eq!(manifest["dependencies"][name], version);
        let lock: serde_json::Value = serde_json::from_str(bundle.lock).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert_eq!(packages[&format!("node_modules/{name}")]["version"], version);
        let hashed = packages.iter().filter(|(path, _)| !path.is_empty());
        assert!(hashed.clone().all(|(_, package)| package["integrity"].is_string()), "each package has its hash");
    }
}

#[tokio::test]
async fn an_installation_is_whole_or_not_there() {
    let mut machine = Machine::new();
    let folder = machine.folder.path().join("agents");
    let bin = machine.folder.path().join("bin");
    let path = machine.env.insert("PATH".to_owned(), bin.display().to_string()).unwrap();
    let whole = folder.join("mine/1.0.0/node_modules");
    let install = async |machine: &Machine| install(&machine.around(), &folder, "mine", What::Package("x@1.0.0")).await;
    assert!(matches!(install(&machine).await, Err(InstallError::NoNpm)));
    machine.env.insert("PATH".to_owned(), path);
    machine.program("bin/npm", "mkdir node_modules");
    assert!(matches!(install(&machine).await, Err(InstallError::NoProgram)), "npm leaves out parts and says nothing");
    machine.program("bin/npm", "echo 'npm error code E404' >&2; mkdir node_modules; exit 1");
    let failed = install(&machine).await.unwrap_err().to_string();
    assert!(failed.contains("code E404") && !whole.exists(), "{failed}");
    machine.program(
        "bin/npm",
        "mkdir -p node_modules/.bin; echo $* > node_modules/asked; cat package.json >> node_modules/asked",
    );
    for _ in 0..2 {
        install(&machine).await.unwrap();
        let asked = fs::read_to_string(whole.join("asked")).unwrap();
        assert!(asked.starts_with("install ") && asked.contains(r#""x":"1.0.0""#), "{asked}");
    }
}
