//! One attempt of a session, from its claim to its ending. Each pass looks at the row and at the run folder and does
//! the one thing that is due; whatever instant it is cut off at, the next pass finds what is left to do.

use super::desk::Desk;
use super::drafting;
use super::origin;
use super::prepare::{self, Unprepared, prepare};
use super::recap::Recap;
use crate::engine::Engine;
use crate::host::{self, HostSpec, LaunchError, Run};
use crate::step::{self, Step};
use crate::work;
use qd_core::command::{Command, EndSession, SettleMessage};
use qd_core::event::{Activity, Ending};
use qd_core::ids::{MessageId, Millis, SessionId};
use qd_core::row::{MessageState, Session};
use qd_core::status::{Kind, Status};
use qd_proc::{Identity, Signal, wait_gone};
use std::future::pending;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};

/// How long after its acceptance a start may still happen when the server was restarted meanwhile, in milliseconds.
const START_WITHIN: u64 = 120_000;
/// How long a host may take to listen.
const HOST_WITHIN: Duration = Duration::from_secs(5);
/// How long a host may take to begin that another run of the server launched, or was about to: a session has a true
/// status 5 s after a restart. One that comes later finds that it was buried.
const CLAIMED_WITHIN: Duration = Duration::from_secs(2);
/// How often a folder is looked at whose host another run of the server launched.
const GLANCE: Duration = Duration::from_millis(50);
/// How long a host may take to end a cancelled attempt; its own ladder needs about 7 s.
const CANCEL_WITHIN: Duration = Duration::from_secs(15);
/// How long the ending waits for the last look at the work.
const LAST_LOOK: Duration = Duration::from_secs(2);
/// How long to wait before what went wrong is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How many bytes of a host's log are looked at.
const LAST_WORDS: usize = 400;

/// See the module.
pub(super) struct Attempt {
    pub(super) engine: Engine,
    pub(super) session: SessionId,
    pub(super) number: u32,
    pub(super) dir: PathBuf,
    served_since: Millis,
}

/// When to look again.
pub(super) enum Next {
    /// Something was done.
    Now,
    /// Something went wrong that may pass.
    Later,
}

/// An attempt that is over.
#[derive(Debug)]
pub(super) struct Over {
    pub(super) ending: Ending,
    pub(super) output_end: u64,
    pub(super) activity: Activity,
    pub(super) conversation: Option<String>,
}

impl Attempt {
    /// The current attempt of `row`. `served_since` is when this run of the server began.
    pub(super) fn new(engine: Engine, row: &Session, served_since: Millis) -> Self {
        let dir = engine.inner.config.run_dir(row.id, row.attempt);
        Self { engine, session: row.id, number: row.attempt, dir, served_since }
    }

    /// Attends to it until it has ended or the server ends.
    pub(super) async fn attend(self) {
        let shutdown = self.engine.inner.shutdown.clone();
        while let Some(row) = self.row().filter(|_| !shutdown.is_cancelled()) {
            if let Next::Later = self.pass(&row).await {
                shutdown.run_until_cancelled(sleep(AGAIN_AFTER)).await;
            }
        }
    }

    /// Its row, while it has not ended.
    pub(super) fn row(&self) -> Option<Session> {
        let row = self.engine.read(|state| state.session(self.session).cloned())?;
        (row.attempt == self.number && super::has_attempt(&row)).then_some(row)
    }

    async fn pass(&self, row: &Session) -> Next {
        match self.look().await {
            Some(Run::NotClaimed) => Box::pin(self.begin(row)).await,
            Some(Run::Claimed) => self.await_host().await,
            Some(Run::Running(host)) => self.unless_overdue(host, self.follow(host)).await,
            Some(Run::Ended { ending, activity, output_end }) => {
                self.finish(Over { ending, output_end, activity, conversation: None }).await
            }
            Some(Run::Vanished { .. }) => self.bury("Its process vanished; what it had written is kept").await,
            None => Next::Later,
        }
    }

    async fn look(&self) -> Option<Run> {
        let dir = self.dir.clone();
        match tokio::task::spawn_blocking(move || host::inspect(&dir)).await {
            Ok(Ok(run)) => Some(run),
            Ok(Err(error)) => {
                tracing::error!(session.id = %self.session, %error, "a run folder can't be read");
                None
            }
            Err(_) => None,
        }
    }

