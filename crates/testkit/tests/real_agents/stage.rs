//! A panel with one agent, one task and the scripted model.

use qd_core::command::{AnswerRequest, Command, OnSession, RetryFrom, SendMessage, StartSession};
use qd_core::event::{Event, EventBody, OptionEffect, Request};
use qd_core::ids::{MessageId, SessionId};
use qd_core::row::{Adopted, Files, Permission, Row, RowKind, Session, Start, Task};
use qd_core::status::Kind;
use qd_engine::time::{SystemClock, mint};
use qd_proc::{Identity, Scope, Signal, reap_adopted, set_child_subreaper};
use qd_testkit::model_api::ModelApi;
use qd_testkit::panel::{Home, Panel, Process, built_qd, finish, processes, wait_for};
use qd_wire::OutsideConversation;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_util::task::AbortOnDropHandle;

use qd_testkit::real_agents::Agent;

/// How long a cold start of a program of 400 MB may take.
pub const STARTS: Duration = Duration::from_mins(1);
/// How long an ending may take.
pub const ENDS: Duration = Duration::from_secs(20);
/// Every task.
const DOCUMENT: &[u8] = b"# Greet\n\n- [ ] one\n";
/// How long a host may outlive its session: it says goodbye to its servers.
const VANISHES: Duration = Duration::from_secs(5);

pub struct Stage {
    pub home: Home,
    pub panel: Option<Panel>,
    /// Of the sessions that are started without naming one.
    agent: &'static str,
    tasks: Vec<Task>,
    pub repository: PathBuf,
    model: String,
    _model: AbortOnDropHandle<std::io::Result<()>>,
    _runtime: Runtime,
}

impl Stage {
    pub fn new(agent: &Agent) -> Self {
        Self::with(&[agent], 1)
    }

    /// A panel with these agents in one home, so many tasks, and a place for a session of each task.
    pub fn with(agents: &[&Agent], tasks: usize) -> Self {
        // Orphans come here, whatever groups and sessions they made and whatever is in their environment.
        set_child_subreaper().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let model = runtime.block_on(ModelApi::bind()).unwrap();
        let url = model.url().unwrap();
        let model = AbortOnDropHandle::new(runtime.handle().spawn(model.run()));
        let home = Home::new(&built_qd().unwrap()).unwrap();
        std::fs::create_dir_all(home.data()).unwrap();
        // Some agents retry for minutes without a word.
        let limits = "[limits]\nsilence_minutes = 1\n";
        let mut configuration = format!("max_sessions = {tasks}\n{limits}");
        for agent in agents {
            configuration.push_str(&agent.configuration(&home.path(""), &url).unwrap());
            agent.furnish(&home.path(""), &url).unwrap();
        }
        std::fs::write(home.data().join("config.toml"), configuration).unwrap();
        let documents: Vec<_> = (1..=tasks).map(|n| format!("tasks/greet-{n}.md")).collect();
        let files: Vec<(&str, &[u8])> = documents.iter().map(|path| (path.as_str(), DOCUMENT)).collect();
        let repository = home.repository("deck", &files).unwrap();
        let panel = home.serve(&[repository.to_str().unwrap()]).unwrap();
        let known = wait_for("the tasks and the agents are known", STARTS, || {
            let state = panel.api.state()?;
            let known = state.of_kind(RowKind::Task).filter_map(|row| match row {
                Row::Task(task) => Some(task.clone()),
                _ => None,
            });
            let known: Vec<_> = known.collect();
            Ok((known.len() == tasks && !state.agents().is_empty()).then_some(known))
        });
        let (tasks, agent) = (known.unwrap(), agents[0].name);
        Self { home, panel: Some(panel), agent, tasks, repository, model: url, _model: model, _runtime: runtime }
    }

    pub fn api(&self) -> &qd_testkit::panel::Api {
        &self.panel.as_ref().unwrap().api
    }

    /// The same data under a new server.
    pub fn serve_again(&mut self) {
        self.panel = Some(self.home.serve(&[self.repository.to_str().unwrap()]).unwrap());
    }

    /// Starts a session that asks before everything.
    pub fn start(&self, script: &str) -> SessionId {
        self.start_with(script, Permission::Ask, Kind::Implement)
    }

    pub fn start_with(&self, script: &str, permission: Permission, kind: Kind) -> SessionId {
        self.start_on(&self.tasks[0], self.agent, script, permission, kind)
    }

