//! What has to stand before an attempt is claimed: the worktree, the document in it, the agent's program and its
//! environment, the prompt. May be repeated; nothing here starts anything.

use super::desk::note_base;
use super::fence::fence;
use super::origin;
use super::talk::in_order;
use crate::engine::Engine;
use crate::host::{FirstMessage, HostSpec, Setup};
use crate::receipts;
use crate::step::{self, Step};
use crate::work::{Ready, ensure_worktree, variables};
use qd_agents::driver::Fork;
use qd_agents::{Protocol, catalogue};
use qd_core::command::ReportSession;
use qd_core::decide::{comes_first, did_not_come};
use qd_core::derive;
use qd_core::ids::{AgentId, Millis, TaskId, prompt_id};
use qd_core::prompt::Prompt;
use qd_core::row::{Adopted, Branch, Message, MessageBody, MessageState, Project, Session, Task, Verdict};
use qd_core::status::Kind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use tokio::time::timeout;

/// How long the file of a new task may take to be written.
const FILE_WITHIN: Duration = Duration::from_secs(10);
/// How long an agent may take until it takes prompts, where its entry says nothing else.
const BOOT_WITHIN: Duration = Duration::from_mins(1);

/// Why an attempt is not ready.
pub(super) enum Unprepared {
    /// It can't be: one sentence that says what to do.
    Refused(String),
    /// The branch could not be recorded; later it may.
    NotStored,
    /// A person cancelled it meanwhile, or the server ends.
    NotWanted,
}

/// Prepares the current attempt of `row`.
pub(super) async fn prepare(engine: &Engine, row: &Session) -> Result<HostSpec, Unprepared> {
    let Program { path: program, args, protocol, like } = program(engine, &row.agent).map_err(Unprepared::Refused)?;
    let (task, path) = task_with_file(engine, row).await?;
    let project = engine.read(|state| state.project(task.project).cloned());
    let project = project.ok_or_else(|| Unprepared::Refused("The project is gone.".to_owned()))?;
    what_comes_first(engine, row).await?;
    let Ready { branch, base } = ensure_worktree(engine, row.id, row.task).await.map_err(Unprepared::Refused)?;
    step::passed(Step::WorktreeReady);
    if let Some(base) = base {
        let unwritten = |error| Unprepared::Refused(format!("The folder of runs can't be written: {error}."));
        note_base(engine, row, base).map_err(unwritten)?;
    }
    if !record(engine, row, &branch).await {
        return Err(Unprepared::NotStored);
    }
    step::passed(Step::WorktreeTold);
    let mut remarks = origin::go_back(engine, row, &branch).await?;
    let fork = match (&row.conversation, &row.adopted) {
        (Some(_), _) => None,
        (None, Some(adopted)) => {
            remarks.push(format!("It goes on with a copy of the conversation “{}”.", adopted.title));
            Some(copy_of(adopted))
        }
        (None, None) => origin::fork(engine, row, Path::new(&branch.path)).await?,
    };
    let boot = like.as_deref().and_then(|name| catalogue::quirks(name, protocol).boot).unwrap_or(BOOT_WITHIN);
    let boot_deadline_ms = u64::try_from(boot.as_millis()).unwrap_or(u64::MAX);
    let (title, version) = engine.read(|state| {
        let agent = state.agent(AgentId::named(&row.agent));
        (agent.map_or_else(|| row.agent.clone(), |a| a.title.clone()), agent.and_then(|a| a.version.clone()))
    });
    Ok(HostSpec {
        session: row.id,
        attempt: row.attempt,
        agent: row.agent.clone(),
        title,
        program,
        args,
        protocol,
        setup: setup(engine, &project, row.task, &branch),
        fence: fence(engine, &row.agent, like.as_deref(), protocol, &branch),
        not_before: loadable(engine, row, like.as_deref(), protocol),
        like,
        version,
        env: environment(engine, &row.agent, &project, &branch),
        cwd: PathBuf::from(&branch.path),
        messages: messages(engine, row, &task, &path, &branch),
        resume: row.conversation.clone(),
        fork,
        remarks,
        moments: origin::moments(engine, row),
        spent: row.spent,
        permission: row.permission,
        model: row.model.clone(),
        boot_deadline_ms,
        limits: engine.config().limits.clone(),
        blobs: engine.config().blobs(),
        linger_ms: 0,
    })
}

