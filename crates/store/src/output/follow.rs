//! A live tail: reads what is there, then waits until the caller knows of more. It polls nothing.

use super::{Chunk, OutputError, OutputOffset, Outputs};
use qd_core::ids::SessionId;
use std::io;
use tokio::sync::watch;

/// What the caller knows of a session's output, from its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// How far it was appended.
    pub end: OutputOffset,
    /// Whether the session has ended: then `end` is where its output ends.
    pub ended: bool,
}

/// What comes next in a live tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Lines.
    Lines(Chunk),
    /// The session has ended and everything was read.
    Ended(OutputOffset),
    /// Nobody will know of more: the other side of the watch is gone. The session may go on.
    Detached,
}

/// A reader that follows a session's output.
#[derive(Debug)]
pub struct Follow {
    outputs: Outputs,
    session: SessionId,
    at: OutputOffset,
    known: watch::Receiver<Known>,
}

impl Follow {
    /// Follows `session` from `from` on; `known` is told whenever the host reports.
    pub fn new(outputs: Outputs, session: SessionId, from: OutputOffset, known: watch::Receiver<Known>) -> Self {
        Self { outputs, session, at: from, known }
    }

    /// Waits for what comes next, about `max` bytes of lines. Dropping the future loses nothing.
    pub async fn next(&mut self, max: usize) -> Result<Step, OutputError> {
        loop {
            // Taken before reading: what is reported while we read wakes us again.
            let known = *self.known.borrow_and_update();
            let (outputs, session, from) = (self.outputs.clone(), self.session, self.at);
            let read = tokio::task::spawn_blocking(move || outputs.read(session, from, max));
            let chunk = read.await.map_err(io::Error::other)??;
            self.at = chunk.next;
            if !chunk.bytes.is_empty() {
                return Ok(Step::Lines(chunk));
            }
            if known.ended {
                return if self.at >= known.end {
                    Ok(Step::Ended(self.at))
                } else {
                    Err(OutputError::Short { have: self.at, want: known.end })
                };
            }
            if self.known.changed().await.is_err() {
                return Ok(Step::Detached);
            }
        }
    }
}
