//! Processes that outlive their parent.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::time::timeout;

use crate::child::{Child, Exit};
use crate::identity::Identity;
use crate::spawn::{Group, Spawn, SpawnError};

/// Starts `spawn` in a session of its own, stdin null, stdout and stderr appended to `log`. It lives on when the
/// caller ends; while the caller lives, the runtime reaps it.
///
/// Must be called in a tokio runtime with I/O enabled.
pub fn spawn_detached(spawn: &Spawn, log: &Path) -> Result<Identity, SpawnError> {
    start(spawn, log).map(|child| child.identity())
}

/// The same, and waits for a while whether it ends at once: `None` where it goes on.
pub async fn try_detached(spawn: &Spawn, log: &Path, within: Duration) -> Result<Option<Exit>, SpawnError> {
    let mut child = start(spawn, log)?;
    match timeout(within, child.wait()).await {
        Ok(exit) => exit.map(Some).map_err(|source| spawn.other(source)),
        Err(_) => Ok(None),
    }
}

fn start(spawn: &Spawn, log: &Path) -> Result<Child, SpawnError> {
    let (stdout, stderr) = appenders(log).map_err(|source| spawn.other(source))?;
    let spawn = spawn.clone().group(Group::Session);
    let command = spawn.command(Stdio::null(), stdout, stderr)?;
    let inner = spawn.start(command)?;
    let mut child = Child::guard(inner, spawn.on_drop).map_err(|source| spawn.other(source))?;
    // A dropped child that still runs goes to the runtime's list of orphans, which it reaps on SIGCHLD.
    child.disarm();
    Ok(child)
}

fn appenders(log: &Path) -> io::Result<(Stdio, Stdio)> {
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    let second = file.try_clone()?;
    Ok((file.into(), second.into()))
}
