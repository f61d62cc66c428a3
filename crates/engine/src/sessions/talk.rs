//! The conversation with the host of an attempt: what it says becomes reports, what the rows want becomes commands.

use super::attempt::{Attempt, Next, Over};
use super::desk::{self, Desk};
use crate::host::protocol::{FromHost, HostState, ToHost};
use crate::host::{Attachment, Commands, Reports};
use qd_core::command::{Command, ReportSession};
use qd_core::event::Ending;
use qd_core::ids::MessageId;
use qd_core::row::{Message, MessageBody, MessageState, Session};
use qd_core::status::Status;
use qd_proc::Identity;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// How long a host may take to read a command.
const SEND_WITHIN: Duration = Duration::from_secs(5);
/// How often a report that could not be stored is tried again.
const REPORT_AGAIN: Duration = Duration::from_secs(2);

/// What is known while the connection stands.
struct Talk<'a> {
    attempt: &'a Attempt,
    commands: Commands,
    state: HostState,
    /// Held while the agent boots.
    boot: Option<OwnedSemaphorePermit>,
    /// Settled or sent on this connection; the host itself takes each id at most once.
    sent: BTreeSet<MessageId>,
    cancelled: bool,
    /// Whether the row says what the host says.
    reported: bool,
    /// The agent did something: its work may have changed.
    work: &'a Notify,
}

/// How a conversation ended.
enum Parted {
    Over(Box<Over>),
    Lost,
    Leaving,
}

impl Attempt {
    /// Speaks with the host until the attempt is over, the connection breaks or the server ends.
    /// `boot` is given up when the agent has booted.
    pub(super) async fn talk(
        &self,
        attachment: Attachment,
        host: Identity,
        boot: Option<OwnedSemaphorePermit>,
    ) -> Next {
        let Attachment { state, commands, reports, .. } = attachment;
        let work = Notify::new();
        let desk = self.row().and_then(|row| Desk::of(&self.engine, &row));
        let talk = Talk {
            attempt: self,
            commands,
            state,
            boot,
            sent: BTreeSet::new(),
            cancelled: false,
            reported: false,
            work: &work,
        };
        // The work is looked at beside the conversation: neither waits for the other.
        let parted = tokio::select! {
            parted = Box::pin(talk.hold(reports)) => parted,
            never = desk::watch(desk.as_ref(), &work) => match never {},
        };
        match parted {
            Parted::Over(over) => self.finish(*over).await,
            Parted::Lost => self.lost(host).await,
            Parted::Leaving => Next::Now,
        }
    }
}

