//! Which children are ours to wait for, and the reaping of those that were only adopted.
//!
//! A child subreaper inherits orphans. Reaping them with "wait for any child" would steal the exit status of
//! children that a [`Child`](crate::Child) waits for, so the two kinds are told apart here.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::process::{WaitOptions, waitpid};
use tokio::signal::unix::{SignalKind, signal};

use crate::identity::{Identity, raw};
use crate::table;

/// Only a subreaper reaps what it did not start: in any other process such a child belongs to somebody else.
static ADOPTS: AtomicBool = AtomicBool::new(false);
static STARTED: Mutex<BTreeSet<Identity>> = Mutex::new(BTreeSet::new());

/// Makes orphaned descendants children of this process, whatever sessions they made. Nothing to do on macOS, which
/// does not have it.
pub fn set_child_subreaper() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(raw(std::process::id()))?;
    ADOPTS.store(true, Ordering::Relaxed);
    Ok(())
}

/// Starts a child and remembers it as one that somebody waits for.
pub(crate) fn spawn(command: &mut tokio::process::Command) -> io::Result<tokio::process::Child> {
    // Held across the start: a child that ends at once must not be taken for an adopted one.
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    started.extend(child.id().and_then(Identity::of));
    Ok(child)
}

/// To be called once it is reaped.
pub(crate) fn forget(child: Identity) {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner).remove(&child);
}

/// Reaps adopted children that have ended; returns how many. Does nothing in a process that is no subreaper.
pub fn reap_adopted() -> io::Result<usize> {
    if !ADOPTS.load(Ordering::Relaxed) {
        return Ok(0);
    }
    let own = std::process::id();
    let started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut reaped = 0;
    for row in table::rows()? {
        let pid = row.identity.pid;
        if row.parent != own || !row.zombie || started.contains(&row.identity) {
            continue;
        }
        if let Ok(Some(_)) = waitpid(raw(pid), WaitOptions::NOHANG) {
            reaped += 1;
        }
    }
    Ok(reaped)
}

/// Reaps adopted children whenever a child ends. Runs until dropped; a subreaper keeps it among its tasks.
pub async fn reap_adopted_on_signal() -> io::Result<()> {
    let mut ended = signal(SignalKind::child())?;
    loop {
        reap_adopted()?;
        if ended.recv().await.is_none() {
            return Ok(());
        }
    }
}
