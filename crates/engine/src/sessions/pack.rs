//! The output of attempts that are over is compressed, one after the other.

use crate::engine::Engine;
use qd_core::ids::SessionId;
use qd_store::{OutputError, Outputs};
use std::ops::RangeInclusive;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Where sessions are handed in that may have something to compress.
pub(super) struct Packing(UnboundedSender<SessionId>);

impl Packing {
    /// Hands in a session.
    pub(super) fn add(&self, session: SessionId) {
        // Nobody takes it any more while the engine ends; the next start hands in all of them.
        let _ = self.0.send(session);
    }
}

/// Starts with `sessions`: what was cut off is gone on with. It ends on the shutdown token.
pub(super) fn start(engine: &Engine, sessions: impl Iterator<Item = SessionId>) -> Packing {
    let (sender, waiting) = unbounded_channel();
    let packing = Packing(sender);
    sessions.for_each(|session| packing.add(session));
    engine.inner.tasks.spawn(pack(engine.clone(), waiting));
    packing
}

async fn pack(engine: Engine, mut waiting: UnboundedReceiver<SessionId>) {
    while let Some(Some(session)) = engine.inner.shutdown.run_until_cancelled(waiting.recv()).await {
        for attempt in over(&engine, session) {
            let outputs = Outputs::new(&engine.config().data_dir);
            let packed = tokio::task::spawn_blocking(move || outputs.compress(session, attempt)).await;
            match packed {
                // A host still says goodbye; the session is handed in again by its next end or start of the server.
                Ok(Ok(_) | Err(OutputError::StillWritten(_))) => {}
                Ok(Err(error)) => {
                    tracing::warn!(session.id = %session, attempt, %error, "output could not be compressed");
                }
                Err(_) => return,
            }
            if engine.inner.shutdown.is_cancelled() {
                return;
            }
        }
    }
}

/// The attempts of a session that have ended; none of one that was deleted.
fn over(engine: &Engine, session: SessionId) -> RangeInclusive<u32> {
    let row = engine.read(|state| state.session(session).cloned());
    let last = row.map_or(0, |row| if row.status.is_ended() { row.attempt } else { row.attempt.saturating_sub(1) });
    1..=last
}
