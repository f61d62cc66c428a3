//! An agent that the panel installed itself, by npm from its lock file, at work.

use super::stage::{ENDS, STARTS};
use qd_core::command::{Command, StartSession};
use qd_core::ids::SessionId;
use qd_core::row::{Install, Permission, Row, RowKind, Start};
use qd_core::status::{Kind, Status};
use qd_engine::time::{SystemClock, mint};
use qd_testkit::model_api::ModelApi;
use qd_testkit::panel::{Home, built_qd, wait_for};

/// Copilot: the smallest of them that is a native program.
pub fn copilot() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let model = runtime.block_on(ModelApi::bind()).unwrap();
    let url = format!("{}/v1", model.url().unwrap());
    runtime.spawn(model.run());
    let home = Home::new(&built_qd().unwrap()).unwrap();
    let deck = home.repository("deck", &[("tasks/greet.md", b"# Greet\n\n- [ ] one\n")]).unwrap();
    let mut serve = home.qd(&["serve", "--no-open", "--port", "0", deck.to_str().unwrap()]);
    serve.envs([
        ("COPILOT_OFFLINE", "true"),
        ("COPILOT_PROVIDER_BASE_URL", &url),
        ("COPILOT_PROVIDER_TYPE", "openai"),
        ("COPILOT_PROVIDER_API_KEY", "dummy"),
        ("COPILOT_MODEL", "mock-model"),
    ]);
    // What npm fetched once for this machine's tests is not fetched again.
    let own = || std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(".npm").into_os_string());
    let cache = std::env::var_os("npm_config_cache").or_else(own);
    serve.envs(cache.map(|cache| ("npm_config_cache", cache)));
    let panel = home.start(serve).unwrap();
    let api = &panel.api;
    let installed = home.run(&["agents", "install", "copilot"]).unwrap();
    assert_eq!(installed.code, Some(0), "{}", installed.stderr);
    let state = api.state().unwrap();
    let agent = state.agents().into_iter().find(|agent| agent.name == "copilot").unwrap().clone();
    assert!(agent.found && matches!(agent.install, Install::Done { .. }), "{agent:?}");
    assert_eq!(agent.version.as_deref(), Some("1.0.102"));
    let task = wait_for("the task is known", ENDS, || {
        let state = api.state()?;
        let mut tasks =
            state.of_kind(RowKind::Task).filter_map(|row| if let Row::Task(t) = row { Some(t) } else { None });
        Ok(tasks.next().cloned())
    });
    let id = SessionId(mint(&SystemClock));
    let start = Start {
        agent: Some("copilot".to_owned()),
        instructions: "[[write]]".to_owned(),
        permission: Some(Permission::Everything),
        ..Start::default()
    };
    let start = StartSession { id, task: task.unwrap().id, kind: Kind::Implement, start };
    assert!(api.send(&Command::StartSession(start)).unwrap().ok);
    let ended = wait_for("the session ends", STARTS, || {
        Ok(api.state()?.session(id).filter(|session| session.status.is_ended()).cloned())
    });
    let ended = ended.unwrap();
    assert_eq!(ended.status, Status::Completed, "{:?}", ended.ending);
}