    /// Starts it, where that is still wanted.
    async fn begin(&self, row: &Session) -> Next {
        let late =
            row.since < self.served_since && self.engine.inner.config.clock.now().since(row.since) > START_WITHIN;
        let unbegun = match row.status {
            Status::Cancelling => Some(Ending::Cancelled),
            Status::Starting if late => Some(Ending::Interrupted {
                why: "It was not started before the server ended. Start it again.".to_owned(),
            }),
            Status::Starting => None,
            _ => Some(Ending::Interrupted { why: "Its run folder is gone, and its process with it.".to_owned() }),
        };
        if let Some(ending) = unbegun {
            self.adopt_worktree(row).await;
            origin::finish(&self.engine, row).await;
            return self.end(never(ending)).await;
        }
        step::passed(Step::StartTaken);
        let lease = self.engine.inner.sessions.lease(row.task);
        let prepared = {
            let _held = lease.lock().await;
            prepare(&self.engine, row).await
        };
        match prepared {
            Ok(spec) => match self.place_to_boot().await {
                Some(boot) => self.launch(&spec, boot).await,
                None => Next::Now,
            },
            Err(Unprepared::NotWanted) => Next::Now,
            Err(Unprepared::NotStored) => Next::Later,
            Err(Unprepared::Refused(reason)) => {
                self.adopt_worktree(row).await;
                self.end(never(Ending::Failed { reason, stderr: None })).await
            }
        }
    }

    /// A worktree that was made for an attempt that will not begin is the task's all the same.
    async fn adopt_worktree(&self, row: &Session) {
        if let Some(branch) = work::unrecorded(&self.engine, row.task).await {
            prepare::record(&self.engine, row, &branch).await;
        }
    }

    /// Waits until there is room for one more agent to boot; none when it is not wanted any more.
    async fn place_to_boot(&self) -> Option<OwnedSemaphorePermit> {
        let mut head = self.engine.head();
        let mut place = pin!(self.engine.inner.sessions.boots.place());
        loop {
            head.mark_unchanged();
            self.row().filter(|row| row.status == Status::Starting)?;
            tokio::select! {
                place = &mut place => return place,
                () = self.engine.inner.shutdown.cancelled() => return None,
                changed = head.changed() => changed.ok()?,
            }
        }
    }

    async fn launch(&self, spec: &HostSpec, boot: OwnedSemaphorePermit) -> Next {
        // A cancel that came while it was prepared wins: nothing is claimed then.
        let wanted = self.row().is_some_and(|row| row.status == Status::Starting);
        if !wanted || self.engine.inner.shutdown.is_cancelled() {
            return Next::Now;
        }
        match host::launch(&self.dir, spec, &self.engine.inner.config.qd) {
            Ok(host) => self.unless_overdue(host, self.meet(host, boot)).await,
            Err(LaunchError::AlreadyClaimed) => Next::Now,
            Err(error @ (LaunchError::Folder(_) | LaunchError::Spawn(_))) => {
                let reason = format!("The session's process could not be started: {}.", chain(&error));
                self.end(never(Ending::Failed { reason, stderr: None })).await
            }
        }
    }

    /// Waits for the host that was just launched.
    async fn meet(&self, host: Identity, boot: OwnedSemaphorePermit) -> Next {
        let ready = Box::pin(host::attach_when_ready(&self.dir, host, HOST_WITHIN));
        match self.engine.inner.shutdown.run_until_cancelled(ready).await {
            None => Next::Now,
            Some(Ok(attachment)) => self.talk(attachment, host, Some(boot)).await,
            Some(Err(_)) if host.is_alive() => Next::Later,
            // It has left an ending, or it never began; the next pass sees which.
            Some(Err(_)) => match self.look().await {
                Some(Run::Claimed) => self.bury("Its process ended before it began").await,
                _ => Next::Now,
            },
        }
    }

    /// Waits for a host that another run of the server has launched, or was about to.
    async fn await_host(&self) -> Next {
        let deadline = Instant::now() + CLAIMED_WITHIN;
        while Instant::now() < deadline {
            if self.engine.inner.shutdown.run_until_cancelled(sleep(GLANCE)).await.is_none() {
                return Next::Now;
            }
            if self.look().await != Some(Run::Claimed) {
                return Next::Now;
            }
        }
        self.bury("The server ended while it was being started").await
    }

    async fn follow(&self, host: Identity) -> Next {
        let attached = Box::pin(host::attach(&self.dir));
        match self.engine.inner.shutdown.run_until_cancelled(attached).await {
            None => Next::Now,
            Some(Ok(attachment)) => self.talk(attachment, host, None).await,
            Some(Err(error)) => {
                tracing::debug!(session.id = %self.session, %error, "a host does not answer");
                self.lost(host).await
            }
        }
    }

    /// Kills the host where it does not end a cancelled attempt: a host that is stuck must not keep its card.
    async fn unless_overdue(&self, host: Identity, conversation: impl Future<Output = Next>) -> Next {
        let overdue = async {
            let mut head = self.engine.head();
            loop {
                head.mark_unchanged();
                if self.row().is_none_or(|row| row.status == Status::Cancelling) {
                    break;
                }
                if head.changed().await.is_err() {
                    return pending().await;
                }
            }
            sleep(CANCEL_WITHIN).await;
        };
        tokio::select! {
            next = conversation => next,
            () = overdue => {
                tracing::warn!(session.id = %self.session, pid = host.pid, "a host did not end its cancelled session and is killed");
                if let Err(error) = host.signal(Signal::Kill) {
                    tracing::error!(session.id = %self.session, %error, "a host can't be killed");
                }
                self.lost(host).await
            }
        }
    }

