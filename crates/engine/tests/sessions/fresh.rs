//! New worktrees: made ahead, made ready by the project's own command, with ports of their own.

use super::stage::{Server, Stage, processes};
use qd_core::command::{Command, CreateTask, OnTask};
use qd_core::event::{Ending, EventBody, ToolContent, ToolKind, ToolStatus, ToolUpdate};
use qd_core::ids::{SessionId, TaskId};
use qd_core::status::Kind;
use std::fs;
use std::path::PathBuf;

async fn staged(setup: &str) -> Stage {
    let mut stage = Stage::new().await;
    stage.setup = Some(setup.to_owned());
    stage
}

fn worktree(server: &Server) -> PathBuf {
    PathBuf::from(server.task().branch.unwrap().path)
}

/// What an attempt shows of its set-up, in order.
fn shown(server: &Server, id: SessionId, attempt: u32) -> Vec<ToolUpdate> {
    let events = server.events(id, attempt).into_iter();
    let of_setup = |body| if let EventBody::Tool(tool) = body { Some(tool) } else { None };
    events.filter_map(|event| of_setup(event.body)).filter(|tool| tool.id == "quarterdeck-set-up").collect()
}

async fn completed(server: &Server) -> SessionId {
    let id = server.start(Kind::Implement, "[[demo: no-permission]]").await;
    assert_eq!(server.until_end(id).await.1, Ending::Completed);
    id
}

#[tokio::test]
async fn the_set_up_runs_once_in_each_worktree_before_the_agent() {
    let stage = staged("echo ready >> set-up.log; echo to both; echo of them >&2").await;
    let server = stage.server().await;
    let id = completed(&server).await;
    let shown_first = shown(&server, id, 1);
    let (first, last) = (shown_first.first().unwrap(), shown_first.last().unwrap());
    assert_eq!((first.tool, first.status), (Some(ToolKind::Execute), Some(ToolStatus::Running)));
    assert!(first.title.as_ref().unwrap().starts_with("Set up: echo ready"), "{first:?}");
    assert_eq!(last.status, Some(ToolStatus::Completed));
    assert!(last.title.as_ref().unwrap().ends_with(" s)"), "{last:?}");
    let printed = ToolContent::Terminal { output: "to both\nof them\n".to_owned(), exit: Some(0) };
    assert_eq!(last.content, Some(vec![printed]));
    let events = server.events(id, 1);
    let at = |wanted: fn(&EventBody) -> bool| events.iter().position(|event| wanted(&event.body)).unwrap();
    let begun = at(|body| matches!(body, EventBody::Prompt { .. }));
    assert!(at(|body| matches!(body, EventBody::Tool(tool) if tool.status == Some(ToolStatus::Completed))) < begun);
    let again = completed(&server).await;
    assert_eq!(shown(&server, again, 1), []);
    assert_eq!(fs::read_to_string(worktree(&server).join("set-up.log")).unwrap(), "ready\n");
    // What git ignores does not come back with a worktree.
    let task = server.task().id;
    for command in [Command::DiscardWork(OnTask { id: task }), Command::UndoDiscard(OnTask { id: task })] {
        assert!(server.act(&command).await.ok, "{command:?}");
        server.until("the job's end", |state| state.jobs_of(task).next().is_none().then_some(())).await;
    }
    let third = completed(&server).await;
    assert_eq!(shown(&server, third, 1).last().unwrap().status, Some(ToolStatus::Completed));
    assert_eq!(fs::read_to_string(worktree(&server).join("set-up.log")).unwrap(), "ready\nready\n");
}

#[tokio::test]
async fn a_set_up_that_fails_says_why_and_is_tried_again() {
    let stage = staged("test -f ../../allowed || { setsid sleep 600 & echo no such tool; exit 3; }").await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: no-permission]]").await;
    let Ending::Failed { reason, .. } = server.until_end(id).await.1 else { panic!("it went on") };
    assert!(reason.starts_with("The set-up `test -f") && reason.ends_with("ended with 3.\nno such tool"), "{reason}");
    assert_eq!(server.prompts(id, 1), []);
    assert_eq!(processes(id, 1), []);
    fs::write(stage.path("data/allowed"), "").unwrap();
    server.send(id, "Again.").await;
    server
        .until("a second attempt", |state| state.session(id).filter(|s| s.attempt == 2 && s.status.is_ended()).cloned())
        .await;
    assert_eq!(server.session(id).ending, Some(Ending::Completed));
    assert_eq!(shown(&server, id, 2).last().unwrap().status, Some(ToolStatus::Completed));
}

