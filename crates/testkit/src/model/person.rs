//! What persons do, in a tab or by the command line: chosen from what is shown.

use super::step::Kind;
use super::violation::Violated;
use super::world::{Clicked, Post, World};
use qd_client::Event;
use qd_core::command::{
    AnswerRequest, Command, CommitWork, CreateTask, KeepWork, OnJob, OnSession, OnTask, ProposeWork, RenameTask,
    SaveDocument, SendComments, SendMessage, SetDefaultAgent, StartSession, UpdateWork,
};
use qd_core::ids::{MessageId, Mid, SessionId, TaskId, v7};
use qd_core::row::{Row, RowKind, Session, Start, Task};
use qd_core::state::State;
use qd_core::status::Kind as Work;
use uuid::Uuid;

const WORKS: [Work; 4] = [Work::Implement, Work::Plan, Work::Review, Work::Verify];

fn chosen<T>(mut all: Vec<T>, n: u16) -> Option<T> {
    let count = all.len();
    (count > 0).then(|| all.swap_remove(usize::from(n) % count))
}

fn tasks(state: &State) -> Vec<&Task> {
    state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(t) = row { Some(t) } else { None }).collect()
}

fn sessions(state: &State, wanted: impl Fn(&Session) -> bool) -> Vec<&Session> {
    let all = state.of_kind(RowKind::Session).filter_map(|row| if let Row::Session(s) = row { Some(s) } else { None });
    all.filter(|s| wanted(s)).collect()
}

/// The commands of one act, in order. `mint` gives new ids; `base` the version that an edit of a task is made from.
fn commands(
    kind: Kind,
    state: &State,
    (a, b): (u16, u16),
    mint: &mut dyn FnMut() -> Uuid,
    base: &dyn Fn(&Task) -> Option<Mid>,
) -> Option<Vec<Command>> {
    let task = || chosen(tasks(state), a);
    let on_task = |pick: fn(OnTask) -> Command| task().map(|t| vec![pick(OnTask { id: t.id })]);
    let on_session = |wanted: fn(&Session) -> bool, pick: fn(OnSession) -> Command| {
        chosen(sessions(state, wanted), a).map(|s| vec![pick(OnSession { id: s.id })])
    };
    let start = |id: Uuid, task: TaskId, agent: Option<&str>| {
        let start = Start { agent: agent.map(str::to_owned), ..Start::default() };
        Command::StartSession(StartSession {
            id: SessionId(id),
            task,
            kind: WORKS[usize::from(b) % WORKS.len()],
            start,
        })
    };
    let text = format!("# Title {b}\n\n- [ ] one\n- [x] {a}\n");
    match kind {
        Kind::Create | Kind::CreateStart => {
            let project = state.of_kind(RowKind::Project).next()?.key().id.into();
            let id = TaskId(mint());
            let mut all = vec![Command::CreateTask(CreateTask { id, project, text: format!("New {a}\nmore {b}") })];
            if kind == Kind::CreateStart {
                all.push(start(mint(), id, None));
            }
            Some(all)
        }
        Kind::Start => task().map(|t| vec![start(mint(), t.id, None)]),
        Kind::StartTwice => task().map(|t| vec![start(mint(), t.id, None), start(mint(), t.id, None)]),
        Kind::StartCancel => task().map(|t| {
            let id = mint();
            vec![start(id, t.id, None), Command::CancelSession(OnSession { id: SessionId(id) })]
        }),
        Kind::StartAbsent => task().map(|t| vec![start(mint(), t.id, Some("absent"))]),
        Kind::StartTaken => {
            let taken = chosen(sessions(state, |s| s.ver > 0), b)?.id;
            task().map(|t| vec![start(taken.0, t.id, None)])
        }
        Kind::Cancel => on_session(|s| s.status.is_active(), Command::CancelSession),
        Kind::Seen => on_session(|s| s.status.is_ended() && !s.seen, Command::MarkSeen),
        Kind::Delete => on_session(|s| s.status.is_ended(), Command::DeleteSession),
        Kind::Save => task().map(|t| vec![Command::SaveDocument(SaveDocument { id: t.id, base: base(t), text })]),
        Kind::Rename => task().map(|t| {
            vec![Command::RenameTask(RenameTask { id: t.id, title: format!("Title {b}"), base: base(t), text })]
        }),
        Kind::Resolve => {
            let conflicted = chosen(tasks(state).into_iter().filter(|t| t.conflict.is_some()).collect(), a)?;
            Some(vec![Command::ResolveConflict(SaveDocument { id: conflicted.id, base: base(conflicted), text })])
        }
        Kind::Message => chosen(sessions(state, |_| true), a)
            .map(|s| vec![Command::SendMessage(SendMessage::new(MessageId(mint()), s.id, format!("go on {b}")))]),
        Kind::Answer => chosen(sessions(state, |s| !s.requests.is_empty()), a).and_then(|s| {
            let request = s.requests.first()?;
            let option = request.options.get(usize::from(b) % request.options.len().max(1))?.id.clone();
            let answer = AnswerRequest::new(MessageId(mint()), s.id, request.id, option);
            Some(vec![Command::AnswerRequest(answer)])
        }),
        Kind::Keep => task().map(|t| {
            vec![match b % 8 {
                5 => {
                    Command::CommitWork(CommitWork { id: t.id, message: String::new(), files: None, hunks: Vec::new() })
                }
                6 => Command::TryWork(OnTask { id: t.id }),
                7 => Command::UpdateWork(Box::new(UpdateWork {
                    id: t.id,
                    session: Some(SessionId(mint())),
                    start: Start::default(),
                })),
                3 if b / 8 % 4 == 1 => Command::TakeBack(Box::new(UpdateWork {
                    id: t.id,
                    session: (b / 32 % 2 == 1).then(|| SessionId(mint())),
                    start: Start::default(),
                })),
                0 if b / 8 % 4 == 1 => Command::ProposeWork(ProposeWork { id: t.id, message: String::new() }),
                1 if b / 8 % 4 == 1 => Command::LookAtProposal(OnTask { id: t.id }),
                2 if b / 8 % 4 == 1 => Command::SendRemarks(Box::new(SendComments {
                    task: t.id,
                    session: SessionId(mint()),
                    message: MessageId(mint()),
                    note: String::new(),
                    start: Start::default(),
                })),
                _ => Command::KeepWork(KeepWork::squash(t.id, "")),
            }]
        }),
        Kind::UndoKeep => on_task(Command::UndoKeep),
        Kind::Discard => on_task(Command::DiscardWork),
        Kind::UndoDiscard => on_task(Command::UndoDiscard),
        Kind::RetryJob | Kind::DropJob => {
            let job = chosen(state.of_kind(RowKind::Job).collect(), a)?.key().id;
            let on = OnJob { id: Mid(job) };
            Some(vec![if kind == Kind::RetryJob { Command::RetryJob(on) } else { Command::DropJob(on) }])
        }
        Kind::SetAgent => {
            let agent = ["demo", "other", "absent"].get(usize::from(b) % 4).map(|name| (*name).to_owned());
            Some(vec![Command::SetDefaultAgent(SetDefaultAgent { agent })])
        }
        _ => None,
    }
}

