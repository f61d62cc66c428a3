//! The server against a plain reference: the real workspace on the real store, with crashes (the handle is dropped and
//! the files are opened again), mutations that come twice or altered, batches, and collection of history.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use qd_core::command::{AgentsFound, Command, CreateTask, OnSession, SaveDocument, StartSession};
use qd_core::ids::{Mid, Millis, SessionId, TaskId, v7};
use qd_core::op::{Actor, Offset, Outcome, Record, RejectCode};
use qd_core::row::Start;
use qd_core::state::State;
use qd_core::status::Kind;
use qd_engine::workspace::{Answer, Submission, Workspace};
use qd_store::{Retention, SqliteStore};
use qd_testkit::model::disk::folder;
use qd_testkit::model::report::{PROJECT, agent, project};
use qd_wire::Mutation;
use std::collections::HashMap;
use tempfile::TempDir;
use uuid::Uuid;

const BEGIN: Millis = Millis(1_763_800_000_000);

/// One thing that happens to the server.
#[derive(Clone, Debug)]
enum Step {
    /// New mutations come in one batch: what each does, and on which task or session.
    Batch(Vec<(u8, u8)>),
    /// One that came before comes again.
    Again(u8),
    /// One that came before comes with other arguments.
    Altered(u8),
    /// One that comes after or requires one that came before.
    Follows(u8, bool),
    /// The process dies and another takes its place.
    Crash,
    /// Old history goes.
    Collect,
    /// A batch was taken, and the process dies before it is settled: it comes again to the next one.
    Killed(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec((0..6_u8, any::<u8>()), 1..5).prop_map(Step::Batch),
        3 => any::<u8>().prop_map(Step::Again),
        1 => any::<u8>().prop_map(Step::Altered),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(at, must)| Step::Follows(at, must)),
        2 => Just(Step::Crash),
        1 => Just(Step::Collect),
        1 => any::<u8>().prop_map(Step::Killed),
    ]
}

/// The server and what it must be equal to.
struct Bench {
    workspace: Option<Workspace>,
    dir: TempDir,
    now: Millis,
    drawn: u64,
    sent: Vec<Mutation>,
    outcomes: HashMap<Mid, Outcome>,
    /// The rows as the records say.
    rows: State,
    head: Offset,
}

impl Bench {
    fn new() -> Self {
        let dir = folder().unwrap();
        let mut bench = Self {
            workspace: None,
            dir,
            now: BEGIN,
            drawn: 0,
            sent: Vec::new(),
            outcomes: HashMap::new(),
            rows: State::default(),
            head: Offset { epoch: 1, seq: 0, tag: 0 },
        };
        bench.open();
        let agents = vec![agent("demo", true)];
        let commands = [project(), Command::AgentsFound(AgentsFound { agents })];
        let batch: Vec<Mutation> = commands.iter().map(|c| Mutation::new(Mid(bench.id()), c)).collect();
        bench.settle(&batch, Actor::Server);
        bench
    }

