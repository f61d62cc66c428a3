//! Which agents this machine has: found, version, logged in, and the one command that mends what is missing.
//!
//! Reads no secret: a login shows by the existence of the vendor's file or by a variable that is set.

use qd_core::row::Install;
use qd_proc::{Run, Spawn};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::JoinSet;

use crate::bundle::{self, Bundle};
use crate::catalogue::{AgentConfig, DEMO, Door, ENTRIES, Entry};
use crate::demo_agent::MODELS;

/// How long a program may take to tell its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);

/// What detection looks at.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The home directory.
    pub home: PathBuf,
    /// The environment with the PATH of the person's login shell; of keys only whether they are set is looked at.
    pub env: BTreeMap<String, String>,
    /// The directory that relative programs are meant from.
    pub cwd: PathBuf,
    /// The program of this product, whose `demo-agent` command is the demo agent.
    pub own_program: PathBuf,
    /// The folder below which agents are installed on request.
    pub installed: PathBuf,
}

impl Surroundings {
    /// The search path of programs.
    pub fn path(&self) -> &str {
        self.env.get("PATH").map(String::as_str).unwrap_or_default()
    }

    /// The program of this name, or at this path.
    pub fn find(&self, program: &str) -> Option<PathBuf> {
        which::which_in(program, Some(self.path()), &self.cwd).ok()
    }
}

/// An agent and how it stands on this machine.
#[derive(Clone, Debug)]
pub struct Detected {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether its program was found.
    pub found: bool,
    /// The program; absolute where it was found.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The way in that is open, of an agent of the catalogue that was found.
    pub door: Option<&'static Door>,
    /// Its version, where it tells.
    pub version: Option<String>,
    /// Whether somebody is logged in; none where that cannot be seen from outside.
    pub logged_in: Option<bool>,
    /// The one command that mends what is missing.
    pub mend: Option<String>,
    /// True for the demo agent: scripted, no model.
    pub scripted: bool,
    /// Models to choose from, as far as they are known without a start.
    pub models: Vec<OfferedModel>,
    /// What can be installed for it here.
    pub install: Install,
}

/// A model of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedModel {
    /// Its id for the agent.
    pub id: String,
    /// Its name for people.
    pub title: String,
}

/// Looks for all agents of the catalogue and the configured ones. In order of preference, the demo agent last. A
/// configured agent replaces the one of the catalogue that has its name.
pub async fn detect(around: &Surroundings, configured: &BTreeMap<String, AgentConfig>) -> Vec<Detected> {
    let mut agents: Vec<Detected> =
        configured.iter().map(|(name, config)| configured_agent(around, name, config)).collect();
    let known = ENTRIES.iter().filter(|entry| !configured.contains_key(entry.name));
    agents.extend(known.map(|entry| known_agent(around, entry)));
    agents.push(demo(around));
    let mut versions = JoinSet::new();
    for (index, agent) in agents.iter().enumerate().filter(|(_, agent)| agent.found && !agent.scripted) {
        let (agent, around) = (agent.clone(), around.clone());
        versions.spawn(async move { (index, version(&agent, &around).await) });
    }
    while let Some(answer) = versions.join_next().await {
        if let Ok((index, version)) = answer
            && let Some(agent) = agents.get_mut(index)
        {
            agent.version = version;
        }
    }
    agents
}

/// The agent to offer first: a real one that is logged in, else one of which that is not known, else the demo agent.
pub fn preferred(agents: &[Detected]) -> Option<&Detected> {
    let real =
        |logged_in| agents.iter().find(move |agent| agent.found && !agent.scripted && agent.logged_in == logged_in);
    real(Some(true)).or_else(|| real(None)).or_else(|| agents.iter().find(|agent| agent.found && agent.scripted))
}

fn configured_agent(around: &Surroundings, name: &str, config: &AgentConfig) -> Detected {
    let found = around.find(&config.command);
    Detected {
        name: name.to_owned(),
        title: title(name, config),
        found: found.is_some(),
        mend: found.is_none().then(|| format!("`{}` is not on the PATH of the server", config.command)),
        program: found.unwrap_or_else(|| config.command.clone().into()),
        args: config.args.clone(),
        door: None,
        version: None,
        logged_in: None,
        scripted: false,
        models: Vec::new(),
        install: Install::Not,
    }
}

/// As it was configured, else as the catalogue calls the agent of this name.
fn title(name: &str, config: &AgentConfig) -> String {
    let known = || ENTRIES.iter().find(|entry| entry.name == name).map(|entry| entry.title.to_owned());
    config.title.clone().or_else(known).unwrap_or_else(|| name.to_owned())
}