impl Talk<'_> {
    async fn hold(mut self, mut reports: Reports) -> Parted {
        let engine = &self.attempt.engine;
        let mut head = engine.head();
        let mut again = interval(REPORT_AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if let Some(parted) = self.take_over().await {
            return parted;
        }
        loop {
            // Marked before the rows are read: what commits meanwhile wakes us again.
            head.mark_unchanged();
            if let Err(error) = self.command().await {
                tracing::debug!(session.id = %self.attempt.session, %error, "a host does not take commands");
                return Parted::Lost;
            }
            tokio::select! {
                () = engine.inner.shutdown.cancelled() => return Parted::Leaving,
                report = reports.next() => match report {
                    Ok(Some(report)) => if let Some(parted) = self.hear(report).await {
                        return parted;
                    },
                    Ok(None) | Err(_) => return Parted::Lost,
                },
                changed = head.changed() => if changed.is_err() {
                    return Parted::Leaving;
                },
                _ = again.tick() => if !self.reported {
                    self.report().await;
                },
            }
        }
    }

    /// Takes over everything that the host said in its greeting.
    async fn take_over(&mut self) -> Option<Parted> {
        let state = self.state.clone();
        self.appended(state.offset);
        self.engine_tell();
        for settled in state.settled {
            self.settled(settled.message, settled.refused).await;
        }
        self.report().await;
        state.ending.map(|ending| self.over(ending))
    }

    async fn hear(&mut self, report: FromHost) -> Option<Parted> {
        match report {
            FromHost::Hello { .. } => {}
            FromHost::Appended { offset } => {
                self.state.offset = offset;
                self.appended(offset);
            }
            FromHost::Status { status, requests } => {
                (self.state.status, self.state.requests) = (status, requests);
                self.report().await;
            }
            FromHost::Conversation { id } => {
                self.state.conversation = Some(id);
                self.report().await;
            }
            FromHost::Activity { activity } => {
                self.state.activity = activity;
                self.engine_tell();
            }
            FromHost::Delivered { message } => self.settled(message, None).await,
            FromHost::Undelivered { message, reason } => self.settled(message, Some(reason)).await,
            FromHost::Ended { ending, output_end, activity } => {
                (self.state.offset, self.state.activity) = (output_end, activity);
                self.appended(output_end);
                return Some(self.over(ending));
            }
        }
        None
    }

    fn over(&self, ending: Ending) -> Parted {
        Parted::Over(Box::new(Over {
            ending,
            output_end: self.state.offset,
            activity: self.state.activity.clone(),
            conversation: self.state.conversation.clone(),
        }))
    }

    fn appended(&self, offset: u64) {
        self.attempt.engine.inner.sessions.heard.appended(self.attempt.session, self.attempt.number, offset);
    }

    fn engine_tell(&self) {
        self.attempt.engine.inner.shared.tell(self.attempt.session, self.state.activity.clone());
        self.work.notify_one();
    }

    async fn settled(&mut self, message: MessageId, refused: Option<String>) {
        self.sent.insert(message);
        let Some(reason) = refused else {
            return self.attempt.settle(message, MessageState::Delivered).await;
        };
        // A prompt that came too late for this attempt is failed by its ending, or begins the next attempt.
        let body = self.attempt.engine.read(|state| state.message(message).map(|m| m.body.clone()));
        if let Some(MessageBody::Answer { .. }) = body {
            self.attempt.settle(message, MessageState::Failed { reason }).await;
        }
    }

    /// Makes the row say what the host says, where it does not.
    async fn report(&mut self) {
        self.reported = true;
        if self.state.status != Status::Starting {
            self.boot = None;
        }
        let Some(row) = self.attempt.row() else { return };
        let state = &self.state;
        let moved =
            row.status.may_become(state.status) && (row.status, &row.requests) != (state.status, &state.requests);
        let opened = state.conversation.is_some() && row.conversation != state.conversation;
        if !moved && !opened {
            return;
        }
        let report = ReportSession {
            id: row.id,
            attempt: row.attempt,
            status: state.status,
            requests: state.requests.clone(),
            conversation: state.conversation.clone(),
            branch: None,
        };
        self.reported = self.attempt.engine.report_session(&row, report).await;
    }

    /// Tells the host what the rows want of it.
    async fn command(&mut self) -> io::Result<()> {
        let (row, queued) = self.attempt.engine.read(|state| {
            let queued = |m: &&Message| m.state == MessageState::Queued && !self.sent.contains(&m.id);
            let queued: Vec<Message> = state.messages_of(self.attempt.session).filter(queued).cloned().collect();
            (state.session(self.attempt.session).cloned(), queued)
        });
        let cancelling = row.is_some_and(|row| row.attempt == self.attempt.number && row.status == Status::Cancelling);
        if cancelling && !self.cancelled {
            self.cancelled = true;
            self.send(&ToHost::Cancel).await?;
        }
        for message in in_order(queued) {
            self.sent.insert(message.id);
            self.send(&ToHost::Deliver { message: message.id, body: message.body }).await?;
        }
        Ok(())
    }

    async fn send(&mut self, command: &ToHost) -> io::Result<()> {
        // Half a command may have gone out after that: the connection is given up.
        timeout(SEND_WITHIN, self.commands.send(command)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

/// Messages as they were accepted.
pub(super) fn in_order(mut messages: Vec<Message>) -> Vec<Message> {
    messages.sort_by_key(|m| (m.at, m.id));
    messages
}

impl crate::engine::Engine {
    /// Stores a report on `row`, which it was made from. False where it could not be stored.
    pub(super) async fn report_session(&self, row: &Session, report: ReportSession) -> bool {
        let said = serde_json::to_string(&report).unwrap_or_default();
        // The same report on another version of the row is another event.
        let cause = ["session", &row.id.to_string(), &row.ver.to_string(), &said];
        self.report(Command::ReportSession(report), &cause).await.is_some()
    }
}
