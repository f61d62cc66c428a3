//! The configuration, in layers: built in, the user's file, the data directory's file. A later layer replaces what it
//! names. Nothing is read from a project: a repository that was merely cloned must not name programs to run.

use qd_agents::AgentConfig;
use qd_engine::ProjectConfig;
use qd_engine::host::Limits;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// A file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It can't be read.
    #[error("{file} can't be read: {source}. Mend its rights, or move it away")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not understood.
    #[error("{file}, line {line}: {message}. Mend the line, or move the file away")]
    Broken {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

/// What can be configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// How many sessions run at once.
    pub max_sessions: u32,
    /// How long an agent may be silent, and what it may use up.
    pub limits: Limits,
    /// Whether agents are confined, where the system can.
    pub confine: bool,
    /// The documents of tasks.
    pub tasks: Tasks,
    /// Further agents.
    pub agents: BTreeMap<String, AgentConfig>,
    /// What opens a worktree, by its name.
    pub open: BTreeMap<String, String>,
    /// Projects, by their absolute paths.
    pub projects: BTreeMap<PathBuf, ProjectConfig>,
    /// Who is told of what needs a person.
    pub notify: Notify,
}

/// Who is told of what needs a person.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// The address to which it is posted.
    #[serde(default, deserialize_with = "address")]
    pub webhook: Option<String>,
    /// A file that holds what the posts are signed with.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// The address of this panel, as others reach it; for links.
    #[serde(default, deserialize_with = "address")]
    pub panel: Option<String>,
}

/// Projects by paths that are absolute, each as it can be meant.
fn absolute<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<PathBuf, ProjectConfig>, D::Error> {
    let projects = BTreeMap::<PathBuf, ProjectConfig>::deserialize(deserializer)?;
    if let Some(problem) = projects.values().find_map(ProjectConfig::problem) {
        return Err(serde::de::Error::custom(problem));
    }
    match projects.keys().find(|path| !path.is_absolute()) {
        Some(path) => Err(serde::de::Error::custom(format!("{} is no absolute path of a project", path.display()))),
        None => Ok(projects),
    }
}

/// An address of http.
fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let address = Option::<String>::deserialize(deserializer)?;
    let is_one = |text: &str| {
        let uri: Option<ureq::http::Uri> = text.parse().ok();
        uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
    };
    match address.as_deref() {
        Some(text) if !is_one(text) => {
            Err(serde::de::Error::custom("this is no address that begins with http:// or https://"))
        }
        _ => Ok(address),
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_sessions: 8,
            limits: Limits::default(),
            confine: true,
            tasks: Tasks::default(),
            agents: BTreeMap::new(),
            open: BTreeMap::new(),
            projects: BTreeMap::new(),
            notify: Notify::default(),
        }
    }
}

/// A file of the user or of a data directory.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    max_sessions: Option<u32>,
    limits: Option<Limits>,
    confine: Option<bool>,
    tasks: Option<Tasks>,
    #[serde(default)]
    agents: BTreeMap<String, AgentConfig>,
    #[serde(default)]
    open: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "absolute")]
    projects: BTreeMap<PathBuf, ProjectConfig>,
    notify: Option<Notify>,
}

/// The documents of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// Their folder in a project.
    pub folder: String,
    /// Whether those that the panel archives or restores are committed.
    pub commit: bool,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { folder: "tasks".to_owned(), commit: false }
    }
}

impl Config {
    /// Reads the layers, the user's first.
    pub fn load(user: &Path, data_dir: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for file in [user.to_owned(), data_dir.join("config.toml")] {
            let layer = read(&file)?;
            config.max_sessions = layer.max_sessions.unwrap_or(config.max_sessions);
            config.limits = layer.limits.unwrap_or(config.limits);
            config.confine = layer.confine.unwrap_or(config.confine);
            config.tasks = layer.tasks.unwrap_or(config.tasks);
            config.agents.extend(layer.agents);
            config.open.extend(layer.open);
            config.projects.extend(layer.projects);
            config.notify = layer.notify.unwrap_or(config.notify);
        }
        Ok(config)
    }
}

fn read(file: &Path) -> Result<Layer, ConfigError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        // A data directory that is none is told by whoever opens it.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Layer::default());
        }
        Err(source) => return Err(ConfigError::Unreadable { file: file.to_owned(), source }),
    };
    toml::from_str(&text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start);
        let line = text.get(..before).unwrap_or_default().matches('\n').count() + 1;
        ConfigError::Broken { file: file.to_owned(), line, message: error.message().replace('\n', " ") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn with(user: &str, data: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("user.toml");
        fs::write(&file, user).unwrap();
        fs::write(dir.path().join("config.toml"), data).unwrap();
        Config::load(&file, dir.path())
    }

    #[test]
    fn without_files_it_is_what_is_built_in() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Config::load(&dir.path().join("none"), dir.path()).unwrap(), Config::default());
    }

    #[test]
    fn a_later_layer_replaces_what_it_names_and_no_more() {
        let user = "max_sessions = 3\n[tasks]\nfolder = 'todo'\n[agents.one]\ncommand = 'one'\n";
        let config = with(user, "max_sessions = 4\n[agents.two]\ncommand = 'two'\nargs = ['acp']\n").unwrap();
        assert_eq!((config.max_sessions, config.tasks.folder.as_str()), (4, "todo"));
        assert_eq!(config.agents.keys().collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_broken_file_is_named_with_its_line() {
        for (text, line, word) in [
            ("max_sessions = 3\nmax_sesions = 4\n", "line 2", "max_sesions"),
            ("\n\n[agents.x]\nargs = []\n", "line 3", "command"),
            ("max_sessions = many", "line 1", ""),
            ("max_sessions = -1", "line 1", ""),
            ("[notify]\nwebhook = 'localhost/hook'\n", "line 2", "http://"),
            ("[projects.deck]\ncheck = 'true'\n", "line 1", "absolute path"),
            ("[projects.'/deck']\nchek = 'true'\n", "line 2", "chek"),
            ("[projects.'/deck']\nports = ['A-B']\n", "line 1", "`A-B` in `ports`"),
            ("[projects.'/deck']\ncopy = ['../secret']\n", "line 1", "`../secret` in `copy`"),
            ("[agents.x]\ncommand = 'x'\nlike = 'nobody'\n", "line 3", "claude-code, codex"),
        ] {
            let message = with(text, "").unwrap_err().to_string();
            assert!(message.contains("user.toml, ") && message.contains(line) && message.contains(word), "{message}");
        }
    }
}
