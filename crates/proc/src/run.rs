//! Runs a program to its end: bounded in time, in memory and in the wait for its pipes.

use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::capture::{Captured, Keep};
use crate::child::{Child, Exit};
use crate::identity::Signal;
use crate::spawn::{Spawn, SpawnError, Stdin};

/// A program to be run to its end.
#[derive(Debug, Clone)]
pub struct Run {
    spawn: Spawn,
    stdin: Option<Vec<u8>>,
    timeout: Duration,
    grace: Duration,
    drain: Duration,
    stdout_limit: usize,
    stderr_limit: usize,
}

/// How a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It ended.
    Exited(Exit),
    /// It used up its time and was ended with its group.
    TimedOut,
}

/// What a run left behind.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub end: End,
    /// The beginning of what it wrote to stdout.
    pub stdout: Captured,
    /// The end of what it wrote to stderr.
    pub stderr: Captured,
    /// A process outside the group still held a pipe after the bounded wait, so output may be missing.
    pub leaked: bool,
}

impl Output {
    /// Whether it ended with code 0.
    pub fn success(&self) -> bool {
        self.code() == Some(0)
    }

    /// Its exit code; none where a signal or the timeout ended it.
    pub fn code(&self) -> Option<i32> {
        match self.end {
            End::Exited(Exit::Code(code)) => Some(code),
            End::Exited(Exit::Signal(_)) | End::TimedOut => None,
        }
    }
}

/// A run that did not come to an end that could be reported.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not start.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// Its pipes or its end could not be read.
    #[error("lost the connection to a running program")]
    Io(#[from] io::Error),
}

impl Run {
    /// At most `timeout` for the program; 4 MiB of stdout and 64 KiB of stderr are kept unless set otherwise.
    pub fn new(spawn: Spawn, timeout: Duration) -> Self {
        Self {
            spawn,
            stdin: None,
            timeout,
            grace: Duration::from_secs(2),
            drain: Duration::from_millis(250),
            stdout_limit: 4 << 20,
            stderr_limit: 64 << 10,
        }
    }

    /// Bytes for its stdin.
    #[must_use]
    pub fn stdin(mut self, bytes: Vec<u8>) -> Self {
        self.stdin = Some(bytes);
        self
    }

    /// How many bytes of stdout (its head) and stderr (its tail) are kept.
    #[must_use]
    pub fn limits(mut self, stdout: usize, stderr: usize) -> Self {
        self.stdout_limit = stdout;
        self.stderr_limit = stderr;
        self
    }

    /// How long it has between TERM and KILL after the timeout.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How long the pipes may stay open after the program has ended.
    #[must_use]
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Runs it. Dropping the future ends the group.
    pub async fn output(self) -> Result<Output, RunError> {
        let piped = if self.stdin.is_some() { Stdin::Piped } else { Stdin::Null };
        let mut child = self.spawn.clone().stdin(piped).spawn()?;
        let mut stdout = Captured::new(self.stdout_limit, Keep::Head);
        let mut stderr = Captured::new(self.stderr_limit, Keep::Tail);
        let (end, leaked) = {
            let mut pump = pin!(pump(&mut child, self.stdin, &mut stdout, &mut stderr));
            let mut drained = false;
            let end = {
                let mut ended = pin!(ended(&mut child, self.timeout, self.grace));
                loop {
                    tokio::select! {
                        end = &mut ended => break end?,
                        () = &mut pump, if !drained => drained = true,
                    }
                }
            };
            if !drained {
                drained = timeout(self.drain, &mut pump).await.is_ok();
            }
            // Whoever stayed behind in the group goes now: a run is over when it returns.
            child.signal_group(Signal::Kill)?;
            if !drained {
                drained = timeout(self.drain, &mut pump).await.is_ok();
            }
            (end, !drained)
        };
        Ok(Output { end, stdout, stderr, leaked })
    }
}

async fn ended(child: &mut Child, limit: Duration, grace: Duration) -> io::Result<End> {
    if let Ok(exit) = timeout(limit, child.wait()).await {
        return exit.map(End::Exited);
    }
    // Asked first, so that a program can take its lock files away.
    child.signal_group(Signal::Term)?;
    if timeout(grace, child.wait()).await.is_err() {
        child.signal_group(Signal::Kill)?;
        child.wait().await?;
    }
    Ok(End::TimedOut)
}

/// Feeds and drains the pipes until all are closed.
fn pump<'a>(
    child: &mut Child,
    input: Option<Vec<u8>>,
    stdout: &'a mut Captured,
    stderr: &'a mut Captured,
) -> impl Future<Output = ()> + use<'a> {
    let stdin = child.take_stdin();
    let out = child.take_stdout();
    let err = child.take_stderr();
    async move {
        let feed = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A program may end without reading all of its input; its exit code tells.
                let _ = stdin.write_all(&input).await;
            }
        };
        // A pipe that fails to be read is treated as closed: the exit is what counts.
        let read_out = async {
            if let Some(mut out) = out {
                let _ = stdout.read_from(&mut out).await;
            }
        };
        let read_err = async {
            if let Some(mut err) = err {
                let _ = stderr.read_from(&mut err).await;
            }
        };
        tokio::join!(feed, read_out, read_err);
    }
}
