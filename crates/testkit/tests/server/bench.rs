//! The server under test: the real workspace on the real store in this process, and the real engine in another one
//! when jobs are to be done.

use super::deeds::{Act, Body, Expect, Tie};
use super::disk::{Disk, work_file};
use super::model::{Model, Stage, Verdict};
use super::process::{self, Orders};
use super::reference::{Cut, Edit, Reference, State as Expected, Todo, Transition};
use super::tally::Tally;
use proptest_state_machine::StateMachineTest;
use qd_core::command::{AgentsFound, Command, Configure, CountChanges};
use qd_core::document;
use qd_core::ids::{Mid, Millis, TaskId};
use qd_core::op::{Actor, Offset, Outcome, Record};
use qd_core::row::{Changed, Job, JobState, Row, RowKind, Task};
use qd_core::state::State;
use qd_core::status::Status;
use qd_engine::workspace::{Answer, Submission, Workspace};
use qd_store::{ReadError, Retention, SqliteStore};
use qd_testkit::model::disk::folder;
use qd_testkit::model::report::{agent, project};
use qd_wire::Mutation;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What happened without servers that run, with them, and in the story.
pub static SETTLED: Tally = Tally::new();
pub static SERVED: Tally = Tally::new();
pub static STORY: Tally = Tally::new();

/// So much history is left where it is collected.
const KEEP: Retention = Retention { records: 3, record_age: 0, outcome_age: Retention::STANDARD.outcome_age };

/// The server and what the test remembers of it.
pub struct Bench {
    pub tally: &'static Tally,
    workspace: Option<Workspace>,
    folder: TempDir,
    /// Where servers run.
    disk: Option<Disk>,
    lives: u64,
    /// How many servers died here.
    pub deaths: u32,
    /// The starts that a server had claimed when it died.
    claimed: BTreeSet<PathBuf>,
    sent: HashMap<Mid, Mutation>,
    outcomes: HashMap<Mid, (Millis, Outcome)>,
    /// The rows as the records say.
    rows: State,
    offsets: Vec<Offset>,
    /// For each job how often it failed and how often it went.
    ends: HashMap<Mid, (u32, u32)>,
}

/// See the module; `SERVED` says whether servers run.
pub struct Server<const SERVED: bool>;

impl<const SERVED: bool> StateMachineTest for Server<SERVED> {
    type SystemUnderTest = Bench;
    type Reference = Reference<SERVED>;

    fn init_test(_: &Expected) -> Bench {
        Bench::new(SERVED)
    }

    fn apply(mut bench: Bench, expected: &Expected, _: Transition) -> Bench {
        bench.take(&expected.model, &expected.todo);
        bench
    }

    fn check_invariants(bench: &Bench, expected: &Expected) {
        bench.agrees_with(&expected.model);
    }

    fn teardown(mut bench: Bench, expected: Expected) {
        bench.open();
        bench.agrees_with(&expected.model);
    }
}

impl Bench {
    fn new(served: bool) -> Self {
        let folder = folder().unwrap();
        let disk = served.then(|| Disk::new(folder.path()));
        let mut bench = Self {
            tally: if served { &SERVED } else { &SETTLED },
            workspace: None,
            folder,
            disk,
            lives: 0,
            deaths: 0,
            claimed: BTreeSet::new(),
            sent: HashMap::new(),
            outcomes: HashMap::new(),
            rows: State::default(),
            offsets: vec![Offset { epoch: 1, seq: 0, tag: 0 }],
            ends: HashMap::new(),
        };
        bench.open();
        let Command::AttachProject(mut attach) = project() else { panic!("no project") };
        if let Some(disk) = &bench.disk {
            disk.deck().to_str().unwrap().clone_into(&mut attach.path);
        }
        let mut model = Model::new();
        let found = AgentsFound { agents: vec![agent("demo", true)], looked: None };
        let configure = Configure { max_sessions: 100, demo: false };
        for command in [Command::AttachProject(attach), Command::AgentsFound(found), Command::Configure(configure)] {
            let mid = Mid(model.id(Millis(model.now.0 - 1)));
            bench.report(model.now, mid, &command);
        }
        bench
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn head(&self) -> Offset {
        self.offsets[self.offsets.len() - 1]
    }

    fn workspace(&mut self) -> &mut Workspace {
        self.workspace.as_mut().unwrap()
    }

    /// Drops the handle and opens the files again.
    fn open(&mut self) {
        self.workspace = None;
        let store = SqliteStore::open(&self.data()).unwrap();
        let workspace = Workspace::load(Box::new(store)).unwrap();
        let reader = workspace.reader();
        self.workspace = Some(workspace);
        loop {
            let entries = reader.records_after(self.head(), 1000).unwrap();
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                self.record(&entry.record().unwrap());
            }
        }
        self.is_one();
        let mids: Vec<Mid> = self.outcomes.keys().copied().collect();
        let stored = reader.outcomes(&mids).unwrap();
        assert_eq!(stored.len(), mids.len(), "an outcome is forgotten");
        assert!(stored.iter().all(|s| self.outcomes[&s.outcome.mid].1 == s.outcome), "an outcome is another");
    }

