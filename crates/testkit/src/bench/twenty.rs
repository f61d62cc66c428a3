//! Twenty real agent processes at once, on whatever cores there are.

use super::Setup;
use super::figures::{Figure, Limit};
use crate::model_api::ModelApi;
use crate::panel::{Home, Process, processes, wait_for};
use crate::real_agents::{AGENTS, Agent};
use anyhow::{Context as _, Result};
use qd_core::command::{Command, StartSession};
use qd_core::ids::{SessionId, TaskId};
use qd_core::row::{Permission, RowKind, Session, Start};
use qd_core::status::{Kind, Status};
use qd_engine::time::{SystemClock, mint};
use std::fs;
use std::io::{Write as _, stderr};
use std::time::{Duration, Instant};

/// How many.
const COUNT: usize = 20;
/// How long all of them may take.
const WITHIN: Duration = Duration::from_mins(6);
/// How long processes may outlive their sessions: hosts say goodbye.
const VANISHED: Duration = Duration::from_secs(5);

pub(super) fn measure(setup: &Setup) -> Result<Vec<Figure>> {
    let agents: Vec<&Agent> = AGENTS.iter().filter(|agent| agent.is_installed()).collect();
    if agents.is_empty() {
        let _ = writeln!(stderr().lock(), "left out agents.*: none are installed (npm ci --prefix tests/agents)");
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let model = runtime.block_on(ModelApi::bind())?;
    let url = model.url()?;
    runtime.spawn(model.run());
    let home = Home::new(&setup.qd)?;
    fs::create_dir_all(home.data())?;
    let mut configuration = format!("max_sessions = {COUNT}\n");
    for agent in &agents {
        configuration.push_str(&agent.configuration(&home.path(""), &url)?);
        agent.furnish(&home.path(""), &url)?;
    }
    fs::write(home.data().join("config.toml"), configuration)?;
    let texts: Vec<String> = (1..=COUNT).map(|n| format!("tasks/greet-{n}.md")).collect();
    let files: Vec<(&str, &[u8])> = texts.iter().map(|path| (path.as_str(), &b"# Greet\n\n- [ ] one\n"[..])).collect();
    let repository = home.repository("deck", &files)?;
    let panel = home.serve(&[repository.to_str().context("a path that is not UTF-8")?])?;
    let tasks = wait_for("the tasks and the agents", Duration::from_mins(1), || {
        let state = panel.api.state()?;
        let known = agents.iter().all(|agent| state.agents().iter().any(|row| row.name == agent.name && row.found));
        let tasks: Vec<TaskId> = state.of_kind(RowKind::Task).map(|row| TaskId(row.key().id)).collect();
        Ok((known && tasks.len() == COUNT).then_some(tasks))
    })?;
    let began = Instant::now();
    let mut sessions = Vec::new();
    for (task, agent) in tasks.into_iter().zip(agents.iter().cycle()) {
        let id = SessionId(mint(&SystemClock));
        let start = Start {
            agent: Some(agent.name.to_owned()),
            instructions: "[[write]]".to_owned(),
            permission: Some(Permission::Everything),
            ..Start::default()
        };
        panel.api.send(&Command::StartSession(StartSession { id, task, kind: Kind::Implement, start }))?;
        sessions.push(id);
    }
    let ended: Vec<Session> = wait_for("all sessions end", WITHIN, || {
        let state = panel.api.state()?;
        let all: Vec<Session> = sessions.iter().filter_map(|id| state.session(*id).cloned()).collect();
        Ok(all.iter().all(|session| session.status.is_ended()).then_some(all))
    })?;
    let took = began.elapsed().as_secs_f64();
    // The truth of an ending: who says that it is done has written the file.
    let state = panel.api.state()?;
    let is_true = |session: &&Session| {
        let branch = state.task(session.task).and_then(|task| task.branch.as_ref());
        let wrote = branch.is_some_and(|branch| fs::exists(format!("{}/greeting.txt", branch.path)).unwrap_or(false));
        session.status == Status::Completed && wrote
    };
    let untrue = ended.iter().filter(|session| !is_true(session)).count();
    let left = || -> Result<usize> { Ok(processes(&home.path(""))?.iter().filter(|one| is_of_session(one)).count()) };
    let over = Instant::now();
    while left()? > 0 && over.elapsed() < VANISHED {}
    let count = |count: usize| u32::try_from(count).map(f64::from);
    let names: Vec<&str> = agents.iter().map(|agent| agent.name).collect();
    Ok(vec![
        Figure::value(
            "agents.twenty",
            "twenty real agents at once: sessions without a true ending",
            "",
            Limit::Most(0.0),
            count(untrue)?,
        )
        .with_note(&format!("{} in {took:.1} s", names.join(", "))),
        Figure::value("agents.left", "their processes afterwards", "", Limit::Most(0.0), count(left()?)?),
    ])
}

fn is_of_session(process: &Process) -> bool {
    process.mark.is_some() || Process::hosts_somebody(process)
}
