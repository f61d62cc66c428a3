//! The registry of ACP agents: a file that says how each of them is started.
//!
//! Its format is that of `agent.schema.json` of agentclientprotocol/registry: `{"agents": [{id, name, version,
//! description, distribution: {npx | uvx | binary}}]}`. One agent's `agent.json` is read, too. Nothing is fetched here,
//! and what is not understood of one agent takes no other with it.

use qd_core::row::Setup;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The public registry.
pub const PUBLIC: &str = "https://cdn.agentclientprotocol.com/registry/v1/latest/registry.json";

/// An agent of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Its name in commands.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What it is.
    pub about: String,
    /// How it is started.
    pub setup: Option<Setup>,
    /// What is to be known before, or why it can't be added from here.
    pub note: Option<String>,
}

/// A file that is no registry.
#[derive(Debug, thiserror::Error)]
#[error("this is no registry of ACP agents: {0}")]
pub struct NoRegistry(#[from] serde_json::Error);

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Registry { agents: Vec<serde_json::Value> },
    One(Box<Entry>),
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: String,
    version: String,
    #[serde(default)]
    description: String,
    distribution: Distribution,
}

#[derive(Deserialize)]
struct Distribution {
    npx: Option<Package>,
    uvx: Option<Package>,
    #[serde(default)]
    binary: BTreeMap<String, Binary>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(rename = "package")]
    name: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Binary {
    archive: String,
    cmd: String,
    #[serde(default)]
    args: Vec<String>,
}

/// The agents of a registry, by their names for people.
pub fn read(text: &str) -> Result<Vec<Offered>, NoRegistry> {
    let mut offered: Vec<Offered> = match serde_json::from_str(text)? {
        File::Registry { agents } => {
            agents.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).map(offer).collect()
        }
        File::One(entry) => vec![offer(*entry)],
    };
    offered.sort_by_cached_key(|agent| agent.title.to_lowercase());
    Ok(offered)
}

fn offer(entry: Entry) -> Offered {
    let (setup, note) = setup(entry.distribution);
    Offered { id: entry.id, title: entry.name, version: entry.version, about: entry.description, setup, note }
}

fn setup(distribution: Distribution) -> (Option<Setup>, Option<String>) {
    if let Some(Package { name: package, args, env }) = distribution.npx {
        let (name, _) = package.rsplit_once('@').filter(|(name, _)| !name.is_empty()).unwrap_or((&package, ""));
        // Which of its programs it is stands in the package; most have one, of this name.
        let command = name.rsplit('/').next().unwrap_or(name).to_owned();
        return (Some(Setup { command, args, env, package: Some(package), ..Setup::default() }), None);
    }
    if let Some(Package { name: package, args, env }) = distribution.uvx {
        let args = [package].into_iter().chain(args).collect();
        let note = "uv fetches it when it is started for the first time.".to_owned();
        return (Some(Setup { command: "uvx".to_owned(), args, env, ..Setup::default() }), Some(note));
    }
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let note = match distribution.binary.get(&format!("{system}-{}", std::env::consts::ARCH)) {
        None => "It is not made for this system.".to_owned(),
        Some(Binary { archive, cmd, args }) => format!(
            "It comes as an archive. Fetch {archive}, unpack it, and add the agent by its program: {} {}",
            cmd.trim_start_matches("./"),
            args.join(" ")
        ),
    };
    (None, Some(note.trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"version": "1.0.0", "extensions": [], "agents": [
        {"id": "zeta", "name": "Zeta", "version": "1.2.3", "description": "One.", "icon": "x",
         "distribution": {"npx": {"package": "@zeta/cli@1.2.3", "args": ["--acp"], "env": {"ZETA": "1"}}}},
        {"id": "broken", "name": 7},
        {"id": "alpha", "name": "alpha", "version": "0.1.0", "description": "",
         "distribution": {"uvx": {"package": "alpha==0.1.0", "args": ["acp"]}}},
        {"id": "mu", "name": "Mu", "version": "0.1.0", "description": "",
         "distribution": {"binary": {"plan9-mips": {"archive": "https://x/y.tgz", "cmd": "./mu"}}}}
    ]}"#;

    #[test]
    fn each_way_of_distribution_becomes_a_setup_or_says_why_not() {
        let agents = read(FILE).unwrap();
        assert_eq!(agents.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["alpha", "mu", "zeta"]);
        let setups: Vec<_> = agents.into_iter().map(|a| a.setup).collect();
        let uvx = Setup { command: "uvx".into(), args: vec!["alpha==0.1.0".into(), "acp".into()], ..Setup::default() };
        let npx = Setup {
            command: "cli".into(),
            args: vec!["--acp".into()],
            env: BTreeMap::from([("ZETA".into(), "1".into())]),
            package: Some("@zeta/cli@1.2.3".into()),
            ..Setup::default()
        };
        assert_eq!(setups, [Some(uvx), None, Some(npx)]);
    }

    #[test]
    fn the_file_of_one_agent_is_read_and_another_one_is_refused() {
        let one = r#"{"id": "a", "name": "A", "version": "1.0.0", "distribution": {"npx": {"package": "a@1.0.0"}}}"#;
        assert_eq!(read(one).unwrap().len(), 1);
        for text in ["", "[]", "<html>", r#"{"agents": 3}"#, "{}"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