/// The way to speak with an agent whose program is there, with the program's place: the user's own first, then what was
/// installed below the data directory.
pub fn open_door(entry: &'static Entry, around: &Surroundings) -> Option<(&'static Door, PathBuf)> {
    let own = || entry.doors.iter().find_map(|door| Some((door, around.find(door.program)?)));
    let bundled = || {
        let modules = bundle::modules(&around.installed, entry.name, entry.bundle?.package)?;
        entry.doors.iter().find_map(|door| Some((door, bundle::program(&modules, door.bundled)?)))
    };
    own().or_else(bundled)
}

fn known_agent(around: &Surroundings, entry: &'static Entry) -> Detected {
    let open = open_door(entry, around);
    let first = entry.doors.first();
    let logged_in = logged_in(around, entry);
    let mend = match (&open, logged_in) {
        (None, _) => first.map(|door| door.install.to_owned()),
        (Some(_), Some(false)) => Some(entry.login.to_owned()),
        (Some(_), _) => None,
    };
    Detected {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        found: open.is_some(),
        door: open.as_ref().map(|(door, _)| *door),
        args: door_args(open.as_ref().map(|(door, _)| *door).or(first)),
        program: open.map(|(_, found)| found).or_else(|| first.map(|door| door.program.into())).unwrap_or_default(),
        version: None,
        logged_in,
        mend,
        scripted: false,
        models: Vec::new(),
        install: entry.bundle.map_or(Install::Not, |bundle| offered(around, entry, bundle)),
    }
}

fn offered(around: &Surroundings, entry: &Entry, bundle: &Bundle) -> Install {
    let package = bundle.package.to_owned();
    let modules = bundle::modules(&around.installed, entry.name, bundle.package);
    match modules {
        Some(modules) if modules.is_dir() => Install::Done { package },
        Some(_) if bundle.is_for_here() => Install::Offered { package },
        _ => Install::Not,
    }
}

fn door_args(door: Option<&Door>) -> Vec<String> {
    door.map(|door| door.args).unwrap_or_default().iter().map(|arg| (*arg).to_owned()).collect()
}

fn demo(around: &Surroundings) -> Detected {
    let models = MODELS.iter().map(|(id, title)| OfferedModel { id: (*id).to_owned(), title: (*title).to_owned() });
    Detected {
        name: DEMO.to_owned(),
        title: "Demo agent (scripted, no model)".to_owned(),
        found: true,
        program: around.own_program.clone(),
        args: vec!["demo-agent".to_owned()],
        door: None,
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        logged_in: Some(true),
        mend: None,
        scripted: true,
        models: models.collect(),
        install: Install::Not,
    }
}

fn logged_in(around: &Surroundings, entry: &Entry) -> Option<bool> {
    let set = |name: &str| around.env.get(name).is_some_and(|value| !value.is_empty());
    let there = |file: &str| around.home.join(file).exists();
    if entry.keys.iter().any(|name| set(name)) || entry.credentials.iter().any(|file| there(file)) {
        return Some(true);
    }
    // Own providers need no login, and macOS keeps logins in its keychain.
    if entry.settings.iter().any(|file| there(file)) || cfg!(target_os = "macos") {
        return None;
    }
    Some(false)
}

/// The version: from the npm package that the program lies in, as adapters do not all answer `--version` and a read
/// is faster than a start; else from the program itself.
async fn version(agent: &Detected, around: &Surroundings) -> Option<String> {
    // Where an interpreter is started, its script is the program that counts.
    let script = agent.args.first().map(|arg| around.cwd.join(arg)).filter(|script| script.is_file());
    if let Some(script) = script {
        return packaged_version(&script, |_| true);
    }
    let package = agent.door.map(|door| door.package);
    if let Some(version) = package.and_then(|package| packaged_version(&agent.program, |name| name == package)) {
        return Some(version);
    }
    let spawn = Spawn::new(&agent.program)
        .arg("--version")
        .env("PATH", around.path())
        .env("HOME", &around.home)
        .cwd(&around.cwd);
    let output = Run::new(spawn, VERSION_TIMEOUT).limits(4096, 4096).output().await.ok()?;
    if !output.success() {
        return None;
    }
    let text = output.stdout.text();
    // The first word with a digit in front, as programs put their name before it and more behind it.
    let number = text.split_whitespace().map(|word| word.trim_start_matches('v').trim_end_matches(['.', ',']));
    number.filter(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(str::to_owned).next()
}

/// The version of the nearest package around `program` whose name is the one.
fn packaged_version(program: &Path, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let script = program.canonicalize().ok()?;
    script.ancestors().skip(1).take(5).find_map(|folder| {
        let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
        let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
        let version = manifest["version"].as_str().map(str::to_owned)?;
        is_it(manifest["name"].as_str()?).then_some(version)
    })
}
