//! What a host is told, and the files of its folder.

use super::fence::Fence;
use super::limits::Limits;
use super::moments::Moments;
use qd_agents::Protocol;
use qd_agents::driver::Fork;
use qd_core::blob::AttachedImage;
use qd_core::ids::{MessageId, Millis, SessionId};
use qd_core::row::Permission;
use qd_proc::Identity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

pub(super) const SPEC: &str = "spec.json";
pub(super) const HOST: &str = "host.json";
pub(super) const SOCKET: &str = "sock";
pub(super) const OUTPUT: &str = "output.jsonl";
pub(super) const LOG: &str = "host.log";

/// What to start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostSpec {
    /// The session.
    pub session: SessionId,
    /// Which attempt of it; from 1.
    pub attempt: u32,
    /// The agent's name in the catalogue or the configuration.
    pub agent: String,
    /// The agent's name for people.
    pub title: String,
    /// Its program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its version as it was detected.
    #[serde(default)]
    pub version: Option<String>,
    /// Its whole environment, but for what the host adds: `QD_SESSION` and `TMPDIR`.
    pub env: BTreeMap<String, String>,
    /// Where it works.
    pub cwd: PathBuf,
    /// The prompts to begin with.
    pub messages: Vec<FirstMessage>,
    /// The agent's id of the conversation to go on with.
    #[serde(default)]
    pub resume: Option<String>,
    /// What a new conversation goes on from.
    #[serde(default)]
    pub fork: Option<Fork>,
    /// What is said first of all.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// What makes the worktree ready before the agent starts; none where that is done, or not needed.
    #[serde(default)]
    pub setup: Option<Setup>,
    /// How the worktree is saved before each message; none does not save it.
    #[serde(default)]
    pub moments: Option<Moments>,
    /// What that conversation had cost before, in US dollars.
    #[serde(default)]
    pub spent: Option<f64>,
    /// What it may do without asking.
    #[serde(default)]
    pub permission: Permission,
    /// The protocol that it speaks.
    #[serde(default)]
    pub protocol: Protocol,
    /// The agent of the catalogue whose peculiarities hold; none has none.
    #[serde(default)]
    pub like: Option<String>,
    /// Not before this the conversation can be gone on with.
    #[serde(default)]
    pub not_before: Option<Millis>,
    /// The model; none leaves the agent's choice.
    #[serde(default)]
    pub model: Option<String>,
    /// How long the agent may take until it takes prompts, in milliseconds.
    #[serde(default = "default_boot_deadline")]
    pub boot_deadline_ms: u64,
    /// Whether it is confined.
    #[serde(default)]
    pub fence: Fence,
    /// How long it may be silent, and what it may use up.
    #[serde(default)]
    pub limits: Limits,
    /// Where the images are that messages name.
    #[serde(default)]
    pub blobs: PathBuf,
    /// How long the agent stays without a prompt after a turn, in milliseconds.
    #[serde(default)]
    pub linger_ms: u64,
}

fn default_boot_deadline() -> u64 {
    60_000
}

/// A command that makes a worktree ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The command, for `sh`.
    pub command: String,
    /// Its whole environment, but for what the host adds.
    pub env: BTreeMap<String, String>,
    /// The file that is written once it has succeeded.
    pub done: PathBuf,
    /// What it says then.
    pub receipt: serde_json::Value,
}

/// A prompt to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirstMessage {
    /// Its id.
    pub id: MessageId,
    /// Its text.
    pub text: String,
    /// Images with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<AttachedImage>,
}

impl HostSpec {
    /// What every process of the attempt carries as `QD_SESSION`.
    pub fn mark(&self) -> String {
        format!("{}.{}", self.session, self.attempt)
    }

    pub(super) fn read(run_dir: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(run_dir.join(SPEC))?)?)
    }

    /// The orders of an attempt, and when they were written.
    pub(crate) fn written(run_dir: &Path) -> io::Result<(Self, Millis)> {
        let written = fs::metadata(run_dir.join(SPEC))?.modified()?;
        let since = written.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok((Self::read(run_dir)?, Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))))
    }

    pub(super) fn write(&self, run_dir: &Path) -> io::Result<()> {
        write_new(&run_dir.join(SPEC), &serde_json::to_vec_pretty(self)?)
    }
}

/// `host.json`: who the host is. It is made once, so whoever makes it decides between a start and a burial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HostFile {
    /// The protocol that it speaks.
    pub(super) version: u32,
    /// Its process; none where the attempt was buried before a host began.
    pub(super) identity: Option<Identity>,
}

impl HostFile {
    pub(super) fn read(run_dir: &Path) -> io::Result<Option<Self>> {
        match fs::read(run_dir.join(HOST)) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the file with its content at once. `AlreadyExists` where somebody was first.
    pub(super) fn claim(&self, run_dir: &Path) -> io::Result<()> {
        let draft = run_dir.join(format!("host.{}.draft", std::process::id()));
        write_new(&draft, &serde_json::to_vec(self)?)?;
        let linked = fs::hard_link(&draft, run_dir.join(HOST));
        fs::remove_file(&draft)?;
        linked
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    // The name is durable only with its folder.
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Options to open a file that only its owner may read.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