/// The end of a conversation from outside of the panel, which stays as it is.
fn copy_of(adopted: &Adopted) -> Fork {
    Fork { conversation: Some(adopted.conversation.clone()), at: None, told: String::new() }
}

/// The task with the path of its file. A task that was just made gets its file within moments.
async fn task_with_file(engine: &Engine, row: &Session) -> Result<(Task, String), Unprepared> {
    let mut head = engine.head();
    let file = async {
        loop {
            head.mark_unchanged();
            let (task, status) =
                engine.read(|state| (state.task(row.task).cloned(), state.session(row.id).map(|s| s.status)));
            if status != Some(row.status) {
                return Err(Unprepared::NotWanted);
            }
            let task = task.ok_or_else(|| Unprepared::Refused("The task is gone.".to_owned()))?;
            if let Some(path) = task.path.clone() {
                return Ok((task, path));
            }
            head.changed().await.map_err(|_| Unprepared::NotWanted)?;
        }
    };
    match engine.inner.shutdown.run_until_cancelled(timeout(FILE_WITHIN, file)).await {
        None => Err(Unprepared::NotWanted),
        Some(Ok(found)) => found,
        Some(Err(_)) => {
            let why = "The task's document has no file yet. The task says why it could not be written.";
            Err(Unprepared::Refused(why.to_owned()))
        }
    }
}

/// Waits until what a session begins with was brought into its worktree.
async fn what_comes_first(engine: &Engine, row: &Session) -> Result<(), Unprepared> {
    let mut head = engine.head();
    let done = async {
        loop {
            head.mark_unchanged();
            let (wanted, waits, failed) = engine.read(|state| {
                let wanted = state.session(row.id).is_some_and(|now| now.status == row.status);
                let failed = state.jobs_of(row.task).find_map(did_not_come);
                (wanted, state.jobs_of(row.task).any(comes_first), failed)
            });
            if !wanted {
                return Err(Unprepared::NotWanted);
            }
            if let Some(why) = failed.filter(|_| row.resolves.is_some()) {
                return Err(Unprepared::Refused(why));
            }
            if !waits {
                return Ok(());
            }
            head.changed().await.map_err(|_| Unprepared::NotWanted)?;
        }
    };
    engine.inner.shutdown.run_until_cancelled(done).await.unwrap_or(Err(Unprepared::NotWanted))
}

/// Records the worktree, where the row does not have it yet.
pub(super) async fn record(engine: &Engine, row: &Session, branch: &Branch) -> bool {
    let known = engine.read(|state| state.task(row.task).and_then(|task| task.branch.clone()));
    if known.as_ref() == Some(branch) {
        return true;
    }
    let report = ReportSession {
        id: row.id,
        attempt: row.attempt,
        status: row.status,
        requests: Vec::new(),
        conversation: None,
        branch: Some(branch.clone()),
    };
    engine.report_session(row, report).await
}

/// What was done to make a worktree ready.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct SetUp {
    worktree: String,
    /// When that was made, in nanoseconds: one that was discarded and brought back is new.
    made: u64,
    command: String,
}

/// The command that makes the worktree ready, where it has not done that yet.
fn setup(engine: &Engine, project: &Project, task: TaskId, branch: &Branch) -> Option<Setup> {
    let command = engine.config().project(&project.path).setup?;
    let name = format!("{task}.setup");
    let made = Path::new(&branch.path).join(".git").metadata().and_then(|meta| meta.modified()).ok()?;
    let made = u64::try_from(made.duration_since(UNIX_EPOCH).ok()?.as_nanos()).ok()?;
    let wanted = SetUp { worktree: branch.path.clone(), made, command: command.clone() };
    if receipts::load::<SetUp>(engine, &name).as_ref() == Some(&wanted) {
        return None;
    }
    let mut env = catalogue::environment("setup", None, &engine.config().env);
    env.extend(variables(engine, project, branch));
    let receipt = serde_json::to_value(wanted).ok()?;
    Some(Setup { command, env, done: receipts::path(engine, &name), receipt })
}

/// The complete environment of an agent. The demo agent keeps its conversations with the rest of the data.
fn environment(engine: &Engine, agent: &str, project: &Project, branch: &Branch) -> BTreeMap<String, String> {
    let config = engine.config();
    let mut env = catalogue::environment(agent, engine.agent_config(agent).as_ref(), &config.env);
    if agent == catalogue::DEMO
        && let Some(home) = config.data_dir.join("demo-agent").to_str()
    {
        env.entry("QD_DEMO_HOME".to_owned()).or_insert_with(|| home.to_owned());
    }
    env.extend(variables(engine, project, branch));
    env
}

