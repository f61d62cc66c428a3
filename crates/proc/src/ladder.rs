//! The stop ladder: which signal comes next, and the one executor that climbs it.
//!
//! What comes next is a pure function; the executor waits for the child with a timer while output is still being
//! drained, so a child that blocks on a full pipe can end.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::child::{Child, Exit};
use crate::identity::{Identity, Signal};
use crate::scope::Scope;

/// Why a process is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Its protocol was closed and it should end by itself.
    Finished,
    /// Somebody wants it to stop.
    Cancelled,
    /// It used up its time.
    TimedOut,
    /// There is no time to ask, or it was asked before.
    Hurry,
}

/// How far up the ladder a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// Nothing was done.
    Untouched,
    /// It was left to end by itself.
    Awaited,
    /// It got TERM.
    Asked,
    /// It got KILL.
    Killed,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Wait this long for the end, without a signal.
    Await(Duration),
    /// Send the signal, then wait this long for the end.
    Send(Signal, Duration),
    /// It outlived KILL: it is stuck in the kernel. Report it.
    GiveUp,
}

/// How long each rung may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// To end by itself.
    pub own: Duration,
    /// To end after TERM.
    pub term: Duration,
    /// To vanish after KILL.
    pub kill: Duration,
    /// To see the end of file on its pipes after it is gone.
    pub eof: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            own: Duration::from_secs(2),
            term: Duration::from_secs(5),
            kill: Duration::from_secs(5),
            eof: Duration::from_secs(1),
        }
    }
}

/// The next step for a process that has not ended on the rung it is on.
pub fn next_signal(reason: Reason, rung: Rung, grace: &Grace) -> Step {
    match (reason, rung) {
        (Reason::Finished, Rung::Untouched) => Step::Await(grace.own),
        (Reason::Cancelled | Reason::TimedOut, Rung::Untouched)
        | (Reason::Finished | Reason::Cancelled | Reason::TimedOut, Rung::Awaited) => {
            Step::Send(Signal::Term, grace.term)
        }
        (Reason::Hurry, Rung::Untouched | Rung::Awaited)
        | (Reason::Finished | Reason::Cancelled | Reason::TimedOut | Reason::Hurry, Rung::Asked) => {
            Step::Send(Signal::Kill, grace.kill)
        }
        (Reason::Finished | Reason::Cancelled | Reason::TimedOut | Reason::Hurry, Rung::Killed) => Step::GiveUp,
    }
}

/// How a stop went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// How the child ended; none where it outlived KILL.
    pub exit: Option<Exit>,
    /// The last rung that was needed.
    pub rung: Rung,
    /// Whether its pipes came to their end. False means that somebody still holds one.
    pub drained: bool,
    /// Processes of the scope that could not be ended.
    pub left: Vec<Identity>,
}

/// Ends `child`, its group and everything in `others`. `drain` reads the pipes that the caller has taken and ends
/// at their end of file; it is polled all the while.
pub async fn stop(
    child: &mut Child,
    others: &Scope,
    reason: Reason,
    grace: &Grace,
    drain: impl Future<Output = ()>,
) -> io::Result<Stopped> {
    let mut drain = pin!(drain);
    let mut drained = false;
    let mut rung = Rung::Untouched;
    let (exit, left) = {
        let mut climb = pin!(climb(child, others, reason, grace, &mut rung));
        loop {
            tokio::select! {
                done = &mut climb => break done?,
                () = &mut drain, if !drained => drained = true,
            }
        }
    };
    if !drained {
        drained = timeout(grace.eof, drain).await.is_ok();
    }
    Ok(Stopped { exit, rung, drained, left })
}

async fn climb(
    child: &mut Child,
    others: &Scope,
    reason: Reason,
    grace: &Grace,
    rung: &mut Rung,
) -> io::Result<(Option<Exit>, Vec<Identity>)> {
    let scope = others.clone().with_group(child.identity().pid);
    let exit = loop {
        let limit = match next_signal(reason, *rung, grace) {
            Step::Await(limit) => {
                *rung = Rung::Awaited;
                limit
            }
            Step::Send(signal, limit) => {
                *rung = if signal == Signal::Kill { Rung::Killed } else { Rung::Asked };
                child.signal_group(signal)?;
                others.signal(signal)?;
                limit
            }
            Step::GiveUp => break None,
        };
        if let Ok(exit) = timeout(limit, child.wait()).await {
            break Some(exit?);
        }
    };
    // The child is gone; whoever it left behind is asked too, unless there was no time for that before.
    let swept = match *rung {
        Rung::Killed => scope.kill().await?,
        Rung::Untouched | Rung::Awaited | Rung::Asked => scope.sweep(grace.term).await?,
    };
    Ok((exit, swept.left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_ends_in_kill_and_then_gives_up() {
        let grace = Grace::default();
        for reason in [Reason::Finished, Reason::Cancelled, Reason::TimedOut, Reason::Hurry] {
            let mut rung = Rung::Untouched;
            let mut steps = Vec::new();
            loop {
                let step = next_signal(reason, rung, &grace);
                rung = match step {
                    Step::Await(_) => Rung::Awaited,
                    Step::Send(Signal::Kill, _) => Rung::Killed,
                    Step::Send(_, _) => Rung::Asked,
                    Step::GiveUp => break,
                };
                steps.push(rung);
            }
            let expected: &[Rung] = match reason {
                Reason::Finished => &[Rung::Awaited, Rung::Asked, Rung::Killed],
                Reason::Cancelled | Reason::TimedOut => &[Rung::Asked, Rung::Killed],
                Reason::Hurry => &[Rung::Killed],
            };
            assert_eq!(steps, expected, "{reason:?}");
        }
    }
}
