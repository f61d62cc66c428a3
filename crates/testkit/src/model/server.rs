//! The server of the model: the real workspace on a store in memory, with what lies around it in `server`: answers as
//! HTTP would carry them, streams that read the log, kills, backups.

use super::disk::{Disk, Ground};
use super::history::History;
use super::violation::{Violated, Violation};
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
    disk: Disk,
    /// The running process; none only while it is being started again.
    process: Option<Process>,
    /// Every state that its log was at.
    pub history: History,
    backup_head: Offset,
    tags: Random,
    own: u64,
}

struct Process {
    workspace: Workspace,
    reader: SharedReader,
}

fn broken(error: StoreError) -> Violation {
    match error {
        StoreError::Settled(mid) => Violation::new("I2", format!("{mid} was done a second time")),
        other => Violation::new("server", other.to_string()),
    }
}

impl Server {
    /// An empty one.
    pub fn new(seed: u64, ground: Ground) -> Violated<Self> {
        let disk = Disk::new(ground)?;
        let workspace = Workspace::load(disk.open()?).map_err(broken)?;
        let history = History::new(workspace.head(), State::default());
        let (reader, backup_head) = (workspace.reader(), workspace.head());
        let process = Some(Process { workspace, reader });
        Ok(Self { disk, process, history, backup_head, tags: Random::new(seed ^ 0x7a65), own: 0 })
    }

    fn process(&mut self) -> Violated<&mut Process> {
        self.process.as_mut().ok_or_else(|| Violation::new("server", "it does not run"))
    }

    /// The rows.
    pub fn state(&self) -> &State {
        self.history.state()
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
        let mut tags = self.tags.clone();
        // Never zero: zero is the beginning of a log.
        let mut tag = || u32::try_from(tags.draw() >> 33).unwrap_or_default() | 1;
        let settled = self.process()?.workspace.settle(batch, now, &mut tag).map_err(broken)?;
        self.tags = tags;
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
        if self.process.as_ref().map(|process| process.workspace.state()) != Some(self.history.state()) {
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
    pub fn snapshot(&mut self, mids: &[Mid]) -> Violated<String> {
        let snapshot = self.process()?.reader.snapshot(mids).map_err(broken)?;
        String::from_utf8(snapshot.json).map_err(|e| Violation::new("server", e.to_string()))
    }

    /// The frames after an offset with the offsets after them, or the status of the refusal.
    pub fn frames(&self, offset: Offset) -> Result<Vec<(Offset, String)>, u16> {
        let Some(process) = &self.process else { return Err(503) };
        match process.reader.records_after(offset, 256) {
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
        self.process = None;
        let workspace = Workspace::load(self.disk.open()?).map_err(broken)?;
        if *workspace.state() != *self.history.state() || workspace.head() != self.history.head() {
            return Err(Violation::new("server", "what was committed is not there after a restart"));
        }
        self.process = Some(Process { reader: workspace.reader(), workspace });
        Ok(())
    }

    /// Copies the database.
    pub fn back_up(&mut self) -> Violated<()> {
        self.process = None;
        self.disk.back_up()?;
        self.backup_head = self.history.head();
        self.restart()
    }

    /// Puts the copy in the place of the database and starts again. Says whether that took anything away.
    pub fn restore(&mut self) -> Violated<bool> {
        let loses = self.backup_head != self.history.head();
        self.process = None;
        self.disk.restore()?;
        self.history.go_back(self.backup_head);
        self.restart()?;
        Ok(loses)
    }

    /// Begins another epoch, as after a repair.
    pub fn new_epoch(&mut self) -> Violated<()> {
        let head = self.process()?.workspace.store().new_epoch().map_err(broken)?;
        self.history.new_epoch(head);
        self.restart()
    }

    /// Removes all records but the newest; outcomes stay.
    pub fn collect(&mut self, now: Millis) -> Violated<bool> {
        let keep = Retention { records: 2, record_age: 0, outcome_age: Retention::STANDARD.outcome_age };
        let collected = self.process()?.workspace.store().collect(now, keep).map_err(broken)?;
        Ok(collected.records > 0)
    }
}
