//! The host's socket: bound in the run folder, served to any number of servers at once.

use qd_agents::line::LineBuffer;
use qd_core::ids::SessionId;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::protocol::{FromHost, HostState, ToHost, VERSION};
use super::spec::SOCKET;

/// The longest line from a server.
const LONGEST_LINE: usize = 16 << 20;
/// How often activity is told at most.
const ACTIVITY_EVERY: Duration = Duration::from_millis(500);

/// Runs `act` with a path of the socket that fits into an address: 107 bytes hold no data folder of a deep home, but
/// the name of an open folder's descriptor is short.
fn with_short_path<T>(run_dir: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if cfg!(not(target_os = "linux")) {
        return act(&run_dir.join(SOCKET));
    }
    let folder = File::open(run_dir)?;
    act(&PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd())))
}

/// Makes the socket, for its owner only.
pub(super) fn bind(run_dir: &Path) -> io::Result<UnixListener> {
    let listener = with_short_path(run_dir, |path| UnixListener::bind(path))?;
    std::fs::set_permissions(run_dir.join(SOCKET), Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects to the socket.
pub(super) fn connect(run_dir: &Path) -> io::Result<UnixStream> {
    let stream = with_short_path(run_dir, |path| std::os::unix::net::UnixStream::connect(path))?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

/// What a connection is served with.
#[derive(Clone, Debug)]
pub(super) struct Face {
    pub(super) session: SessionId,
    pub(super) attempt: u32,
    pub(super) state: watch::Receiver<HostState>,
    pub(super) commands: mpsc::Sender<ToHost>,
}

/// Serves connections until the state ends; returns when all of them heard the end.
pub(super) async fn serve(listener: UnixListener, face: Face) {
    let mut connections = JoinSet::new();
    let mut state = face.state.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { break };
                if !is_own_descendant(&stream) {
                    connections.spawn(converse(stream, face.clone()));
                }
            }
            changed = state.changed() => {
                if changed.is_err() {
                    break;
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Whether the peer is a process of the session itself: an agent must not answer its own requests.
fn is_own_descendant(stream: &UnixStream) -> bool {
    let peer = stream.peer_cred().ok().and_then(|peer| peer.pid()).and_then(|pid| u32::try_from(pid).ok());
    let own = qd_proc::descendants_of(std::process::id()).unwrap_or_default();
    own.iter().any(|process| Some(process.pid) == peer)
}

/// One server. Ends when it goes or when the state has ended; an error is its going.
async fn converse(mut stream: UnixStream, face: Face) {
    // An error is that server's end, and the next one gets the whole state.
    let _ = exchange(&mut stream, face).await;
}

async fn exchange(stream: &mut UnixStream, mut face: Face) -> io::Result<()> {
    let (mut reader, mut writer) = stream.split();
    let mut known = face.state.borrow_and_update().clone();
    let hello = FromHost::Hello {
        version: VERSION,
        session: face.session,
        attempt: face.attempt,
        state: Box::new(known.clone()),
    };
    let mut first = line(&hello)?;
    // Whoever comes after the end hears it as everybody else does: as the last line.
    let before = HostState { ending: None, ..known.clone() };
    for news in known.news(&before) {
        first.extend(line(&news)?);
    }
    writer.write_all(&first).await?;
    let mut lines = LineBuffer::new(LONGEST_LINE);
    let mut chunk = vec![0; 8 << 10];
    let mut activity_at = Instant::now();
    let mut listening = true;
    loop {
        let activity_waits = face.state.borrow().activity != known.activity;
        tokio::select! {
            changed = face.state.changed() => {
                let now = face.state.borrow_and_update().clone();
                let mut bytes = Vec::new();
                for news in now.news(&known) {
                    bytes.extend(line(&news)?);
                }
                writer.write_all(&bytes).await?;
                known = HostState { activity: known.activity, ..now };
                if changed.is_err() {
                    return Ok(());
                }
            }
            () = sleep_until(activity_at), if activity_waits => {
                known.activity = face.state.borrow().activity.clone();
                writer.write_all(&line(&FromHost::Activity { activity: known.activity.clone() })?).await?;
                activity_at = Instant::now() + ACTIVITY_EVERY;
            }
            read = reader.read(&mut chunk), if listening => {
                let read = read?;
                listening = read > 0;
                lines.push(chunk.get(..read).unwrap_or_default());
                while let Some(line) = lines.next_line().map_err(io::Error::other)? {
                    if let Ok(command) = serde_json::from_slice(line)
                        && face.commands.send(command).await.is_err()
                    {
                        listening = false;
                    }
                }
                if read == 0 {
                    return Ok(());
                }
            }
        }
    }
}

/// A message as a line.
pub(super) fn line(message: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}
