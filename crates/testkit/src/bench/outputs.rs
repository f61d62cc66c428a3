//! Much output: one message in many pieces, and a session that does not stop.

use super::Setup;
use super::figures::{Figure, Limit};
use super::ground::{demo_agent, home, serve, settled, start};
use super::process;
use super::starts::status;
use super::wire::{Events, Wire};
use crate::panel::{Home, Panel, Process, processes, wait_for};
use anyhow::{Context as _, Result, ensure};
use qd_core::command::Command;
use qd_core::event::{Event, EventBody};
use qd_core::ids::{SessionId, TaskId};
use qd_core::status::Status;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// The pieces of the message, and what each says: 20 bytes.
const PIECES: usize = 10_000;
const PIECE: &str = "ein Stück 🙂 – ";
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A server with a small repository.
struct Stage {
    home: Home,
    panel: Panel,
    tasks: Vec<TaskId>,
}

impl Stage {
    fn set(setup: &Setup) -> Result<Self> {
        let home = home(&setup.qd, &demo_agent(&setup.qd))?;
        let repository = home.repository("deck", &[("tasks/a.md", b"# A\n"), ("tasks/b.md", b"# B\n")])?;
        let panel = serve(&home, &[repository.to_str().context("a path that is not UTF-8")?])?;
        let tasks = settled(&panel, 2)?;
        Ok(Self { home, panel, tasks })
    }

    fn start(&self, task: usize, instructions: &str) -> Result<SessionId> {
        let command = start(*self.tasks.get(task).context("no such task")?, instructions);
        let id = command.id;
        self.panel.api.send(&Command::StartSession(command))?;
        Ok(id)
    }

    async fn follow(&self, session: SessionId) -> Result<Events> {
        Wire::open(self.panel.api.url()).await?.follow(&format!("/api/v1/sessions/{session}/output?live=sse")).await
    }

    fn host(&self) -> Result<u32> {
        wait_for("a host", Duration::from_secs(10), || {
            Ok(processes(&self.home.path(""))?
                .iter()
                .find(|process| Process::hosts_somebody(process))
                .map(|host| host.identity.pid))
        })
    }
}

/// What a viewer saw.
#[derive(Default)]
struct Seen {
    bytes: u64,
    text: String,
    events: u64,
    /// Whether the ending was the last that came, and nothing before it was missing.
    in_order: bool,
}

/// Reads to the end; `look` is called with the count after each chunk.
async fn view(mut events: Events, mut look: impl FnMut(u64) -> Result<()>, keep: bool) -> Result<Seen> {
    let mut seen = Seen { in_order: true, ..Seen::default() };
    let mut ended = false;
    while let Some(sent) = events.next().await? {
        match sent.event.as_str() {
            "output" => {
                for line in sent.data.lines() {
                    let event: Event = serde_json::from_str(line)?;
                    seen.in_order &= !ended && event.seq == seen.events + 1;
                    seen.events = event.seq;
                    match event.body {
                        EventBody::Text { text } if keep => seen.text.push_str(&text),
                        EventBody::Ended { .. } => ended = true,
                        _ => {}
                    }
                }
                look(seen.events)?;
            }
            "end" => break,
            _ => {}
        }
    }
    seen.in_order &= ended;
    seen.bytes = events.bytes;
    Ok(seen)
}

/// The most that a process takes while `until` is not set, above what it takes now.
fn growth(pid: u32, until: &AtomicBool) -> Result<f64> {
    let before = process::resident(pid)?;
    let mut most = before;
    while !until.load(Ordering::Relaxed) {
        // A host is gone after the end.
        let Ok(now) = process::resident(pid) else { break };
        most = most.max(now);
        sleep(LOOK);
    }
    Ok(most - before)
}