    fn id(&mut self) -> Uuid {
        self.drawn += 1;
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.drawn.to_be_bytes());
        v7(self.now, bytes)
    }

    fn open(&mut self) {
        self.workspace = None;
        let store = SqliteStore::open(self.dir.path()).unwrap();
        self.workspace = Some(Workspace::load(Box::new(store)).unwrap());
        self.agrees();
    }

    /// Memory, store and reference are one.
    fn agrees(&self) {
        let workspace = self.workspace.as_ref().unwrap();
        assert_eq!((workspace.head(), workspace.state()), (self.head, &self.rows));
        assert_eq!(workspace.reader().head().unwrap(), self.head);
    }

    fn command(&mut self, what: u8, on: u8) -> Command {
        let tasks: Vec<TaskId> = self.rows.of_kind(qd_core::row::RowKind::Task).map(|r| TaskId(r.key().id)).collect();
        let sessions: Vec<SessionId> =
            self.rows.of_kind(qd_core::row::RowKind::Session).map(|r| SessionId(r.key().id)).collect();
        let task = tasks.get(usize::from(on) % tasks.len().max(1)).copied().unwrap_or(TaskId(Uuid::nil()));
        let session = sessions.get(usize::from(on) % sessions.len().max(1)).copied().unwrap_or(SessionId(Uuid::nil()));
        match what {
            0 => {
                Command::CreateTask(CreateTask { id: TaskId(self.id()), project: PROJECT, text: format!("Task {on}") })
            }
            1 => Command::StartSession(StartSession {
                id: SessionId(self.id()),
                task,
                kind: Kind::Implement,
                start: Start::default(),
            }),
            // An id that is there already.
            2 => Command::StartSession(StartSession { id: session, task, kind: Kind::Review, start: Start::default() }),
            3 => Command::CancelSession(OnSession { id: session }),
            4 => Command::DeleteSession(OnSession { id: session }),
            _ => Command::SaveDocument(SaveDocument { id: task, base: None, text: format!("# Saved {on}\n") }),
        }
    }

    fn settle(&mut self, batch: &[Mutation], actor: Actor) -> Vec<Answer> {
        let submissions: Vec<Submission> =
            batch.iter().map(|m| Submission { mutation: m.clone(), actor, refuse: None }).collect();
        let mut tag = 0;
        let seq = u32::try_from(self.head.seq).unwrap();
        let settled = self.workspace.as_mut().unwrap().settle(&submissions, self.now, &mut || {
            tag += 1;
            seq.wrapping_mul(31) + tag
        });
        let settled = settled.unwrap();
        for commit in &settled.commits {
            self.record(&commit.record);
        }
        for answer in &settled.answers {
            let Answer::Settled(outcome) = answer else { continue };
            let reused = outcome.err.as_ref().is_some_and(|e| e.code == RejectCode::MidReuse);
            assert!(reused || self.outcomes.get(&outcome.mid) == Some(outcome), "{outcome:?}");
        }
        self.agrees();
        settled.answers
    }

    fn record(&mut self, record: &Record) {
        assert_eq!((record.epoch, record.seq), (self.head.epoch, self.head.seq + 1), "the log has no gap");
        for op in &record.ops {
            self.rows.apply(op, record.seq).unwrap();
        }
        self.head = Offset::from(record);
        let first = self.outcomes.insert(record.mid, Outcome::from(record));
        assert_eq!(first, None, "a mutation has one record");
    }

    fn take(&mut self, step: Step) {
        self.now.0 += 1000;
        match step {
            Step::Batch(all) => {
                let batch = self.batch(&all);
                self.settle(&batch, Actor::Person);
            }
            Step::Again(at) => {
                let Some(mutation) = self.earlier(at) else { return };
                self.settle(&[mutation.clone(), mutation], Actor::Person);
            }
            Step::Altered(at) => {
                let Some(mut mutation) = self.earlier(at) else { return };
                mutation.args = serde_json::json!({ "other": self.drawn });
                let before = self.head;
                self.settle(&[mutation], Actor::Person);
                assert_eq!(self.head, before, "an altered mutation makes no record");
            }
            Step::Follows(at, must) => self.follow(at, must),
            Step::Crash => self.open(),
            Step::Collect => {
                let keep = Retention { records: 3, record_age: 0, outcome_age: Retention::STANDARD.outcome_age };
                self.workspace.as_mut().unwrap().store().collect(self.now, keep).unwrap();
                self.agrees();
            }
            Step::Killed(on) => {
                // What was taken and not committed is in no file: it is sent again to the next process.
                let batch = self.batch(&[(0, on), (1, on)]);
                self.open();
                self.settle(&batch, Actor::Person);
            }
        }
    }

    fn batch(&mut self, all: &[(u8, u8)]) -> Vec<Mutation> {
        let mut batch = Vec::new();
        for (what, on) in all {
            let command = self.command(*what, *on);
            batch.push(Mutation::new(Mid(self.id()), &command));
        }
        self.sent.extend(batch.iter().cloned());
        batch
    }

    fn earlier(&self, at: u8) -> Option<Mutation> {
        (!self.sent.is_empty()).then(|| self.sent[usize::from(at) % self.sent.len()].clone())
    }

    fn follow(&mut self, at: u8, must: bool) {
        let Some(before) = self.earlier(at).map(|m| m.mid) else { return };
        let mut mutation = self.batch(&[(0, at)]).remove(0);
        if must {
            mutation.requires = Some(before);
        } else {
            mutation.after = Some(before);
        }
        let answer = self.settle(&[mutation], Actor::Person).remove(0);
        let Answer::Settled(outcome) = answer else { panic!("{before} is settled") };
        let fell = must && !self.outcomes[&before].ok;
        assert_eq!(outcome.err.map(|e| e.code), fell.then_some(RejectCode::Dependency));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn every_mutation_is_done_once_whatever_dies(steps in prop::collection::vec(step(), 1..40)) {
        let mut bench = Bench::new();
        for step in steps {
            bench.take(step);
        }
        bench.open();
    }
}
