//! The plain model of the server: what was sent and what must have come of it, tasks with their documents, sessions,
//! jobs, the main branch. No log, no rows, no store.

use super::document::Text;
use qd_core::ids::{Mid, Millis, SessionId, TaskId, v7};
use qd_core::op::RejectCode;
use std::collections::BTreeSet;
use uuid::Uuid;

const BEGIN: Millis = Millis(1_763_800_000_000);
const DAY: u64 = 24 * 60 * 60 * 1000;
/// For how long outcomes are kept.
const KEPT: u64 = 31 * DAY;
/// For how long ids are taken.
const TAKEN: u64 = 30 * DAY;
/// For how long a start may wait for a server.
const START_WITHIN: u64 = 120_000;

/// Accepted, or refused with a code.
pub type Verdict = Result<(), RejectCode>;

/// A mutation that has an outcome.
#[derive(Clone, Debug)]
pub struct Sent {
    pub mid: Mid,
    pub verdict: Verdict,
    pub at: Millis,
    /// Whether its outcome is still kept.
    pub kept: bool,
}

#[derive(Clone, Debug)]
pub struct Task {
    pub id: TaskId,
    /// As the rows have it.
    pub row: Text,
    /// As the file has it.
    pub file: Option<Text>,
    pub conflict: bool,
    pub desk: Desk,
    /// The commits on main that its work was kept as and that stand, the latest last.
    pub landings: Vec<u32>,
}

/// The worktree of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desk {
    None,
    Stands(Work),
    Discarded(Work),
}

/// What lies in a worktree.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Work {
    /// All work files in it.
    pub files: BTreeSet<u32>,
    /// Those that were made in it.
    pub own: BTreeSet<u32>,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub task: usize,
    pub stage: Stage,
    since: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Starting,
    Cancelling,
    /// Its process was started, and ended without a word.
    Ran,
    /// It was not started in time.
    Late,
    /// It was cancelled before it was started.
    Cancelled,
}

#[derive(Clone, Debug)]
pub struct Job {
    pub id: Mid,
    pub task: usize,
    pub what: What,
    pub failed: bool,
    /// How often it failed.
    pub failures: u32,
}

#[derive(Clone, Debug)]
pub enum What {
    Create { text: Text },
    Save { base: Text, text: Text },
    Resolve { text: Text },
    Keep,
    UndoKeep,
    Discard,
    UndoDiscard,
}

#[derive(Clone, Debug)]
pub struct Commit {
    pub id: u32,
    /// The work files in it.
    pub files: BTreeSet<u32>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Model {
    pub now: Millis,
    drawn: u64,
    numbers: u32,
    pub sent: Vec<Sent>,
    pub tasks: Vec<Task>,
    pub sessions: Vec<Session>,
    pub jobs: Vec<Job>,
    /// Jobs that are done or given up, with how often they failed before.
    pub settled: Vec<(Mid, u32)>,
    pub main: Vec<Commit>,
}

impl Model {
    pub fn new() -> Self {
        Self {
            now: BEGIN,
            drawn: 0,
            numbers: 0,
            sent: Vec::new(),
            tasks: Vec::new(),
            sessions: Vec::new(),
            jobs: Vec::new(),
            settled: Vec::new(),
            main: vec![Commit { id: 0, files: BTreeSet::new() }],
        }
    }

    /// A new id that was minted at `at`.
    pub fn id(&mut self, at: Millis) -> Uuid {
        self.drawn += 1;
        let mut bytes = [0; 10];
        bytes[2..].copy_from_slice(&self.drawn.to_be_bytes());
        v7(at, bytes)
    }

    pub fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    pub fn long_ago(&self) -> Millis {
        Millis(self.now.0 - TAKEN - DAY / 2)
    }

    pub fn far_ahead(&self) -> Millis {
        Millis(self.now.0 + 2 * DAY)
    }

    pub fn is_busy(&self, task: usize) -> bool {
        self.sessions.iter().any(|s| s.task == task && s.is_active())
    }

    /// Whether something waits for a server that does it.
    pub fn has_to_do(&self) -> bool {
        self.jobs.iter().any(|j| !j.failed) || self.sessions.iter().any(Session::is_active)
    }