    /// The connection is gone: mostly the host is, too.
    pub(super) async fn lost(&self, host: Identity) -> Next {
        let gone = [host];
        // Returns when it is gone; a host that lives is asked again.
        self.engine.inner.shutdown.run_until_cancelled(wait_gone(&gone, AGAIN_AFTER)).await;
        Next::Now
    }

    /// Ends what is left of an attempt whose host is gone, with what the host said last of itself.
    async fn bury(&self, why: &str) -> Next {
        let now = self.engine.inner.config.clock.now();
        let why = match last_words(&self.dir.join("host.log")) {
            Some(words) => format!("{why}: {words}"),
            None => format!("{why}."),
        };
        match host::bury(&self.dir, &why, now).await {
            Ok(buried) => {
                let over = Over {
                    ending: buried.ending,
                    output_end: buried.output_end,
                    activity: buried.activity,
                    conversation: None,
                };
                self.finish(over).await
            }
            Err(host::BuryError::Alive(_)) => Next::Now,
            Err(error) => {
                tracing::error!(session.id = %self.session, error = %chain(&error), "what a session left can't be cleared away");
                Next::Later
            }
        }
    }

    /// Records the end of an attempt that ran: first what it left, so that the review is true when the card ends.
    pub(super) async fn finish(&self, mut over: Over) -> Next {
        let Some(row) = self.row() else {
            return Next::Now;
        };
        self.catch_up(&mut over).await;
        let Some(desk) = Desk::of(&self.engine, &row) else {
            if row.kind == Kind::CommitMessage && over.ending == Ending::Completed {
                drafting::written_by(&self.engine, &row).await;
            }
            return self.end(over).await;
        };
        let lease = self.engine.inner.sessions.lease(row.task);
        let (engine, completed) = (self.engine.clone(), over.ending == Ending::Completed);
        let mut looking = self.engine.inner.tasks.spawn(async move {
            let _held = lease.lock_owned().await;
            desk.look().await;
            if completed {
                drafting::of_document(&engine, row.task).await;
            }
        });
        let looked = timeout(LAST_LOOK, &mut looking).await.is_ok();
        let next = self.end(over).await;
        if !looked {
            self.engine.inner.shutdown.run_until_cancelled(looking).await;
        }
        next
    }

    /// Settles what the output says and no report did.
    async fn catch_up(&self, over: &mut Over) {
        let waiting =
            self.engine.read(|state| state.messages_of(self.session).any(|m| m.state == MessageState::Queued));
        if !waiting && over.conversation.is_some() {
            return;
        }
        let output = self.dir.join("output.jsonl");
        let recap = match tokio::task::spawn_blocking(move || Recap::read(&output)).await {
            Ok(Ok(recap)) => recap,
            Ok(Err(error)) => {
                tracing::warn!(session.id = %self.session, %error, "the output of an ended attempt can't be read");
                return;
            }
            Err(_) => return,
        };
        for message in recap.delivered {
            self.settle(message, MessageState::Delivered).await;
        }
        if let Some(message) = recap.unknown {
            self.settle(message, MessageState::Unknown).await;
        }
        over.conversation = over.conversation.take().or(recap.conversation);
    }

    /// Records what became of a message.
    pub(super) async fn settle(&self, message: MessageId, state: MessageState) {
        let row = self.engine.read(|rows| rows.message(message).map(|m| m.state.clone()));
        // The rendered prompt of a start is no message of a person and has no row.
        if row.is_none_or(|known| known != MessageState::Queued) {
            return;
        }
        let cause = ["message", &message.to_string(), &self.number.to_string()];
        self.engine.report(Command::SettleMessage(SettleMessage { id: message, state }), &cause).await;
    }

    async fn end(&self, over: Over) -> Next {
        let command = Command::EndSession(EndSession {
            id: self.session,
            attempt: self.number,
            ending: over.ending,
            output_end: over.output_end,
            activity: over.activity,
            conversation: over.conversation,
        });
        let cause = ["end", &self.session.to_string(), &self.number.to_string()];
        step::passed(Step::AttemptOver);
        match self.engine.report(command, &cause).await {
            Some(_) => Next::Now,
            None => Next::Later,
        }
    }
}

/// An attempt without a process.
fn never(ending: Ending) -> Over {
    Over { ending, output_end: 0, activity: Activity::default(), conversation: None }
}

/// The last line of a log, cut to what a card can show.
fn last_words(log: &Path) -> Option<String> {
    let text = std::fs::read(log).ok()?;
    let tail = String::from_utf8_lossy(text.get(text.len().saturating_sub(LAST_WORDS)..)?).into_owned();
    tail.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    let mut said: Vec<String> = Vec::new();
    for cause in causes {
        let text = cause.to_string();
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}
