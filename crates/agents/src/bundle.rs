//! Agents below the data directory: npm packages of exact versions, installed when a person asks for it and never else.
//!
//! What the catalogue brings is installed by `npm ci` from the lock file that stands beside it, with a hash for every
//! package and without their scripts, which none of them needs. A package of an agent that a person added is installed
//! as its author meant it, with the scripts. Each version has its own folder, which comes into being whole or not at
//! all: `<folder>/<agent>/<version>/node_modules`.

use crate::catalogue::Door;
use crate::detect::Surroundings;
use qd_proc::{End, Run, RunError, Spawn, SpawnError};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

/// How long an installation may take: the largest is 450 MB.
const WITHIN: Duration = Duration::from_mins(15);
/// How much of npm's complaint is told.
const COMPLAINT: usize = 600;

/// What can be installed for an agent of the catalogue.
#[derive(Debug)]
pub struct Bundle {
    /// The package with its version.
    pub package: &'static str,
    /// Its `package.json`.
    pub manifest: &'static str,
    /// Its `package-lock.json`.
    pub lock: &'static str,
    /// The systems that it is made for (`linux-x64`); empty for all.
    pub only: &'static [&'static str],
}

/// An agent could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is no npm.
    #[error("npm was not found. Install Node.js 20 or newer with npm, then try again")]
    NoNpm,
    /// npm failed.
    #[error("npm could not install it: {0}")]
    Npm(String),
    /// npm did not come to an end.
    #[error("npm took longer than {} minutes. Look at the network, then try again", WITHIN.as_secs() / 60)]
    TooLong,
    /// npm could not be run.
    #[error("npm could not be run: {0}")]
    Run(#[from] RunError),
    /// The folder can't be written.
    #[error("{} can't be written: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// npm leaves out what it could not fetch or write of the parts for one system, and says nothing.
    #[error(
        "npm ended well and brought no program for this system. Look at the room on the disk and at the network, then try again"
    )]
    NoProgram,
    /// There is nothing to install.
    #[error("`{0}` is no package with its version")]
    NoPackage(String),
}

/// What is to be installed.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// What the catalogue brings, and what must be there then.
    Bundle(&'static Bundle, &'static [Door]),
    /// A package with its version.
    Package(&'a str),
}

impl What<'_> {
    fn package(&self) -> &str {
        match self {
            Self::Bundle(bundle, _) => bundle.package,
            Self::Package(package) => package,
        }
    }
}

impl Bundle {
    /// Whether it is made for this system.
    pub fn is_for_here(&self) -> bool {
        self.only.is_empty() || self.only.contains(&platform().as_str())
    }
}

/// Where the packages of an agent lie: `node_modules`, once they are installed.
pub fn modules(folder: &Path, agent: &str, package: &str) -> Option<PathBuf> {
    let (_, version) = package.rsplit_once('@')?;
    Some(folder.join(agent).join(version).join("node_modules"))
}

/// The first of `paths` below the packages of an agent that is there. `{platform}` stands for npm's name of the system,
/// `{target}` for Rust's.
pub fn program(modules: &Path, paths: &[&str]) -> Option<PathBuf> {
    let fill = |path: &&str| modules.join(path.replace("{platform}", &platform()).replace("{target}", target()));
    paths.iter().map(fill).find(|path| path.is_file())
}

/// The program of a package: the one of this name, else the only one that it has.
pub fn program_of(modules: &Path, package: &str, name: &str) -> PathBuf {
    let named = modules.join(".bin").join(name);
    if named.exists() {
        return named;
    }
    let only = || {
        let (package, _) = package.rsplit_once('@')?;
        let text = fs::read_to_string(modules.join(package).join("package.json")).ok()?;
        let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
        let programs = manifest["bin"].as_object().filter(|programs| programs.len() == 1)?;
        Some(modules.join(".bin").join(programs.keys().next()?))
    };
    only().unwrap_or(named)
}