/// One message in many pieces, as fast as the agent can.
#[expect(clippy::cast_precision_loss, reason = "bytes of one message are few")]
pub(super) fn stream(setup: &Setup) -> Result<Vec<Figure>> {
    let stage = Stage::set(setup)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // What the server needs for any session with a viewer is not the message's.
    let warm = stage.start(0, "[[demo: quick]]")?;
    runtime.block_on(async { view(stage.follow(warm).await?, |_| Ok(()), false).await })?;
    status(&stage.panel, warm, Status::Completed)?;

    let session = stage.start(1, &format!("[[demo: stream {PIECES}]]"))?;
    let (server, host) = (stage.panel.identity.pid, stage.host()?);
    let over = &AtomicBool::new(false);
    let (seen, grown) = std::thread::scope(|scope| {
        let growths = [server, host].map(|pid| scope.spawn(move || growth(pid, over)));
        let seen = runtime.block_on(async { view(stage.follow(session).await?, |_| Ok(()), true).await });
        over.store(true, Ordering::Relaxed);
        let mut grown = 0.0;
        for one in growths {
            grown += one.join().map_err(|_| anyhow::anyhow!("looking at memory failed"))??;
        }
        anyhow::Ok((seen?, grown))
    })?;
    let text = PIECE.repeat(PIECES);
    let whole = seen.text == text && seen.in_order;
    let times = seen.bytes as f64 / text.len() as f64;
    Ok(vec![
        Figure::value(
            "stream.bytes",
            "10,000 deltas of 20 B: bytes to a viewer by bytes of text",
            "×",
            Limit::Most(3.0),
            times,
        )
        .with_note(&format!("in {} events", seen.events)),
        Figure::value("stream.memory", "the same: growth of server and host", "MB", Limit::Most(10.0), grown),
        Figure::value(
            "stream.faults",
            "the same: text torn or missing, or something after the ending",
            "",
            Limit::Most(0.0),
            f64::from(u8::from(!whole)),
        ),
    ])
}

/// A session with very many events and a viewer.
#[expect(clippy::cast_precision_loss, reason = "a million events")]
pub(super) fn endless(setup: &Setup) -> Result<Vec<Figure>> {
    let stage = Stage::set(setup)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let count = setup.scale.events;
    let session = stage.start(0, &format!("[[demo: flood {count}]]"))?;
    let server = stage.panel.identity.pid;
    let host = stage.host()?;
    let mut memory: Vec<(u64, f64)> = Vec::new();
    let mut share: Vec<(u64, f64)> = Vec::new();
    let seen = runtime.block_on(async {
        let look = |events: u64| {
            if events >= (memory.len() as u64 + 1) * count / 20 {
                memory.push((events, process::resident(server)?));
                // Beside its agent: that is the same program here, whose pages would be the host's alone once it is gone.
                let mb = process::share(host).ok();
                if processes(&stage.home.path(""))?.iter().any(|one| one.mark.is_some()) {
                    share.extend(mb.map(|mb| (events, mb)));
                }
            }
            Ok(())
        };
        view(stage.follow(session).await?, look, false).await
    })?;
    ensure!(seen.in_order && seen.events >= count, "a viewer saw {} of {count} events", seen.events);
    status(&stage.panel, session, Status::Completed)?;
    let last = process::resident(server)?;
    let most = memory.iter().map(|(_, mb)| *mb).fold(last, f64::max);
    let at_half = memory.iter().find(|(events, _)| *events >= count / 2).map_or(last, |(_, mb)| *mb);
    let what = format!("server after {} events in one session, with a viewer", seen.events);
    Ok(vec![
        Figure::value("million.rss", &what, "MB", Limit::Most(80.0), most).with_note("the most at any time"),
        Figure::value(
            "million.growth",
            "its growth over the second half (flat)",
            "MB",
            Limit::Most(5.0),
            last.max(at_half) - at_half,
        )
        .with_note(&format!("{:.1} kB to the viewer per event", seen.bytes as f64 / seen.events as f64 / 1e3)),
        Figure::value(
            "host.pss",
            &format!(
                "PSS of the session's host beside its agent after {} events",
                share.last().map_or(0, |(events, _)| *events)
            ),
            "MB",
            Limit::Most(12.0),
            share.iter().map(|(_, mb)| *mb).fold(0.0, f64::max),
        )
        .with_note("the most at any time"),
        Figure::value(
            "host.growth",
            "its growth from a tenth of them on (flat)",
            "MB",
            Limit::Most(0.5),
            share.last().map_or(f64::INFINITY, |(_, mb)| *mb)
                - share.iter().find(|(events, _)| *events >= count / 10).map_or(0.0, |(_, mb)| *mb),
        ),
    ])
}