    /// Memory, store and the records are one.
    fn is_one(&self) {
        let workspace = self.workspace.as_ref().unwrap();
        assert_eq!((workspace.head(), workspace.state()), (self.head(), &self.rows));
        assert_eq!(workspace.reader().head().unwrap(), self.head());
    }

    fn record(&mut self, record: &Record) {
        let head = self.head();
        assert_eq!((record.epoch, record.seq), (head.epoch, head.seq + 1), "the log has no gap");
        for op in &record.ops {
            let key = op.key();
            self.rows.apply(op, record.seq).unwrap();
            if key.kind == RowKind::Job {
                let (failed, gone) = self.ends.entry(Mid(key.id)).or_default();
                match self.rows.job(Mid(key.id)) {
                    None => *gone += 1,
                    Some(Job { state: JobState::Failed { .. }, .. }) => *failed += 1,
                    Some(_) => {}
                }
            }
        }
        self.offsets.push(Offset::from(record));
        let first = self.outcomes.insert(record.mid, (record.ts, Outcome::from(record)));
        assert_eq!(first, None, "a mutation has one record");
    }

    fn take(&mut self, model: &Model, todo: &Todo) {
        match todo {
            Todo::Nothing => {}
            Todo::Settle { batches, killed } => {
                for (now, acts) in batches {
                    let mut shown = HashMap::new();
                    let mutations: Vec<Mutation> = acts.iter().map(|act| self.mutation(act, &mut shown)).collect();
                    if *killed {
                        // What was taken and not committed is in no file: it is sent again to the next process.
                        self.tally.count("a batch is taken by a server that dies");
                        self.open();
                    }
                    self.settle(*now, acts, mutations);
                }
            }
            Todo::Crash => {
                self.tally.count("crash");
                self.open();
            }
            Todo::Collect => self.collect(model.now),
            Todo::Edit(edit) => {
                self.tally.count("edit in an editor");
                assert!(self.disk.as_ref().unwrap().edit(edit));
            }
            Todo::Work { task, file } => self.work(model.now, *task, *file),
            Todo::Serve { cuts, edit } => self.serve(model, cuts, edit.as_ref()),
        }
    }

    /// What an act sends. `shown` are the versions of documents that the page shows, where they are not in the rows yet.
    fn mutation(&mut self, act: &Act, shown: &mut HashMap<TaskId, Mid>) -> Mutation {
        let mut mutation = match &act.body {
            Body::Again => self.sent[&act.mid].clone(),
            Body::Altered => Mutation { args: serde_json::json!({ "other": true }), ..self.sent[&act.mid].clone() },
            Body::Nonsense => Mutation { name: "dance".to_owned(), ..Mutation::new(act.mid, &project()) },
            Body::New(command) => {
                let command = command.as_ref();
                let mutation = Mutation::new(act.mid, &self.based(command.clone(), shown));
                let document = match command {
                    Command::CreateTask(create) => Some(create.id),
                    Command::SaveDocument(save) | Command::ResolveConflict(save) => Some(save.id),
                    _ => None,
                };
                if let Some(task) = document.filter(|_| act.expect == Expect::Record(Ok(()))) {
                    shown.insert(task, act.mid);
                }
                mutation
            }
        };
        match act.tie {
            Some((Tie::After, before)) => mutation.after = Some(before),
            Some((Tie::Requires, before)) => mutation.requires = Some(before),
            None => {}
        }
        if let Some(age) = act.age {
            (mutation.age_ms, mutation.max_age_ms) = (Some(age), Some(60_000));
        }
        if !matches!(act.body, Body::Altered) {
            self.sent.insert(act.mid, mutation.clone());
        }
        mutation
    }