    /// The jobs that move the work of a task.
    fn moves(&self, task: usize) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |j| j.task == task && !j.writes())
    }

    /// Whether something may move main, or begins where main is: two of those at once have no one order.
    pub fn main_is_at_rest(&self) -> bool {
        let moving = |j: &Job| !j.failed && matches!(j.what, What::Keep | What::UndoKeep);
        let beginning = |s: &Session| s.stage == Stage::Starting && !matches!(self.tasks[s.task].desk, Desk::Stands(_));
        !self.jobs.iter().any(moving) && !self.sessions.iter().any(beginning)
    }

    /// Whether an editor may change the document of a task without making it ambiguous what must come of it.
    pub fn is_editable(&self, task: usize) -> bool {
        let resolving = |j: &Job| j.task == task && matches!(j.what, What::Resolve { .. });
        !self.tasks[task].conflict && !self.jobs.iter().any(resolving)
    }

    /// What a start must come to.
    pub fn start(&self, task: usize) -> Verdict {
        if self.moves(task).any(|j| !j.failed) {
            return Err(RejectCode::NotAllowed);
        }
        if self.is_busy(task) { Err(RejectCode::TaskBusy) } else { Ok(()) }
    }

    pub fn started(&mut self, id: SessionId, task: usize) {
        self.sessions.push(Session { id, task, stage: Stage::Starting, since: self.now });
    }

    /// What asking for a job on the work of a task must come to, where `fits` says whether there is something for it.
    pub fn ask(&self, task: usize, fits: bool) -> Verdict {
        if self.is_busy(task) {
            return Err(RejectCode::TaskBusy);
        }
        if self.moves(task).next().is_some() || !fits { Err(RejectCode::NotAllowed) } else { Ok(()) }
    }

    pub fn asked(&mut self, id: Mid, task: usize, what: What) {
        self.jobs.push(Job { id, task, what, failed: false, failures: 0 });
    }

    /// What a repeat of `sent[at]` must come to.
    pub fn repeat(&self, at: usize) -> Verdict {
        let sent = &self.sent[at];
        if sent.kept { sent.verdict } else { Err(RejectCode::MutationExpired) }
    }

    /// Outcomes that are old enough go.
    pub fn collected(&mut self) {
        for sent in &mut self.sent {
            sent.kept &= self.now.since(sent.at) < KEPT;
        }
    }

    /// A month passes, and two days.
    pub fn a_month_later(&mut self) {
        self.now.0 += 32 * DAY;
    }

    /// A server does all there is to do. However often it dies meanwhile, this is what must come of it.
    pub fn served(&mut self) {
        self.sessions_served();
        for mut job in std::mem::take(&mut self.jobs) {
            if job.failed {
                self.jobs.push(job);
            } else if self.does(job.task, &job.what) {
                self.settled.push((job.id, job.failures));
            } else {
                (job.failed, job.failures) = (true, job.failures + 1);
                self.jobs.push(job);
            }
        }
        for task in &mut self.tasks {
            if let Some(file) = &task.file {
                task.row = file.clone();
            }
        }
    }

    fn sessions_served(&mut self) {
        let now = self.now;
        for session in &mut self.sessions {
            session.stage = match session.stage {
                Stage::Starting if now.since(session.since) > START_WITHIN => Stage::Late,
                Stage::Starting => {
                    let desk = &mut self.tasks[session.task].desk;
                    if !matches!(desk, Desk::Stands(_)) {
                        let files = self.main.last().map(|commit| commit.files.clone()).unwrap_or_default();
                        *desk = Desk::Stands(Work { files, own: BTreeSet::new() });
                    }
                    Stage::Ran
                }
                Stage::Cancelling => Stage::Cancelled,
                ended => ended,
            };
        }
    }

    /// Does a job; false where it must fail.
    fn does(&mut self, task: usize, what: &What) -> bool {
        let number = self.number();
        let task = &mut self.tasks[task];
        match what {
            What::Create { text } | What::Resolve { text } => task.file = Some(text.clone()),
            What::Save { base, text } => {
                let theirs = task.file.get_or_insert_with(|| base.clone());
                match Text::merge(base, theirs, text) {
                    Some(merged) => *theirs = merged,
                    None => task.conflict = true,
                }
            }
            What::Keep => return kept(task, &mut self.main, number),
            What::UndoKeep => {
                let tip = self.main.last().map(|commit| commit.id);
                if task.landings.last().copied() != tip {
                    return false;
                }
                self.main.pop();
                task.landings.pop();
            }
            What::Discard => {
                if let Desk::Stands(work) = task.desk.clone() {
                    task.desk = Desk::Discarded(work);
                }
            }
            What::UndoDiscard => {
                if let Desk::Discarded(work) = task.desk.clone() {
                    task.desk = Desk::Stands(work);
                }
            }
        }
        true
    }
}

fn kept(task: &mut Task, main: &mut Vec<Commit>, id: u32) -> bool {
    let (Desk::Stands(work), Some(tip)) = (&task.desk, main.last()) else { return false };
    if work.files.is_subset(&tip.files) {
        return false;
    }
    let files = tip.files.union(&work.files).copied().collect();
    main.push(Commit { id, files });
    task.landings.push(id);
    true
}

impl What {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Save { .. } => "save",
            Self::Resolve { .. } => "resolve",
            Self::Keep => "keep",
            Self::UndoKeep => "undo keep",
            Self::Discard => "discard",
            Self::UndoDiscard => "undo discard",
        }
    }
}

impl Session {
    pub fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Cancelling)
    }
}

impl Job {
    pub fn writes(&self) -> bool {
        matches!(self.what, What::Create { .. } | What::Save { .. } | What::Resolve { .. })
    }
}