/// How an agent is started.
struct Program {
    path: PathBuf,
    args: Vec<String>,
    protocol: Protocol,
    /// The entry of the catalogue whose peculiarities hold.
    like: Option<String>,
}

fn program(engine: &Engine, name: &str) -> Result<Program, String> {
    let around = engine.surroundings();
    if let Some(own) = engine.agent_config(name) {
        let path = around.find(&own.command).ok_or_else(|| not_found(&own.command, ""))?;
        return Ok(Program { path, args: own.args, protocol: own.protocol, like: own.like });
    }
    if name == catalogue::DEMO {
        let args = vec!["demo-agent".to_owned()];
        return Ok(Program { path: around.own_program, args, protocol: Protocol::Acp, like: None });
    }
    let Some(entry) = catalogue::entry(name) else {
        return Err(format!("There is no agent called {name} any more. Start it with another one."));
    };
    match (qd_agents::open_door(entry, &around), entry.doors) {
        (Some((door, path)), _) => {
            let args = door.args.iter().map(|arg| (*arg).to_owned()).collect();
            Ok(Program { path, args, protocol: door.protocol, like: Some(name.to_owned()) })
        }
        (None, [first, ..]) => Err(not_found(first.program, &format!(" Run `{}`.", first.install))),
        (None, []) => Err(not_found(name, "")),
    }
}

fn not_found(program: &str, mend: &str) -> String {
    format!("The program {program} was not found on the PATH.{mend}")
}

/// What a person said who tried the work when it was last kept, where it failed.
fn failed(task: &Task) -> Option<&str> {
    let merged = || derive::merged(task).map(|proposal| &proposal.qa);
    let qa = task.landing.as_ref().map(|landing| &landing.qa).or_else(merged)?;
    (qa.verdict == Verdict::Failed).then_some(qa.note.as_str())
}

/// When the conversation of `row` can be gone on with, where its agent needs some time for that.
fn loadable(engine: &Engine, row: &Session, like: Option<&str>, protocol: Protocol) -> Option<Millis> {
    row.conversation.as_ref()?;
    let after = catalogue::quirks(like?, protocol).load_after?;
    // It began with the last attempt that did not go on with one.
    let began = (1..row.attempt).rev().find_map(|number| {
        let (spec, written) = HostSpec::written(&engine.config().run_dir(row.id, number)).ok()?;
        spec.resume.is_none().then_some(written)
    });
    Some(Millis(began?.0 + u64::try_from(after.as_millis()).ok()?))
}

/// What the agent is told first: a new conversation begins with the prompt, a resumed one with what waits for it.
fn messages(engine: &Engine, row: &Session, task: &Task, path: &str, branch: &Branch) -> Vec<FirstMessage> {
    let mut first = Vec::new();
    // Where an attempt ended before a conversation was opened, the next one begins anew with a prompt of its own.
    if row.conversation.is_none() && row.origin.is_none() {
        let prompt = Prompt {
            kind: row.kind,
            title: &task.title,
            document: path,
            directory: &branch.path,
            branch: Some(&branch.name),
            resolves: row.resolves.as_deref(),
            takes_back: branch.taking_back.is_some(),
            failed: failed(task).filter(|_| row.kind == Kind::Implement && row.resolves.is_none()),
            instructions: &row.instructions,
        };
        first.push(FirstMessage { id: prompt_id(row.id, row.attempt), text: prompt.render(), images: Vec::new() });
    }
    if row.attempt > 1 || row.origin.is_some() {
        let queued = engine.read(|state| {
            let queued = |m: &&Message| m.state == MessageState::Queued;
            state.messages_of(row.id).filter(queued).cloned().collect::<Vec<_>>()
        });
        first.extend(in_order(queued).into_iter().filter_map(|m| match m.body {
            MessageBody::Prompt { text, images, .. } => Some(FirstMessage { id: m.id, text, images }),
            // They were meant for the attempt before.
            MessageBody::Answer { .. } | MessageBody::Choose { .. } | MessageBody::Interrupt => None,
        }));
    }
    first
}