    /// Starts a session of each of these agents in turn, until each task has one.
    pub fn start_everywhere(&self, agents: &[&Agent], script: &str) -> Vec<SessionId> {
        let pairs = self.tasks.iter().zip(agents.iter().cycle());
        pairs.map(|(task, agent)| self.start_on(task, agent.name, script, Permission::Ask, Kind::Implement)).collect()
    }

    fn start_on(&self, task: &Task, agent: &str, script: &str, permission: Permission, kind: Kind) -> SessionId {
        let (agent, instructions) = (Some(agent.to_owned()), format!("[[{script}]]"));
        self.begin(task, kind, Start { agent, instructions, permission: Some(permission), ..Start::default() })
    }

    /// Goes on with a conversation that the agent had without the panel.
    pub fn adopt(&self, adopted: Adopted, script: &str) -> SessionId {
        let (agent, instructions) = (Some(self.agent.to_owned()), format!("[[{script}]]"));
        let start = Start { agent, instructions, adopted: Some(adopted), ..Start::default() };
        self.begin(&self.tasks[0], Kind::Implement, start)
    }

    /// What a person asks the agent without the panel; the conversations of the project that the panel then lists. None
    /// where they are not found.
    pub fn asked_alone(&self, agent: &Agent, prompt: &str) -> Option<Vec<OutsideConversation>> {
        let command = agent.asked_alone(&self.home, &self.model, &self.repository, prompt)?;
        let asked = finish(command).unwrap();
        assert_eq!(asked.code, Some(0), "{}\n{}", asked.stdout, asked.stderr);
        let listed = self.api().get(&format!("/api/v1/projects/{}/outside", self.tasks[0].project)).unwrap();
        Some(serde_json::from_value(listed.json()).unwrap())
    }

    fn begin(&self, task: &Task, kind: Kind, start: Start) -> SessionId {
        let id = SessionId(mint(&SystemClock));
        let command = Command::StartSession(StartSession { id, task: task.id, kind, start });
        let outcome = self.api().send(&command).unwrap();
        assert!(outcome.ok, "{outcome:?}");
        id
    }

    pub fn cancel(&self, id: SessionId) {
        assert!(self.api().send(&Command::CancelSession(OnSession { id })).unwrap().ok);
    }

    pub fn say(&self, id: SessionId, text: &str) {
        let message = SendMessage::new(MessageId(mint(&SystemClock)), id, text);
        assert!(self.api().send(&Command::SendMessage(message)).unwrap().ok);
    }

    /// Says something else in the place of a message: in a new session.
    pub fn retry(&self, session: SessionId, message: MessageId, text: &str) -> SessionId {
        let id = SessionId(mint(&SystemClock));
        let command = RetryFrom {
            id,
            prompt: MessageId(mint(&SystemClock)),
            session,
            message: Some(message),
            text: text.to_owned(),
            images: Vec::new(),
            files: Files::Back,
        };
        let outcome = self.api().send(&Command::RetryFrom(Box::new(command))).unwrap();
        assert!(outcome.ok, "{outcome:?}");
        id
    }

    /// What was sent to a session, in order.
    pub fn prompts(&self, id: SessionId) -> Vec<MessageId> {
        let sent = |body| if let EventBody::Prompt { message, .. } = body { Some(message) } else { None };
        self.events(id).into_iter().filter_map(sent).collect()
    }

    pub fn until(&self, id: SessionId, limit: Duration, meant: impl Fn(&Session) -> bool) -> Session {
        let mut last = None;
        let found = wait_for("the session is as meant", limit, || {
            last = self.api().state()?.session(id).cloned();
            Ok(last.clone().filter(&meant))
        });
        found.unwrap_or_else(|error| panic!("{}: {error:#}\n{last:#?}\n{}", self.agent, self.output(id)))
    }

    /// Answers whatever is asked until the session has ended.
    pub fn drive(&self, id: SessionId, effect: OptionEffect) -> Session {
        self.drive_all(&[id], effect, STARTS * 2).remove(0)
    }

    /// Answers whatever is asked until all these sessions have ended.
    pub fn drive_all(&self, ids: &[SessionId], effect: OptionEffect, limit: Duration) -> Vec<Session> {
        let (mut answered, mut last) = (BTreeSet::new(), Vec::new());
        let ended = wait_for("the sessions end", limit, || {
            let state = self.api().state()?;
            last = ids.iter().filter_map(|id| state.session(*id).cloned()).collect();
            for session in &last {
                for request in session.requests.iter().filter(|request| answered.insert(request.id)) {
                    self.answer(session.id, request, effect);
                }
            }
            Ok(last.iter().all(|session| session.status.is_ended()).then_some(()))
        });
        ended.unwrap_or_else(|error| {
            let open: Vec<_> = last.iter().filter(|session| !session.status.is_ended()).collect();
            let told: Vec<_> = open.iter().map(|session| self.output(session.id)).collect();
            panic!("{error:#}\n{open:#?}\n{}", told.join("\n"))
        });
        last
    }

