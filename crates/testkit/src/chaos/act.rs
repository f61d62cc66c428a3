//! What people do meanwhile. Each act is a mutation that is sent until its outcome is known, by a thread of its own, so
//! that kills meet it on its way.

use super::AGENT;
use super::witness::Witness;
use crate::panel::Api;
use crate::random::Random;
use anyhow::{Result, ensure};
use qd_core::command::{AnswerRequest, Command, CreateTask, OnSession, SendMessage, StartSession};
use qd_core::ids::{MessageId, Mid, ProjectId, SessionId, TaskId};
use qd_core::op::Outcome;
use qd_core::row::{Row, RowKind, Session, Start};
use qd_core::state::State;
use qd_core::status::{Kind, Status};
use qd_engine::time::{SystemClock, mint};
use qd_wire::Mutation;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// How long everything may take to end once it is cancelled.
const END_WITHIN: Duration = Duration::from_mins(1);

/// What sessions are told to do, beside their work.
const SCENARIOS: [&str; 10] =
    ["quick", "quick", "flood 3000", "hang", "fork", "ignore-cancel", "ask", "crash", "no-permission", ""];

type Settled = (Mutation, Result<Outcome>);

/// Acts on their way.
pub(super) struct Acts {
    api: Api,
    prompts: PathBuf,
    sender: Sender<Settled>,
    settled: Receiver<Settled>,
    threads: Vec<JoinHandle<()>>,
    lost: Vec<String>,
}

fn sessions(state: &State) -> impl Iterator<Item = &Session> {
    state.of_kind(RowKind::Session).filter_map(|row| if let Row::Session(session) = row { Some(session) } else { None })
}

impl Acts {
    pub(super) fn new(api: Api, prompts: PathBuf) -> Self {
        let (sender, settled) = channel();
        Self { api, prompts, sender, settled, threads: Vec::new(), lost: Vec::new() }
    }

    /// Starts some sessions and meddles with those there are; the new ones.
    pub(super) fn go_on(&mut self, state: &State, random: &mut Random) -> Vec<SessionId> {
        for session in sessions(state) {
            self.meddle(session, random);
        }
        if random.below(3) == 0
            && let Some(Row::Project(project)) = state.of_kind(RowKind::Project).next()
        {
            self.create(project.id, random);
        }
        let tasks: Vec<TaskId> = state.of_kind(RowKind::Task).map(|row| TaskId(row.key().id)).collect();
        let mut started = Vec::new();
        for _ in 0..=random.below(3) {
            let drawn = tasks.get(usize::try_from(random.below(tasks.len() as u64)).unwrap_or(0));
            let busy = |task: &TaskId| state.sessions_of(*task).any(|session| session.status.is_active());
            // Now and then one that is busy: that is refused.
            if let Some(task) = drawn.filter(|task| !busy(task) || random.below(4) == 0) {
                started.push(self.start(*task, random));
            }
        }
        started
    }

    fn start(&mut self, task: TaskId, random: &mut Random) -> SessionId {
        let id = SessionId(mint(&SystemClock));
        let scenario = SCENARIOS.get(usize::try_from(random.below(SCENARIOS.len() as u64)).unwrap_or(0)).unwrap_or(&"");
        let instructions = format!("[[demo: append-id {}]] [[demo: {scenario}]]", self.prompts.display());
        let start = Start { agent: Some(AGENT.to_owned()), instructions, ..Start::default() };
        self.send(&Command::StartSession(StartSession { id, task, kind: Kind::Implement, start }));
        id
    }

    fn create(&mut self, project: ProjectId, random: &mut Random) {
        let id = TaskId(mint(&SystemClock));
        self.send(&Command::CreateTask(CreateTask {
            id,
            project,
            text: format!("Another task {}", random.below(1000)),
        }));
    }

    fn meddle(&mut self, session: &Session, random: &mut Random) {
        let id = || MessageId(mint(&SystemClock));
        if let Some(request) = session.requests.first().filter(|_| random.below(3) > 0) {
            let drawn = usize::try_from(random.below(request.options.len() as u64)).unwrap_or(0);
            if let Some(option) = request.options.get(drawn) {
                let (request, option) = (request.id, option.id.clone());
                self.send(&Command::AnswerRequest(AnswerRequest::new(id(), session.id, request, option)));
            }
        } else if random.below(5) == 0 {
            let text = "[[demo: quick]] And then?".to_owned();
            self.send(&Command::SendMessage(SendMessage::new(id(), session.id, text)));
        } else if session.status.is_active() && random.below(5) == 0 {
            self.send(&Command::CancelSession(OnSession { id: session.id }));
        }
    }

    /// Sends a command by a thread of its own.
    pub(super) fn send(&mut self, command: &Command) {
        let mutation = Mutation::new(Mid(mint(&SystemClock)), command);
        let (api, sender) = (self.api.clone(), self.sender.clone());
        self.threads.push(std::thread::spawn(move || {
            let outcome = api.settle(&mutation);
            let _ = sender.send((mutation, outcome));
        }));
    }

    /// Takes over what was settled.
    pub(super) fn collect(&mut self, witness: &mut Witness) {
        while let Ok((mutation, outcome)) = self.settled.try_recv() {
            match outcome {
                Ok(outcome) => witness.settled(mutation, outcome),
                Err(error) => self.lost.push(format!("{}: {error:#}", mutation.name)),
            }
        }
    }

    /// Waits until everything that was sent is settled.
    pub(super) fn finish(&mut self, witness: &mut Witness) -> Result<()> {
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.collect(witness);
        ensure!(self.lost.is_empty(), "a mutation was never settled: {:?}", self.lost);
        Ok(())
    }

    /// Cancels what runs until nothing does.
    pub(super) fn end_all(&mut self, witness: &mut Witness) -> Result<()> {
        let begun = Instant::now();
        loop {
            let state = self.api.state()?;
            let active: Vec<&Session> = sessions(&state).filter(|session| session.status.is_active()).collect();
            if active.is_empty() {
                return Ok(());
            }
            ensure!(begun.elapsed() < END_WITHIN, "sessions do not end: {active:?}");
            for session in active.iter().filter(|session| session.status != Status::Cancelling) {
                self.send(&Command::CancelSession(OnSession { id: session.id }));
            }
            self.finish(witness)?;
            sleep(Duration::from_millis(100));
        }
    }
}