#[tokio::test]
async fn a_set_up_is_cancelled_with_all_that_it_started() {
    let stage = staged("sleep 600 & setsid sleep 600 & echo begun; sleep 600").await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    server.until_line(id, "Set up: sleep").await;
    until(|| server.output(id, 1).contains("begun\\n")).await;
    server.cancel(id).await;
    assert_eq!(server.until_end(id).await.1, Ending::Cancelled);
    assert_eq!(processes(id, 1), []);
    assert_eq!(shown(&server, id, 1).last().unwrap().status, Some(ToolStatus::Failed));
}

#[tokio::test]
async fn each_worktree_has_ports_of_its_own() {
    let stage = staged("echo $QD_FIRST_PORT $PORT > ports").await;
    let server = stage.server().await;
    completed(&server).await;
    let first = server.task().branch.unwrap().port.unwrap();
    assert_eq!(fs::read_to_string(worktree(&server).join("ports")).unwrap(), format!("{first} {first}\n"));
    let other = other_task(&server, &stage).await;
    let second = server.engine.read(|state| state.task(other)?.branch.clone()).unwrap().port.unwrap();
    assert_ne!(first, second);
    assert_eq!((first % 10, second % 10), (0, 0));
}

/// A second task with a session that has ended.
async fn other_task(server: &Server, stage: &Stage) -> TaskId {
    let id = TaskId(stage.mint());
    let project = server.task().project;
    let create = CreateTask { id, project, text: "# Another\n".to_owned() };
    assert!(server.act(&Command::CreateTask(create)).await.ok);
    let mut start = server.start_of(Kind::Implement, "[[demo: no-permission]]");
    start.task = id;
    let session = start.id;
    assert!(server.act(&Command::StartSession(start)).await.ok);
    assert_eq!(server.until_end(session).await.1, Ending::Completed);
    id
}

#[tokio::test]
async fn a_worktree_that_was_made_ahead_is_taken_and_the_next_one_made() {
    let mut stage = Stage::new().await;
    stage.ahead = true;
    let server = stage.server().await;
    completed(&server).await;
    let project = server.task().project;
    let spare = stage.path("data/spares").join(project.to_string());
    until_there(&spare).await;
    let known = inode(&spare.join("README.md"));
    let other = other_task(&server, &stage).await;
    let branch = server.engine.read(|state| state.task(other)?.branch.clone()).unwrap();
    assert_eq!(inode(&PathBuf::from(&branch.path).join("README.md")), known, "it is the one that was made ahead");
    assert!(branch.changed.unwrap().files >= 1);
    until_there(&spare).await;
    assert_ne!(inode(&spare.join("README.md")), known, "and the next one stands there");
    server.close().await;

    // Who does not want them any more has none.
    stage.ahead = false;
    let server = stage.server().await;
    until_gone(&spare).await;
    assert!(server.act(&Command::DiscardWork(OnTask { id: other })).await.ok);
}

#[tokio::test]
async fn a_worktree_is_opened_as_configured_and_what_lies_beside_it_is_listed() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    completed(&server).await;
    let (task, path) = (server.task().id, worktree(&server));
    server.engine.open_worktree(task, "Editor").await.unwrap();
    let opened = PathBuf::from(fs::read_to_string(stage.path("data/opened")).unwrap().trim());
    assert_eq!(opened, path.canonicalize().unwrap());
    let said = async |with| server.engine.open_worktree(task, with).await.unwrap_err().to_string();
    assert_eq!(said("Broken").await, "`echo no screen >&2; exit 3` could not open it: it ended with 3. no screen");
    assert!(said("Web").await.contains("browser"));
    assert!(said("Nothing").await.contains("[open]"));

    fs::create_dir_all(stage.path("data/worktrees/left/over")).unwrap();
    fs::create_dir_all(stage.path("data/spares/one")).unwrap();
    let listed = server.engine.worktrees().await;
    assert_eq!(listed.worktrees.iter().map(|row| row.path.clone()).collect::<Vec<_>>(), [path.display().to_string()]);
    let others: Vec<_> = listed.others.iter().map(|other| (PathBuf::from(&other.path), other.ahead)).collect();
    let data = stage.path("data");
    assert_eq!(others, [(data.join("worktrees/left"), false), (data.join("spares/one"), true)]);
    let openers: Vec<_> = listed.openers.iter().map(|o| (o.name.as_str(), o.address.as_deref())).collect();
    assert_eq!(openers, [("Broken", None), ("Editor", None), ("Web", Some("editor://open{path}"))]);
}

async fn until_there(spare: &std::path::Path) {
    until(|| spare.join("README.md").exists()).await;
}

async fn until_gone(spare: &std::path::Path) {
    until(|| !spare.exists()).await;
}

async fn until(mut is: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is() {
        assert!(began.elapsed() < super::stage::LIMIT, "waited in vain");
        tokio::task::yield_now().await;
    }
}

fn inode(path: &std::path::Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).unwrap().ino()
}
