//! A running child and the guard over its group.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::kill_process_group;
use serde::{Deserialize, Serialize};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

use crate::children;
use crate::identity::{Identity, Signal, raw};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// Whether it ended with code 0.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }
}

/// "ended with 3", "was ended by signal 9": what stands behind the name of a program.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "ended with {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
        }
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Code(status.into_raw()),
        }
    }
}

/// A child with its group. Dropped, it ends the whole group, unless disarmed.
#[derive(Debug)]
pub struct Child {
    inner: tokio::process::Child,
    stdin: Option<ChildStdin>,
    identity: Identity,
    on_drop: Option<Signal>,
}

impl Child {
    pub(crate) fn guard(mut inner: tokio::process::Child, on_drop: Signal) -> io::Result<Self> {
        // Not reaped yet, so the pid is still this child's, even where it has ended.
        let identity = inner.id().and_then(|pid| match Identity::of(pid) {
            // macOS hides a child that has ended; no process has this start time, so it counts as gone.
            None if cfg!(target_os = "macos") => Some(Identity { pid, start_time: 0 }),
            found => found,
        });
        if let Some(identity) = identity {
            // Kept apart, as waiting would close it.
            let stdin = inner.stdin.take();
            return Ok(Self { inner, stdin, identity, on_drop: Some(on_drop) });
        }
        inner.start_kill()?;
        let kind = io::ErrorKind::NotFound;
        Err(io::Error::new(kind, "the child has no entry in the process table"))
    }

    /// Who it is. Its pid is also its process group.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// The writing end of its stdin, once, where it was piped.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// The reading end of its stdout, once.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.inner.stdout.take()
    }

    /// The reading end of its stderr, once.
    pub fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.inner.stderr.take()
    }

    /// Waits for the child itself; others of its group may go on. Cancel-safe, and may be asked again.
    ///
    /// Unlike the waiting of the standard library it leaves an untaken stdin open.
    pub async fn wait(&mut self) -> io::Result<Exit> {
        let exit = Exit::from(self.inner.wait().await?);
        children::forget(self.identity);
        Ok(exit)
    }

    /// The ending, where it has ended.
    pub fn try_wait(&mut self) -> io::Result<Option<Exit>> {
        let exit = self.inner.try_wait()?.map(Exit::from);
        if exit.is_some() {
            children::forget(self.identity);
        }
        Ok(exit)
    }

    /// Sends a signal to every process of the group. `Ok(false)` where nobody is left in it.
    pub fn signal_group(&self, signal: Signal) -> io::Result<bool> {
        let Some(group) = raw(self.identity.pid) else {
            return Ok(false);
        };
        match kill_process_group(group, signal.into()) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::SRCH) => Ok(false),
            // macOS answers so for a group in which all are zombies.
            Err(rustix::io::Errno::PERM) if cfg!(target_os = "macos") => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the group live on after the guard is dropped. The child is still reaped.
    pub fn disarm(&mut self) {
        self.on_drop = None;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // The kernel gives a number to no new process while a group of that number has members, so a late signal
        // meets the group or nobody, save for the instant in which the number is given anew.
        if let Some(signal) = self.on_drop {
            let _ = self.signal_group(signal);
        }
    }
}