    /// A save names the version that the page shows.
    fn based(&self, mut command: Command, shown: &HashMap<TaskId, Mid>) -> Command {
        if let Command::SaveDocument(save) = &mut command {
            let stored = self.rows.task(save.id).and_then(|task| task.document.version);
            save.base = shown.get(&save.id).copied().or(stored);
        }
        command
    }

    fn settle(&mut self, now: Millis, acts: &[Act], mutations: Vec<Mutation>) {
        let actor = Actor::Person;
        let batch: Vec<Submission> =
            mutations.into_iter().map(|mutation| Submission { mutation, actor, refuse: None }).collect();
        let (answers, records) = self.commit(now, &batch);
        let expected = acts.iter().filter(|act| matches!(act.expect, Expect::Record(_))).count();
        assert_eq!(records, expected, "records of {acts:?}");
        for (act, answer) in acts.iter().zip(answers) {
            self.tally.count(&act.label);
            let outcome = match (&answer, act.expect) {
                (Answer::TooEarly, Expect::TooEarly) => continue,
                (Answer::Settled(outcome), Expect::Record(_) | Expect::Stored(_) | Expect::Refusal(_)) => outcome,
                _ => panic!("{answer:?} to {act:?}"),
            };
            let verdict: Verdict = outcome.err.as_ref().map_or(Ok(()), |reject| Err(reject.code));
            match act.expect {
                Expect::Record(expected) | Expect::Stored(expected) => {
                    assert_eq!(verdict, expected, "{outcome:?} to {act:?}");
                    assert_eq!(Some(outcome), self.outcomes.get(&act.mid).map(|(_, outcome)| outcome));
                }
                Expect::Refusal(code) => assert_eq!(verdict, Err(code), "{act:?}"),
                Expect::TooEarly => {}
            }
        }
    }

    fn report(&mut self, now: Millis, mid: Mid, command: &Command) {
        let submission = Submission { mutation: Mutation::new(mid, command), actor: Actor::Server, refuse: None };
        let (answers, _) = self.commit(now, &[submission]);
        assert!(matches!(&answers[..], [Answer::Settled(Outcome { ok: true, .. })]), "{answers:?}");
    }

    fn commit(&mut self, now: Millis, batch: &[Submission]) -> (Vec<Answer>, usize) {
        let seq = u32::try_from(self.head().seq).unwrap();
        let mut tag = 0;
        let settled = self.workspace().settle(batch, now, &mut || {
            tag += 1;
            seq.wrapping_mul(31) + tag
        });
        let settled = settled.unwrap();
        for commit in &settled.commits {
            self.record(&commit.record);
        }
        self.is_one();
        (settled.answers, settled.commits.len())
    }

    fn collect(&mut self, now: Millis) {
        self.tally.count("collect");
        while self.workspace().store().collect(now, KEEP).unwrap().more {}
        self.outcomes.retain(|_, (at, _)| now.since(*at) < KEEP.outcome_age);
        let reader = self.workspace().reader();
        let floor = self.offsets.len().saturating_sub(1 + 3);
        assert_eq!(reader.records_after(self.offsets[floor], 10).unwrap().len(), self.offsets.len() - 1 - floor);
        if let Some(below) = floor.checked_sub(1) {
            self.tally.count("a reader below the floor");
            let answer = reader.records_after(self.offsets[below], 10);
            assert!(matches!(answer, Err(ReadError::Gone { .. })), "{answer:?}");
        }
        self.is_one();
    }

    fn work(&mut self, now: Millis, id: TaskId, file: u32) {
        self.tally.count("work in a worktree");
        let branch = self.rows.task(id).unwrap().branch.clone().unwrap();
        fs::write(Path::new(&branch.path).join(work_file(file)), "Work\n").unwrap();
        let changed = Changed {
            files: 1,
            additions: 1,
            deletions: 0,
            tree: String::new(),
            merging: false,
            conflicts: Vec::new(),
        };
        let mut bytes = [7; 10];
        bytes[6..].copy_from_slice(&file.to_be_bytes());
        let mid = Mid(qd_core::ids::v7(now, bytes));
        self.report(now, mid, &Command::CountChanges(CountChanges { task: id, changed }));
    }