    pub fn answer(&self, id: SessionId, request: &Request, effect: OptionEffect) {
        let option = request.options.iter().find(|option| option.effect == effect).unwrap();
        let answer = AnswerRequest::new(MessageId(mint(&SystemClock)), id, request.id, option.id.clone());
        // It may have been withdrawn in between.
        self.api().send(&Command::AnswerRequest(answer)).unwrap();
    }

    pub fn output(&self, id: SessionId) -> String {
        String::from_utf8_lossy(&self.api().output(id).unwrap().unwrap_or_default()).into_owned()
    }

    pub fn events(&self, id: SessionId) -> Vec<EventBody> {
        let output = self.output(id);
        output.lines().filter_map(|line| Some(serde_json::from_str::<Event>(line).ok()?.body)).collect()
    }

    /// What the agent said, put together of its deltas.
    pub fn said(&self, id: SessionId) -> String {
        let said = |body| if let EventBody::Text { text } = body { Some(text) } else { None };
        self.events(id).into_iter().filter_map(said).collect()
    }

    pub fn waits_for_words(&self, id: SessionId, words: &str) {
        wait_for("it speaks", STARTS, || Ok(self.said(id).contains(words).then_some(())))
            .unwrap_or_else(|error| panic!("{}: {error:#}\n{}", self.agent, self.output(id)));
    }

    /// The work of the task.
    pub fn worktree(&self) -> PathBuf {
        let state = self.api().state().unwrap();
        state.task(self.tasks[0].id).unwrap().branch.as_ref().unwrap().path.clone().into()
    }

    /// What runs of the session: whoever carries its mark, whatever group or session it made.
    pub fn running(&self) -> Vec<Process> {
        let all = processes(&self.home.path("")).unwrap();
        all.into_iter().filter(|process| process.mark.is_some()).collect()
    }

    /// Waits until nobody is left but the server.
    pub fn is_clean(&self) {
        is_clean(&[self.panel.as_ref().unwrap().identity]);
    }

    /// A session whose tool runs until somebody ends it.
    pub fn in_a_tool(&self) -> SessionId {
        let id = self.start("sleep");
        loop {
            let runs = || self.running().iter().any(|process| process.arguments.contains("tail -f /dev/null"));
            let asked = wait_for("the tool runs", STARTS, || {
                let session = self.api().state()?.session(id).cloned();
                let session = session.filter(|session| !session.requests.is_empty() || session.status.is_ended());
                Ok(session.map(Some).or_else(|| runs().then_some(None)))
            });
            match asked.unwrap_or_else(|error| panic!("{}: {error:#}\n{}", self.agent, self.output(id))) {
                None => return id,
                Some(session) => {
                    assert!(!session.status.is_ended(), "{}: {session:#?}\n{}", self.agent, self.output(id));
                    self.answer(id, &session.requests[0], OptionEffect::AllowOnce);
                }
            }
        }
    }
}

fn below() -> Scope {
    Scope::nobody().with_descendants_of(std::process::id())
}

/// What a failed case left behind is no matter of the next one.
pub fn sweep() {
    below().signal(Signal::Kill).unwrap();
}

/// Waits until the kernel shows nobody below this process but these servers, which are alive.
pub fn is_clean(servers: &[Identity]) {
    let others = servers.iter().copied().fold(below(), Scope::sparing);
    let left = wait_for("nobody is left", VANISHES, || {
        // The servers live, so their exit is not taken from whoever waits for it.
        reap_adopted()?;
        Ok(others.members()?.is_empty().then_some(()))
    });
    left.unwrap_or_else(|error| {
        let told = |process: Identity| {
            let argv = std::fs::read(format!("/proc/{}/cmdline", process.pid)).unwrap_or_default();
            format!("{} {}", process.pid, String::from_utf8_lossy(&argv).replace('\0', " "))
        };
        let left: Vec<_> = others.members().unwrap_or_default().into_iter().map(told).collect();
        panic!("{error:#}:\n{}", left.join("\n"))
    });
}
