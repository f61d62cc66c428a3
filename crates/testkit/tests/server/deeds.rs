//! What a person sends, and what must come of each by the model.

use super::document::Text;
use super::model::{Desk, Job, Model, Sent, Stage, Task, Verdict, What};
use qd_core::command::{Command, CreateTask, KeepWork, OnJob, OnSession, OnTask, SaveDocument, StartSession};
use qd_core::ids::{Mid, Millis, SessionId, TaskId};
use qd_core::op::RejectCode;
use qd_core::row::Start;
use qd_core::status::Kind;
use qd_testkit::model::report::PROJECT;

/// Few titles, so that files want the same name.
const TITLES: [&str; 3] = ["Write it down", "Mend the door", "Do"];

/// How a mutation hangs on another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    After,
    Requires,
}

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Create,
    CreateTaken,
    Start,
    StartTaken,
    Cancel,
    Delete,
    Save,
    SaveBoth,
    Resolve,
    Keep,
    UndoKeep,
    Discard,
    UndoDiscard,
    Retry,
    Drop,
    /// What only the server may do.
    Forbidden,
    /// A name that there is not.
    Unknown,
    /// It was clicked too long before it came.
    TooLate,
    /// Its id is older than outcomes are kept.
    Expired,
    /// Its id is of the day after tomorrow.
    Ahead,
}

pub const DEEDS: [Deed; 20] = [
    Deed::Create,
    Deed::CreateTaken,
    Deed::Start,
    Deed::StartTaken,
    Deed::Cancel,
    Deed::Delete,
    Deed::Save,
    Deed::SaveBoth,
    Deed::Resolve,
    Deed::Keep,
    Deed::UndoKeep,
    Deed::Discard,
    Deed::UndoDiscard,
    Deed::Retry,
    Deed::Drop,
    Deed::Forbidden,
    Deed::Unknown,
    Deed::TooLate,
    Deed::Expired,
    Deed::Ahead,
];

/// What is sent, and what must come of it.
#[derive(Clone, Debug)]
pub struct Act {
    pub label: String,
    pub mid: Mid,
    pub body: Body,
    pub tie: Option<(Tie, Mid)>,
    /// By its own clock this old, where at most a minute is allowed.
    pub age: Option<u64>,
    pub expect: Expect,
}

#[derive(Clone, Debug)]
pub enum Body {
    New(Box<Command>),
    /// A name without a meaning.
    Nonsense,
    /// As it was sent before.
    Again,
    /// As it was sent before, with other arguments.
    Altered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// One new record.
    Record(Verdict),
    /// The outcome that is stored, and no record.
    Stored(Verdict),
    /// A refusal that leaves nothing behind.
    Refusal(RejectCode),
    /// It is to come again.
    TooEarly,
}

impl Act {
    pub fn of(label: &str, mid: Mid, body: Body, expect: Expect) -> Self {
        Self { label: label.to_owned(), mid, body, tie: None, age: None, expect }
    }
}

/// A new task that is made after something, or not at all.
pub fn tied(model: &mut Model, tie: (Tie, Mid), falls: Option<RejectCode>) -> Act {
    let verdict = falls.map_or(Ok(()), Err);
    let (mid, command) = create(model, verdict.is_ok());
    let label = format!("{:?} {verdict:?}", tie.0);
    Act { tie: Some(tie), ..recorded(model, &label, mid, Body::New(Box::new(command)), verdict) }
}

fn recorded(model: &mut Model, label: &str, mid: Mid, body: Body, verdict: Verdict) -> Act {
    model.sent.push(Sent { mid, verdict, at: model.now, kept: true });
    Act::of(label, mid, body, Expect::Record(verdict))
}

fn create(model: &mut Model, done: bool) -> (Mid, Command) {
    let (id, mid) = (TaskId(model.id(model.now)), Mid(model.id(model.now)));
    let number = model.number();
    let text = Text::new(TITLES[number as usize % TITLES.len()], number);
    let command = Command::CreateTask(CreateTask { id, project: PROJECT, text: text.render() });
    if done {
        model.asked(mid, model.tasks.len(), What::Create { text: text.clone() });
        model.tasks.push(Task { id, row: text, file: None, conflict: false, desk: Desk::None, landings: Vec::new() });
    }
    (mid, command)
}

/// What a deed comes to; none where the model can't say, or where there is nothing to do it to.
pub fn act(model: &mut Model, deed: Deed, on: usize) -> Option<Act> {
    let refused = |model: &mut Model, at: Millis, code| {
        let id = TaskId(model.id(model.now));
        let command = Command::CreateTask(CreateTask { id, project: PROJECT, text: "No".to_owned() });
        Some(Act::of(&format!("{deed:?}"), Mid(model.id(at)), Body::New(Box::new(command)), Expect::Refusal(code)))
    };
    match deed {
        Deed::Expired => return refused(model, model.long_ago(), RejectCode::MutationExpired),
        Deed::Ahead => return refused(model, model.far_ahead(), RejectCode::Clock),
        _ => {}
    }
    let mid = Mid(model.id(model.now));
    let mut age = None;
    let (mid, body, verdict) = match deed {
        Deed::Create => {
            let (mid, command) = create(model, true);
            (mid, Body::New(Box::new(command)), Ok(()))
        }
        Deed::Unknown => (mid, Body::Nonsense, Err(RejectCode::Invalid)),
        Deed::Start | Deed::StartTaken | Deed::TooLate | Deed::Cancel | Deed::Delete => {
            age = (deed == Deed::TooLate).then_some(61_000);
            let (command, verdict) = on_session(model, deed, on)?;
            (mid, Body::New(Box::new(command)), verdict)
        }
        Deed::Retry | Deed::Drop => {
            let (command, verdict) = on_job(model, deed, on)?;
            (mid, Body::New(Box::new(command)), verdict)
        }
        _ => {
            let (command, verdict) = on_task(model, deed, on, mid)?;
            (mid, Body::New(Box::new(command)), verdict)
        }
    };
    Some(Act { age, ..recorded(model, &format!("{deed:?} {verdict:?}"), mid, body, verdict) })
}