    /// Servers run until there is nothing to do.
    fn serve(&mut self, model: &Model, cuts: &[Cut], edit: Option<&Edit>) {
        let mut edit = edit;
        for cut in cuts {
            let life = self.live(model.now, Some(*cut), edit);
            if let Some(step) = &life.died_at {
                self.deaths += 1;
                self.tally.count(format!("death at {step}"));
            }
            self.open();
            let disk = self.disk.as_ref().unwrap();
            self.claimed.extend(disk.claimed());
            if life.edited || edit.is_some_and(|edit| disk.edit(edit)) {
                self.tally.count(if life.edited { "edit at a step" } else { "edit after a death" });
                edit = None;
            }
            if life.died_at.is_none() {
                break;
            }
        }
        self.live(model.now, None, None);
        if let Some(edit) = edit {
            self.tally.count("edit after all");
            assert!(self.disk.as_ref().unwrap().edit(edit));
            self.live(model.now, None, None);
        }
        self.open();
        self.tally.count(format!("served, up to {} deaths", cuts.len()));
        self.agrees_with(model);
        for session in &model.sessions {
            self.tally.count(format!("start {:?}", session.stage));
        }
        for job in &model.jobs {
            self.tally.count(format!("job failed: {}", job.what.name()));
        }
        let (disk, rows) = (self.disk.as_ref().unwrap(), self.tasks());
        disk.agrees_on_starts(model, &self.claimed);
        disk.agrees_on_documents(model, &rows);
        disk.agrees_on_work(model, &rows);
    }

    fn live(&mut self, now: Millis, cut: Option<Cut>, edit: Option<&Edit>) -> process::Life {
        self.workspace = None;
        self.lives += 1;
        let disk = self.disk.as_ref().unwrap();
        let there = edit.filter(|_| cut.is_some_and(|cut| cut.in_that_moment));
        let there = there.and_then(|edit| Some((disk.documents().remove(&edit.document)?.0, edit.line)));
        let cut = cut.map(|cut| cut.step);
        process::serve(&Orders { case: disk.case.clone(), now, life: self.lives, cut, edit: there })
    }

    /// The tasks by the number of their document.
    fn tasks(&self) -> BTreeMap<u32, Task> {
        let reader = self.workspace.as_ref().unwrap().reader();
        let rows = self.rows.of_kind(RowKind::Task);
        let tasks = rows.filter_map(|row| if let Row::Task(task) = row { Some(task.clone()) } else { None });
        let by_number = |task: Task| {
            let text = reader.text(task.document.version.unwrap()).unwrap().unwrap().text;
            assert_eq!(document::describe(&text).hash, task.document.hash);
            (super::document::Text::parse(&text).unwrap().id, task)
        };
        tasks.map(by_number).collect()
    }

    /// Rows and records say what the model says.
    fn agrees_with(&self, model: &Model) {
        assert_eq!(self.rows.of_kind(RowKind::Task).count(), model.tasks.len(), "tasks");
        for task in &model.tasks {
            let row = self.rows.task(task.id).unwrap();
            assert_eq!(row.document.hash, document::describe(&task.row.render()).hash, "{task:?}");
            assert_eq!(row.conflict.is_some(), task.conflict, "{task:?}");
        }
        assert_eq!(self.rows.of_kind(RowKind::Session).count(), model.sessions.len(), "sessions");
        for session in &model.sessions {
            let expected = match session.stage {
                Stage::Starting => Status::Starting,
                Stage::Cancelling => Status::Cancelling,
                Stage::Ran | Stage::Late => Status::Interrupted,
                Stage::Cancelled => Status::Cancelled,
            };
            assert_eq!(self.rows.session(session.id).unwrap().status, expected, "{session:?}");
        }
        let ends = |id: &Mid| self.ends.get(id).copied().unwrap_or_default();
        let jobs: Vec<&Row> = self.rows.of_kind(RowKind::Job).collect();
        assert_eq!(jobs.len(), model.jobs.len(), "{jobs:#?}");
        for job in &model.jobs {
            let state = &self.rows.job(job.id).unwrap_or_else(|| panic!("no {job:?}")).state;
            assert_eq!(*state != JobState::Pending, job.failed, "{state:?} of {job:?}");
            assert_eq!(ends(&job.id), (job.failures, 0), "how {job:?} ended");
        }
        for (id, failures) in &model.settled {
            assert_eq!(ends(id), (*failures, 1), "how {id} ended");
        }
    }
}
