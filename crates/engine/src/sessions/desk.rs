//! The work of a session as it happens: the task's document is brought back from the worktree, its changes are
//! counted. What an agent did outside of its document is nobody's business here.

use crate::engine::Engine;
use crate::work::bring_back;
use qd_core::ids::{Mid, SessionId, TaskId};
use qd_core::row::Session;
use std::convert::Infallible;
use std::future::pending;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// How often the work is looked at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Desk {
    engine: Engine,
    session: SessionId,
    task: TaskId,
    base: PathBuf,
}

impl Desk {
    /// The desk of the current attempt; none where the session does not write into its task's worktree.
    pub(super) fn of(engine: &Engine, row: &Session) -> Option<Self> {
        let base = base_file(engine, row);
        let desk = Self { engine: engine.clone(), session: row.id, task: row.task, base };
        row.kind.holds_the_worktree().then_some(desk)
    }

    /// Looks at the work once.
    pub(super) async fn look(&self) {
        let Some(branch) = self.engine.read(|state| state.task(self.task)?.standing().cloned()) else {
            return;
        };
        // Without its base the copy can't be merged: it stays in the worktree.
        if let Ok(base) = read_base(&self.base)
            && let Some(next) = bring_back(&self.engine, self.session, self.task, &branch, base).await
            && let Err(error) = write_base(&self.base, next)
        {
            tracing::warn!(session.id = %self.session, %error, "the base of a document could not be noted");
        }
        self.engine.count_changes(self.task).await;
    }
}

/// Looks whenever there are news, at most once a second and at most a fifth of the time.
pub(super) async fn watch(desk: Option<&Desk>, news: &Notify) -> Infallible {
    let Some(desk) = desk else {
        return pending().await;
    };
    loop {
        news.notified().await;
        let began = Instant::now();
        desk.look().await;
        // In a large repository a look takes long: it must not become the machine's main work.
        sleep(LOOK_EVERY.max(began.elapsed() * 4)).await;
    }
}

/// Notes which version of the document the copy in the worktree was made from. It lies beside the run folder, as that
/// is the claim and must not be there yet.
pub(super) fn note_base(engine: &Engine, row: &Session, version: Mid) -> io::Result<()> {
    let path = base_file(engine, row);
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    write_base(&path, version)
}

fn base_file(engine: &Engine, row: &Session) -> PathBuf {
    engine.inner.config.run_dir(row.id, row.attempt).with_extension("base")
}

fn read_base(path: &Path) -> io::Result<Mid> {
    std::fs::read_to_string(path)?.trim().parse().map_err(io::Error::other)
}

/// Replaces the file at once: a crash leaves the one or the other.
fn write_base(path: &Path, version: Mid) -> io::Result<()> {
    let draft = path.with_extension("base.draft");
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(version.to_string().as_bytes())?;
    file.sync_data()?;
    std::fs::rename(draft, path)
}
