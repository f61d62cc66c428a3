//! The server's side: start a host, speak with it.

use qd_agents::line::LineBuffer;
use qd_proc::{Identity, Spawn, SpawnError, spawn_detached};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep};

use super::protocol::{FromHost, HostState, ToHost, VERSION};
use super::socket;
use super::spec::{HostSpec, LOG};
use crate::step::{self, Step};

/// The longest line from a host: a request may quote a whole file.
const LONGEST_LINE: usize = 128 << 20;
/// How much is read at once.
const CHUNK: usize = 8 << 10;

/// A host that was not started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The attempt was claimed before; it is never started again.
    #[error("this attempt was started before")]
    AlreadyClaimed,
    /// The run folder cannot be made.
    #[error("the run folder cannot be made")]
    Folder(#[source] io::Error),
    /// The program cannot be started.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
}

/// Claims the attempt by making `run_dir`, which must be absolute, and starts its host with `qd` (as `qd host
/// --run-dir DIR`). The claim stays whatever happens afterwards.
pub fn launch(run_dir: &Path, spec: &HostSpec, qd: &Path) -> Result<Identity, LaunchError> {
    if let Some(parent) = run_dir.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(LaunchError::Folder)?;
    }
    DirBuilder::new().mode(0o700).create(run_dir).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => LaunchError::AlreadyClaimed,
        _ => LaunchError::Folder(error),
    })?;
    step::passed(Step::StartClaimed);
    spec.write(run_dir).map_err(LaunchError::Folder)?;
    step::passed(Step::OrdersWritten);
    let spawn = Spawn::new(qd).args(["host", "--run-dir"]).arg(run_dir).cwd(run_dir);
    let host = spawn_detached(&spawn, &run_dir.join(LOG))?;
    step::passed(Step::HostStarted);
    Ok(host)
}

/// A host that cannot be spoken with.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Nobody listens: it has not begun yet, or is gone. [`super::inspect`] tells which.
    #[error("nobody listens on the session's socket")]
    NobodyThere(#[source] io::Error),
    /// It does not say what a host says.
    #[error("the host does not greet")]
    NoGreeting,
    /// The connection broke.
    #[error("the connection to the host broke")]
    Broken(#[source] io::Error),
}

/// A connection with a host.
#[derive(Debug)]
pub struct Attachment {
    /// How the host stood when it greeted. What it says later are changes of this.
    pub state: HostState,
    /// The version that it speaks.
    pub version: u32,
    /// To the host.
    pub commands: Commands,
    /// From the host.
    pub reports: Reports,
}

/// The writing half.
#[derive(Debug)]
pub struct Commands {
    writer: OwnedWriteHalf,
}

/// The reading half.
#[derive(Debug)]
pub struct Reports {
    reader: OwnedReadHalf,
    lines: LineBuffer,
    chunk: Box<[u8]>,
}

/// Connects to the host of this run.
pub async fn attach(run_dir: &Path) -> Result<Attachment, AttachError> {
    let stream = socket::connect(run_dir).map_err(AttachError::NobodyThere)?;
    let (reader, writer) = stream.into_split();
    let mut commands = Commands { writer };
    let mut reports = Reports { reader, lines: LineBuffer::new(LONGEST_LINE), chunk: vec![0; CHUNK].into() };
    commands.send(&ToHost::Hello { version: VERSION }).await.map_err(AttachError::Broken)?;
    match reports.next().await.map_err(AttachError::Broken)? {
        Some(FromHost::Hello { version, state, .. }) => Ok(Attachment { state: *state, version, commands, reports }),
        _ => Err(AttachError::NoGreeting),
    }
}

/// Connects to a host that was just launched, as soon as it listens. Gives up when it is gone or after `limit`.
pub async fn attach_when_ready(run_dir: &Path, host: Identity, limit: Duration) -> Result<Attachment, AttachError> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(2);
    loop {
        // Asked before: a host that ends in between has left what it had to say.
        let alive = host.is_alive();
        match attach(run_dir).await {
            Err(AttachError::NobodyThere(_)) if alive && Instant::now() < deadline => {}
            attached => return attached,
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

impl Commands {
    /// Sends a command. What it did shows in the reports.
    pub async fn send(&mut self, command: &ToHost) -> io::Result<()> {
        self.writer.write_all(&socket::line(command)?).await
    }
}

impl Reports {
    /// The next report; none when the host closed the connection. Cancel-safe.
    pub async fn next(&mut self) -> io::Result<Option<FromHost>> {
        loop {
            while let Some(line) = self.lines.next_line().map_err(io::Error::other)? {
                // A newer host may say more than this server knows.
                if let Ok(report) = serde_json::from_slice(line) {
                    return Ok(Some(report));
                }
            }
            let read = self.reader.read(&mut self.chunk).await?;
            if read == 0 {
                return Ok(None);
            }
            self.lines.push(self.chunk.get(..read).unwrap_or_default());
        }
    }
}