/// Installs `what` for an agent below `folder`. Done again, it is made anew.
pub async fn install(around: &Surroundings, folder: &Path, agent: &str, what: What<'_>) -> Result<(), InstallError> {
    let unknown = || InstallError::NoPackage(what.package().to_owned());
    let (name, version) = what.package().rsplit_once('@').ok_or_else(unknown)?;
    let npm = which::which_in("npm", Some(around.path()), &around.cwd).map_err(|_| InstallError::NoNpm)?;
    let whole = folder.join(agent).join(version);
    let part = folder.join(agent).join(format!("{version}.part"));
    let unwritten = |source| InstallError::Folder { path: part.clone(), source };
    emptied(&part).map_err(unwritten)?;
    let (manifest, lock, command) = match what {
        What::Bundle(bundle, _) => {
            (bundle.manifest.to_owned(), Some(bundle.lock), ["ci", "--ignore-scripts"].as_slice())
        }
        What::Package(_) => {
            (json!({ "private": true, "dependencies": { name: version } }).to_string(), None, ["install"].as_slice())
        }
    };
    fs::write(part.join("package.json"), manifest).map_err(unwritten)?;
    if let Some(lock) = lock {
        fs::write(part.join("package-lock.json"), lock).map_err(unwritten)?;
    }
    run(around, &npm, &part, command).await?;
    let modules = part.join("node_modules");
    let brought = match what {
        What::Bundle(_, doors) => doors.first().is_none_or(|door| program(&modules, door.bundled).is_some()),
        What::Package(_) => modules.join(".bin").is_dir(),
    };
    if !brought {
        return Err(InstallError::NoProgram);
    }
    if whole.exists() {
        let old = folder.join(agent).join(format!("{version}.old"));
        let _ = fs::remove_dir_all(&old);
        fs::rename(&whole, &old).map_err(unwritten)?;
        let _ = fs::remove_dir_all(&old);
    }
    fs::rename(&part, &whole).map_err(unwritten)
}

/// An empty folder, whatever was there.
fn emptied(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(folder)
}

async fn run(around: &Surroundings, npm: &Path, folder: &Path, command: &[&str]) -> Result<(), InstallError> {
    // The settings of npm: which registry, which proxy.
    let settings = around.env.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        name.starts_with("npm_config_") || name.ends_with("_proxy") || name.contains("ca_certs") || name == "path"
    });
    let spawn = Spawn::new(npm)
        .args(command)
        .args(["--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"])
        .envs(settings)
        .env("HOME", &around.home)
        .cwd(folder);
    let output = match Run::new(spawn, WITHIN).output().await {
        Err(RunError::Spawn(SpawnError::NotFound { .. })) => return Err(InstallError::NoNpm),
        ended => ended?,
    };
    if output.end == End::TimedOut {
        return Err(InstallError::TooLong);
    }
    if !output.success() {
        return Err(InstallError::Npm(complaint(output.stderr.text().trim())));
    }
    Ok(())
}

/// npm's complaint without its frame: the first lines say what went wrong, the last ones where the log lies.
fn complaint(stderr: &str) -> String {
    let lines = stderr.lines().map(|line| line.trim_start_matches("npm error").trim_start_matches("npm ERR!").trim());
    let said: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("at ") && !line.contains("complete log"))
        .take(6)
        .collect();
    let said = said.join("; ");
    if said.is_empty() { "it said nothing".to_owned() } else { said.chars().take(COMPLAINT).collect() }
}

/// npm's name of this system.
fn platform() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}-{processor}")
}

/// Rust's name of this system, as Codex uses it.
fn target() -> &'static str {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", "aarch64") => "aarch64-apple-darwin",
        ("macos", _) => "x86_64-apple-darwin",
        (_, "aarch64") => "aarch64-unknown-linux-musl",
        _ => "x86_64-unknown-linux-musl",
    }
}