fn on_session(model: &mut Model, deed: Deed, on: usize) -> Option<(Command, Verdict)> {
    let session = (!model.sessions.is_empty()).then(|| on % model.sessions.len().max(1));
    if matches!(deed, Deed::Cancel | Deed::Delete) {
        let at = session?;
        let known = &mut model.sessions[at];
        let target = OnSession { id: known.id };
        if deed == Deed::Cancel {
            if known.stage == Stage::Starting {
                known.stage = Stage::Cancelling;
            }
            return Some((Command::CancelSession(target), Ok(())));
        }
        if known.is_active() {
            return Some((Command::DeleteSession(target), Err(RejectCode::NotAllowed)));
        }
        model.sessions.remove(at);
        return Some((Command::DeleteSession(target), Ok(())));
    }
    let task = (!model.tasks.is_empty()).then(|| on % model.tasks.len().max(1))?;
    let fresh = SessionId(model.id(model.now));
    let (id, verdict) = match deed {
        Deed::StartTaken => (model.sessions[session?].id, Err(RejectCode::IdTaken)),
        Deed::TooLate => (fresh, Err(RejectCode::TooLate)),
        // Where main is moving it has no one place to begin from.
        _ if !model.main_is_at_rest() => return None,
        _ => (fresh, model.start(task)),
    };
    if verdict.is_ok() {
        model.started(id, task);
    }
    let task = model.tasks[task].id;
    let start = StartSession { id, task, kind: Kind::Implement, start: Start::default() };
    Some((Command::StartSession(start), verdict))
}

fn on_job(model: &mut Model, deed: Deed, on: usize) -> Option<(Command, Verdict)> {
    let all: Vec<Mid> = model.jobs.iter().map(|j| j.id).chain(model.settled.iter().map(|(id, _)| *id)).collect();
    let id = *all.get(on % all.len().max(1))?;
    let known = model.jobs.iter().position(|j| j.id == id);
    let at_rest = model.main_is_at_rest();
    let verdict = match known.map(|at| &mut model.jobs[at]) {
        None => Err(RejectCode::NotFound),
        Some(job) if deed == Deed::Retry => {
            if job.failed && !at_rest {
                return None;
            }
            job.failed = false;
            Ok(())
        }
        Some(Job { failed: false, .. }) => Err(RejectCode::NotAllowed),
        Some(job) => {
            let dropped = (job.id, job.failures);
            model.settled.push(dropped);
            model.jobs.retain(|j| j.id != id);
            Ok(())
        }
    };
    let target = OnJob { id };
    Some((if deed == Deed::Retry { Command::RetryJob(target) } else { Command::DropJob(target) }, verdict))
}

fn on_task(model: &mut Model, deed: Deed, on: usize, mid: Mid) -> Option<(Command, Verdict)> {
    let at = (!model.tasks.is_empty()).then(|| on % model.tasks.len().max(1))?;
    let task = model.tasks[at].clone();
    let target = OnTask { id: task.id };
    let stands = matches!(task.desk, Desk::Stands(_));
    let save = |text: &Text| SaveDocument { id: task.id, base: None, text: text.render() };
    let mut text = task.row.clone();
    let (command, verdict, what) = match deed {
        Deed::CreateTaken => {
            let again = CreateTask { id: task.id, project: PROJECT, text: "Once more".to_owned() };
            return Some((Command::CreateTask(again), Err(RejectCode::IdTaken)));
        }
        Deed::Forbidden => return Some((Command::ObserveGone(target), Err(RejectCode::Forbidden))),
        Deed::Save | Deed::SaveBoth => {
            let number = model.number();
            if deed == Deed::Save {
                text.panel.push(number);
            } else {
                text.both = number;
            }
            let verdict = if task.conflict { Err(RejectCode::NotAllowed) } else { Ok(()) };
            (Command::SaveDocument(save(&text)), verdict, What::Save { base: task.row.clone(), text })
        }
        Deed::Resolve => {
            text.both = model.number();
            let verdict = if task.conflict { Ok(()) } else { Err(RejectCode::NotAllowed) };
            (Command::ResolveConflict(save(&text)), verdict, What::Resolve { text })
        }
        Deed::Keep => {
            // What has no work of its own may or may not differ from main.
            if !model.main_is_at_rest() || matches!(&task.desk, Desk::Stands(work) if work.own.is_empty()) {
                return None;
            }
            let keep = KeepWork::squash(task.id, "Keep it");
            (Command::KeepWork(keep), model.ask(at, stands), What::Keep)
        }
        Deed::UndoKeep if !model.main_is_at_rest() => return None,
        Deed::UndoKeep => (Command::UndoKeep(target), model.ask(at, !task.landings.is_empty()), What::UndoKeep),
        Deed::Discard => (Command::DiscardWork(target), model.ask(at, stands), What::Discard),
        _ => {
            let discarded = matches!(task.desk, Desk::Discarded(_));
            (Command::UndoDiscard(target), model.ask(at, discarded), What::UndoDiscard)
        }
    };
    if verdict.is_ok() {
        let row = &mut model.tasks[at];
        match &what {
            What::Save { text, .. } => row.row = text.clone(),
            What::Resolve { text } => (row.row, row.conflict) = (text.clone(), false),
            _ => {}
        }
        model.asked(mid, at, what);
    }
    Some((command, verdict))
}
