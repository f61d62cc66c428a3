//! The parent of a demonstration: starts the server, and again when it was killed, on the same port with the same
//! token, so that the page finds it where it was.

use super::signals::Signals;
use super::{Context, Serve, token};
use crate::exit::Error;
use crate::say;
use qd_proc::{Child, Exit, Signal, Spawn, Stdin};
use std::ffi::OsString;
use std::path::Path;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::ChildStdin;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

impl Serve {
    /// Runs the server that `self` asks for until it ends by itself or is told to.
    pub fn supervise(&self, data_dir: &Path, context: &Context) -> Result<(), Error> {
        say::remark(format_args!(
            "a demonstration: the agent is scripted and uses no model. Its data are in {}; commands reach it with --data-dir",
            data_dir.display()
        ));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::failed)?;
        match runtime.block_on(self.keep_running(data_dir, context))? {
            Exit::Code(0) => Ok(()),
            // It said why on standard error, which is ours too.
            Exit::Code(code) => std::process::exit(code),
            Exit::Signal(number) => {
                Err(Error::failed(format_args!("signal {number} ended the server before it was ready")))
            }
        }
    }

    async fn keep_running(&self, data_dir: &Path, context: &Context) -> Result<Exit, Error> {
        let token = token(context)?;
        let mut signals = Signals::listen().map_err(Error::failed)?;
        let mut port = None;
        loop {
            let arguments = self.arguments_of_child(port);
            let environment = context.environment.all();
            let spawn = Spawn::new(std::env::current_exe().map_err(Error::failed)?)
                .args(arguments)
                .envs(environment)
                .env("QD_TOKEN", token.reveal())
                .env("QD_DATA_DIR", data_dir)
                .stdin(Stdin::Piped)
                .on_drop(Signal::Term);
            let mut running = Running::start(&spawn, port.is_none())?;
            let mut told = false;
            let exit = loop {
                tokio::select! {
                    exit = running.child.wait() => break exit.map_err(Error::failed)?,
                    () = signals.next() => told = true,
                }
                running.child.signal_group(Signal::Term).map_err(Error::failed)?;
            };
            port = running.port().await.or(port);
            match exit {
                _ if told => return Ok(Exit::Code(0)),
                Exit::Signal(_) if port.is_some() => say::remark("the server was killed and is started again"),
                ended => return Ok(ended),
            }
        }
    }

    /// The same command, as the child of this process. Where it was started before it gets the port that it had.
    fn arguments_of_child(&self, port: Option<u16>) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = ["serve", "--supervised", "--demo", "--host"].map(OsString::from).to_vec();
        arguments.push(self.host.to_string().into());
        arguments.push(format!("--port={}", port.unwrap_or(self.port)).into());
        if self.no_open || port.is_some() {
            arguments.push("--no-open".into());
        }
        arguments.extend(self.allow_origin.iter().map(|origin| format!("--allow-origin={origin}").into()));
        arguments.push("--".into());
        arguments.extend(self.projects.iter().map(OsString::from));
        arguments
    }
}

/// Completes when the parent is gone: it holds our standard input open for as long as it lives.
pub async fn orphaned() {
    let gone = CancellationToken::new();
    let told = gone.clone();
    // A thread of its own: a read of standard input can't be called back, and must not hold the end up.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        told.cancel();
    });
    gone.cancelled().await;
}

struct Running {
    child: Child,
    /// Closed when we end, however we end.
    _stdin: Option<ChildStdin>,
    readers: JoinSet<Option<u16>>,
}

impl Running {
    fn start(spawn: &Spawn, first: bool) -> Result<Self, Error> {
        let mut child = spawn.spawn().map_err(Error::failed)?;
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.take_stdout() {
            readers.spawn(forward_address(stdout, first));
        }
        if let Some(stderr) = child.take_stderr() {
            readers.spawn(forward_errors(stderr));
        }
        let stdin = child.take_stdin();
        Ok(Self { child, _stdin: stdin, readers })
    }

    /// The port that it listened on, once it has ended.
    async fn port(mut self) -> Option<u16> {
        let mut port = None;
        while let Some(read) = self.readers.join_next().await {
            port = read.ok().flatten().or(port);
        }
        port
    }
}

/// Passes the lines on the first time; the one with the address is printed once. Gives back the port in it.
async fn forward_address(from: impl AsyncRead + Unpin, first: bool) -> Option<u16> {
    let mut lines = BufReader::new(from).lines();
    let mut port = None;
    while let Ok(Some(line)) = lines.next_line().await {
        let found = port_in(&line);
        if first || found.is_none() {
            say::line(&line);
        }
        port = found.or(port);
    }
    port
}

async fn forward_errors(from: impl AsyncRead + Unpin) -> Option<u16> {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        say::remark(line);
    }
    None
}

fn port_in(line: &str) -> Option<u16> {
    let authority = line.strip_prefix("listening on http://")?.split('/').next()?;
    authority.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_taken_from_the_line_with_the_address() {
        assert_eq!(port_in("listening on http://127.0.0.1:4270/?token=ab:1/c"), Some(4270));
        assert_eq!(port_in("listening on http://[::1]:51234/?token=ab"), Some(51234));
        assert_eq!(port_in("added /x to the server at http://127.0.0.1:4270 (pid 1)"), None);
    }
}