impl World {
    /// A person acts in a tab. Says whether there was anything to act on.
    pub fn act(&mut self, kind: Kind, a: u16, b: u16) -> Violated<bool> {
        let at = usize::from(b) % self.tabs.len();
        let now = self.browser_now();
        match kind {
            Kind::SaveChain => {
                let mut any = false;
                for round in 0..3 {
                    any |= self.act_once(at, Kind::Save, (a, b.wrapping_add(round)))?;
                }
                Ok(any)
            }
            Kind::Retry | Kind::Dismiss => {
                let notices = self.tabs[at].client.notices();
                let Some(id) = chosen(notices.iter().map(|n| n.id).collect(), a) else { return Ok(false) };
                let event = if kind == Kind::Retry { Event::Retry { id, now } } else { Event::Dismiss { id, now } };
                self.tell(at, event)?;
                Ok(true)
            }
            _ => self.act_once(at, kind, (a, b)),
        }
    }

    fn act_once(&mut self, at: usize, kind: Kind, numbers: (u16, u16)) -> Violated<bool> {
        let now = self.browser_now();
        let mut random = self.random.clone();
        let mut mint = || {
            let mut bytes = [0; 10];
            bytes.copy_from_slice(&random.bytes()[..10]);
            v7(now, bytes)
        };
        let client = &self.tabs[at].client;
        // As the page does: what was typed last is edited, saved or not.
        let base = |task: &Task| client.document(task.id).map(|d| d.version).or(task.document.version);
        let Some(all) = commands(kind, client.visible(), numbers, &mut mint, &base) else { return Ok(false) };
        self.random = random;
        let page = self.tabs[at].page;
        for command in all {
            let Some(at) = self.tab_of(page) else { break };
            self.tell(at, Event::Act { command, now })?;
        }
        Ok(true)
    }

    /// A person acts by the command line, on what the server has.
    pub fn act_by_cli(&mut self, a: u16, b: u16) -> bool {
        const KINDS: [Kind; 9] = [
            Kind::Start,
            Kind::Save,
            Kind::Cancel,
            Kind::Message,
            Kind::Create,
            Kind::StartTaken,
            Kind::Delete,
            Kind::Rename,
            Kind::StartAbsent,
        ];
        let now = self.server_now();
        let mut random = self.random.clone();
        let mut mint = || {
            let mut bytes = [0; 10];
            bytes.copy_from_slice(&random.bytes()[..10]);
            v7(now, bytes)
        };
        let kind = KINDS[usize::from(a) % KINDS.len()];
        let Some(all) = commands(kind, self.server.state(), (b, a), &mut mint, &|t| t.document.version) else {
            return false;
        };
        let mids: Vec<Mid> = all.iter().map(|_| Mid(mint())).collect();
        self.random = random;
        for (mid, command) in mids.into_iter().zip(&all) {
            let body = self.cli.begin(mid, command);
            self.clicked.insert(mid, Clicked { command: command.clone(), requires: None });
            self.posts.push(Post { page: None, mid, body });
        }
        true
    }
}
