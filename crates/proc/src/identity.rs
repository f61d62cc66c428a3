//! A process by pid and start time. A bare pid is reused by the kernel, so it is never trusted alone.

use std::io;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::table;

/// Names one process for as long as the machine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// The process id.
    pub pid: u32,
    /// When it started: clock ticks since boot on Linux, microseconds since the epoch on macOS.
    pub start_time: u64,
}

impl Identity {
    /// The identity of the process that has `pid` now; none where there is no such process.
    pub fn of(pid: u32) -> Option<Self> {
        table::row(pid).map(|row| row.identity)
    }

    /// The identity of the calling process.
    pub fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Whether this very process still runs. A zombie does not run.
    pub fn is_alive(&self) -> bool {
        table::row(self.pid).is_some_and(|row| row.identity == *self && !row.zombie)
    }

    /// Sends `signal` to this very process. `Ok(false)` where it is gone already.
    pub fn signal(&self, signal: Signal) -> io::Result<bool> {
        let Some(pid) = raw(self.pid) else {
            return Ok(false);
        };
        let sent = self.signal_checked(pid, signal);
        match sent {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => Ok(false),
            other => other,
        }
    }

    #[cfg(target_os = "linux")]
    fn signal_checked(&self, pid: Pid, signal: Signal) -> io::Result<bool> {
        use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

        // The descriptor pins the process first; the start time then says whether it is the one that is meant.
        let pinned = pidfd_open(pid, PidfdFlags::empty())?;
        if !self.is_alive() {
            return Ok(false);
        }
        pidfd_send_signal(&pinned, signal.into())?;
        Ok(true)
    }

    #[cfg(not(target_os = "linux"))]
    fn signal_checked(&self, pid: Pid, signal: Signal) -> io::Result<bool> {
        if !self.is_alive() {
            return Ok(false);
        }
        rustix::process::kill_process(pid, signal.into())?;
        Ok(true)
    }
}

/// The signals that this crate sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// SIGINT: what Ctrl-C sends.
    Interrupt,
    /// SIGTERM: asks to end.
    Term,
    /// SIGKILL: ends.
    Kill,
}

impl From<Signal> for rustix::process::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::INT,
            Signal::Term => Self::TERM,
            Signal::Kill => Self::KILL,
        }
    }
}

/// The kernel's form of a pid; none for 0 and for what no kernel gives.
pub(crate) fn raw(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_process_is_alive_and_another_start_time_is_not() {
        let own = Identity::own().unwrap();
        assert!(own.is_alive());
        let stranger = Identity { start_time: own.start_time + 1, ..own };
        assert!(!stranger.is_alive());
        assert!(!stranger.signal(Signal::Kill).unwrap());
    }

    #[test]
    fn pid_zero_names_nobody() {
        let nobody = Identity { pid: 0, start_time: 0 };
        assert!(Identity::of(0).is_none());
        assert!(!nobody.signal(Signal::Kill).unwrap());
    }

    #[test]
    fn identity_survives_json() {
        let own = Identity::own().unwrap();
        let text = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), own);
    }
}
