//! The run folders of deleted sessions are removed; never those of a host that runs.

use crate::engine::Engine;
use crate::host::{self, Run};
use qd_core::ids::SessionId;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// The sessions that have, or may have, a run folder.
pub(super) struct Folders {
    sessions: BTreeSet<SessionId>,
}

impl Folders {
    /// Those that are there.
    pub(super) async fn list(engine: &Engine) -> Self {
        let runs = engine.inner.config.runs();
        let listed = tokio::task::spawn_blocking(move || names(&runs)).await;
        Self { sessions: listed.unwrap_or_default().iter().filter_map(|name| name.parse().ok()).collect() }
    }

    /// The sessions.
    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.iter().copied()
    }

    /// A session gets one.
    pub(super) fn note(&mut self, session: SessionId) {
        self.sessions.insert(session);
    }

    /// Removes those whose session has no row.
    pub(super) async fn clear(&mut self, engine: &Engine) {
        let gone: Vec<SessionId> =
            engine.read(|state| self.sessions.iter().copied().filter(|id| state.session(*id).is_none()).collect());
        for session in gone {
            super::origin::forget(engine, session).await;
            let dir = engine.inner.config.runs().join(session.to_string());
            let removed = tokio::task::spawn_blocking(move || remove(&dir)).await;
            if let Ok(Err(error)) = removed {
                tracing::warn!(session.id = %session, %error, "the output of a deleted session could not be removed");
            }
            // What could not be removed is looked at again when the server starts.
            self.sessions.remove(&session);
        }
    }
}

fn remove(dir: &Path) -> io::Result<()> {
    for attempt in names(dir).iter().filter(|name| name.parse::<u32>().is_ok()) {
        if let Run::Running(host) = host::inspect(&dir.join(attempt))? {
            return Err(io::Error::other(format!("process {} still writes it", host.pid)));
        }
    }
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The names in a folder; none where it can't be read.
fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
