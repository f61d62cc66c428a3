//! The server of the model: the real workspace on a store in memory, with what lies around it in `server`: answers as
//! HTTP would carry them, streams that read the log, kills, backups.

use super::history::History;
use super::violation::{Violated, Violation};
use crate::memory::MemoryDisk;
use crate::random::Random;
use qd_core::command::Command;
use qd_core::ids::{Mid, Millis, of_cause};
use qd_core::op::{Actor, Offset, Outcome, Reject, RejectCode};
use qd_core::state::State;
use qd_engine::workspace::{Answer, Submission, Workspace};
use qd_store::{ReadError, Retention, SharedReader, StoreError};
use qd_wire::{ApiError, ErrorCode, Mutation};

/// An HTTP answer.
#[derive(Clone, Debug)]
pub struct Http {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

impl Http {
    /// An error of the edge.
    pub fn error(status: u16, code: ErrorCode) -> Self {
        let error = ApiError { code, message: "Try again.".to_owned(), hints: Vec::new() };
        Self { status, body: serde_json::to_string(&error).unwrap_or_default() }
    }
}

/// See the module.
pub struct Server {
    disk: MemoryDisk,
    workspace: Workspace,
    reader: SharedReader,
    /// Every state that its log was at.
    pub history: History,
    backup: MemoryDisk,
    backup_head: Offset,
    tags: Random,
    own: u64,
}

fn broken(error: StoreError) -> Violation {
    match error {
        StoreError::Settled(mid) => Violation::new("I2", format!("{mid} was done a second time")),
        other => Violation::new("server", other.to_string()),
    }
}

impl Server {
    /// An empty one.
    pub fn new(seed: u64) -> Violated<Self> {
        let disk = MemoryDisk::default();
        let workspace = Workspace::load(Box::new(disk.open())).map_err(broken)?;
        let history = History::new(workspace.head(), State::default());
        let (reader, head) = (workspace.reader(), workspace.head());
        Ok(Self {
            backup: disk.backup(),
            backup_head: head,
            disk,
            workspace,
            reader,
            history,
            tags: Random::new(seed ^ 0x7a65),
            own: 0,
        })
    }

    /// The rows.
    pub fn state(&self) -> &State {
        self.workspace.state()
    }

    /// Settles POSTs in one batch. `refuse` refuses them all, as the demonstration can.
    pub fn post(&mut self, bodies: &[String], refuse: bool, now: Millis) -> Violated<Vec<Http>> {
        let reject = refuse.then(|| Reject::new(RejectCode::Refused, "The demonstration was asked to refuse this."));
        let parsed: Vec<Option<Mutation>> = bodies.iter().map(|body| serde_json::from_str(body).ok()).collect();
        let batch: Vec<Submission> = parsed
            .iter()
            .flatten()
            .map(|m| Submission { mutation: m.clone(), actor: Actor::Person, refuse: reject.clone() })
            .collect();
        let mut answers = self.settle(&batch, now)?.into_iter();
        Ok(parsed
            .iter()
            .map(|m| match m.as_ref().and_then(|_| answers.next()) {
                Some(Answer::Settled(outcome)) => Http {
                    status: if outcome.ok { 200 } else { 409 },
                    body: serde_json::to_string(&outcome).unwrap_or_default(),
                },
                Some(Answer::TooEarly) => Http::error(425, ErrorCode::TooEarly),
                None => Http::error(400, ErrorCode::BadRequest),
            })
            .collect())
    }

    /// A command of the server itself.
    pub fn submit(&mut self, command: &Command, now: Millis) -> Violated<Outcome> {
        self.own += 1;
        let mid = Mid(of_cause(&["model", &self.own.to_string()]));
        let batch = [Submission { mutation: Mutation::new(mid, command), actor: Actor::Server, refuse: None }];
        match self.settle(&batch, now)?.pop() {
            Some(Answer::Settled(outcome)) => Ok(outcome),
            _ => Err(Violation::new("server", "a command of the server had no outcome".to_owned())),
        }
    }

