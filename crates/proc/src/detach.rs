//! Processes that outlive their parent.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::process::Stdio;

use crate::child::Child;
use crate::identity::Identity;
use crate::spawn::{Group, Spawn, SpawnError};

/// Starts `spawn` in a session of its own, stdin null, stdout and stderr appended to `log`. It lives on when the
/// caller ends; while the caller lives, the runtime reaps it.
///
/// Must be called in a tokio runtime with I/O enabled.
pub fn spawn_detached(spawn: &Spawn, log: &Path) -> Result<Identity, SpawnError> {
    let (stdout, stderr) = appenders(log).map_err(|source| spawn.other(source))?;
    let spawn = spawn.clone().group(Group::Session);
    let command = spawn.command(Stdio::null(), stdout, stderr)?;
    let inner = spawn.start(command)?;
    let mut child = Child::guard(inner, spawn.on_drop).map_err(|source| spawn.other(source))?;
    // A dropped child that still runs goes to the runtime's list of orphans, which it reaps on SIGCHLD.
    child.disarm();
    Ok(child.identity())
}

fn appenders(log: &Path) -> io::Result<(Stdio, Stdio)> {
    let file = OpenOptions::new().create(true).append(true).open(log)?;
    let second = file.try_clone()?;
    Ok((file.into(), second.into()))
}