    fn settle(&mut self, batch: &[Submission], now: Millis) -> Violated<Vec<Answer>> {
        let tags = &mut self.tags;
        // Never zero: zero is the beginning of a log.
        let mut tag = || u32::try_from(tags.draw() >> 33).unwrap_or_default() | 1;
        let settled = self.workspace.settle(batch, now, &mut tag).map_err(broken)?;
        for commit in &settled.commits {
            self.check_order(batch, &commit.record)?;
            self.history.append(&commit.record).map_err(|e| Violation::new("server", e))?;
        }
        for answer in &settled.answers {
            match answer {
                Answer::Settled(outcome) => {
                    if outcome.err.as_ref().is_some_and(|e| e.code == RejectCode::MidReuse) {
                        return Err(Violation::new("R22", format!("{} was altered after it was sent", outcome.mid)));
                    }
                    if let Some((_, first)) = self.history.settled_before(outcome.mid, self.history.head())
                        && first != outcome
                    {
                        return Err(Violation::new("I2", format!("{} has two outcomes", outcome.mid)));
                    }
                    self.history.refuse(outcome);
                }
                Answer::TooEarly => {}
            }
        }
        if self.history.at(self.history.head()) != Some(self.workspace.state()) {
            return Err(Violation::new("server", "the rows are not what the log says".to_owned()));
        }
        Ok(settled.answers)
    }

    /// Order within a row: what comes after another is not decided before it.
    fn check_order(&self, batch: &[Submission], record: &qd_core::op::Record) -> Violated<()> {
        let Some(submission) = batch.iter().find(|s| s.mutation.mid == record.mid) else { return Ok(()) };
        for (before, must) in [(submission.mutation.after, false), (submission.mutation.requires, true)] {
            let Some(before) = before else { continue };
            let outcome = self.history.settled_before(before, self.history.head()).map(|(_, o)| o.ok);
            let waited = record.err.as_ref().is_some_and(|e| e.code == RejectCode::PredecessorUnknown);
            if outcome.is_none() && !waited {
                return Err(Violation::new("R12", format!("{} was decided before {before}", record.mid)));
            }
            if outcome == Some(false) && must && record.ok {
                return Err(Violation::new("R12", format!("{} was done without {before}", record.mid)));
            }
        }
        Ok(())
    }

    /// What `POST /snapshot` answers.
    pub fn snapshot(&self, mids: &[Mid]) -> Violated<String> {
        let snapshot = self.reader.snapshot(mids).map_err(broken)?;
        String::from_utf8(snapshot.json).map_err(|e| Violation::new("server", e.to_string()))
    }

    /// The frames after an offset with the offsets after them, or the status of the refusal.
    pub fn frames(&self, offset: Offset) -> Result<Vec<(Offset, String)>, u16> {
        match self.reader.records_after(offset, 256) {
            Ok(entries) => Ok(entries
                .into_iter()
                .map(|e| (e.offset, format!("{{\"frame\":\"record\",\"record\":{}}}", e.json)))
                .collect()),
            Err(ReadError::Conflict { .. }) => Err(409),
            Err(ReadError::Gone { .. }) => Err(410),
            Err(ReadError::Store(_)) => Err(500),
        }
    }

    /// The process is killed and started again: what was committed is there.
    pub fn restart(&mut self) -> Violated<()> {
        self.workspace = Workspace::load(Box::new(self.disk.open())).map_err(broken)?;
        self.reader = self.workspace.reader();
        Ok(())
    }

    /// Copies the database.
    pub fn back_up(&mut self) {
        self.backup = self.disk.backup();
        self.backup_head = self.history.head();
    }

    /// Puts the copy in the place of the database and starts again. Says whether that took anything away.
    pub fn restore(&mut self) -> Violated<bool> {
        let loses = self.backup_head != self.history.head();
        self.disk = self.backup.backup();
        self.history.go_back(self.backup_head);
        self.restart()?;
        Ok(loses)
    }

    /// Begins another epoch, as after a repair.
    pub fn new_epoch(&mut self) -> Violated<()> {
        let head = self.workspace.store().new_epoch().map_err(broken)?;
        self.history.new_epoch(head);
        self.restart()
    }

    /// Removes all records but the newest; outcomes stay.
    pub fn collect(&mut self, now: Millis) -> Violated<bool> {
        let keep = Retention { records: 2, record_age: 0, outcome_age: Retention::STANDARD.outcome_age };
        let collected = self.workspace.store().collect(now, keep).map_err(broken)?;
        Ok(collected.records > 0)
    }
}
