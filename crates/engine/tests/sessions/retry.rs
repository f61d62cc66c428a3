//! Going on from an earlier message: the worktree goes back, nothing of it is lost, and the agent knows what was said.

use super::stage::{LIMIT, Server, Stage};
use qd_core::command::{Command, OnSession, RetryFrom};
use qd_core::event::{Ending, EventBody};
use qd_core::ids::{MessageId, Millis, SessionId, prompt_id};
use qd_core::op::RejectCode;
use qd_core::row::{Adopted, Files};
use qd_core::status::{Kind, Status};
use qd_engine::step::{self, Step};
use qd_proc::{Run, Spawn};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

fn retry(stage: &Stage, session: SessionId, message: Option<MessageId>, text: &str) -> RetryFrom {
    RetryFrom {
        id: SessionId(stage.mint()),
        prompt: MessageId(stage.mint()),
        session,
        message,
        text: text.to_owned(),
        images: Vec::new(),
        files: if message.is_some() { Files::Back } else { Files::Stay },
    }
}

async fn retried(server: &Server, command: RetryFrom) -> SessionId {
    let id = command.id;
    let outcome = server.act(&Command::RetryFrom(Box::new(command))).await;
    assert!(outcome.ok, "{outcome:?}");
    id
}

async fn git(stage: &Stage, args: &[&str]) -> String {
    let spawn = Spawn::new("git").args(args).env("PATH", std::env::var_os("PATH").unwrap()).cwd(stage.project());
    let output = Run::new(spawn, LIMIT).output().await.unwrap();
    output.stdout.text().trim().to_owned()
}

fn worktree(server: &Server) -> PathBuf {
    PathBuf::from(server.task().branch.unwrap().path)
}

/// What the demo agent remembers of the conversation of a session.
fn told(stage: &Stage, server: &Server, id: SessionId) -> Vec<String> {
    let conversation = server.session(id).conversation.unwrap();
    let file = fs::read(stage.path("demo").join(format!("{conversation}.json"))).unwrap();
    let remembered: serde_json::Value = serde_json::from_slice(&file).unwrap();
    remembered["prompts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn notes(server: &Server, id: SessionId) -> String {
    let events = server.events(id, 1).into_iter();
    let notes = events.filter_map(|event| if let EventBody::Note { text } = event.body { Some(text) } else { None });
    notes.collect::<Vec<_>>().join("\n")
}

/// A session of two turns, and what was in the worktree before the second.
async fn two_turns(server: &Server) -> (SessionId, MessageId) {
    let id = server.start(Kind::Implement, "[[demo: quick]] FIRST").await;
    server.until_end(id).await;
    fs::write(worktree(server).join("before.txt"), "before\n").unwrap();
    let second = server.send(id, "[[demo: quick]] SECOND").await;
    server.until_end(id).await;
    fs::write(worktree(server).join("before.txt"), "after\n").unwrap();
    fs::write(worktree(server).join("later.txt"), "later\n").unwrap();
    (id, second)
}

#[tokio::test]
async fn a_retry_takes_the_worktree_back_keeps_what_was_there_and_tells_the_agent_what_was_said() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let (old, second) = two_turns(&server).await;
    let (row, output) = (server.session(old), server.output(old, 2));

    let new = retried(&server, retry(&stage, old, Some(second), "[[demo: quick]] RATHER THIS")).await;
    let (session, ending) = server.until_end(new).await;
    assert_eq!(ending, Ending::Completed, "{}", notes(&server, new));
    server.check_output(&session);
    assert_eq!(fs::read_to_string(worktree(&server).join("before.txt")).unwrap(), "before\n");
    assert!(!worktree(&server).join("later.txt").exists());
    let kept = format!("refs/quarterdeck/kept/{old}/{new}");
    assert_eq!(git(&stage, &["show", &format!("{kept}:later.txt")]).await, "later");
    assert_eq!(git(&stage, &["show", &format!("{kept}:before.txt")]).await, "after");
    assert!(notes(&server, new).contains(&kept));

    let prompts = told(&stage, &server, new);
    assert_eq!(prompts.len(), 1);
    let (first, then) = (prompts[0].find("FIRST").unwrap(), prompts[0].find("RATHER THIS").unwrap());
    assert!(first < then && !prompts[0].contains("SECOND"), "{}", prompts[0]);
    let shown = server.events(new, 1).into_iter().find_map(|event| match event.body {
        EventBody::Prompt { text, .. } => Some(text),
        _ => None,
    });
    assert_eq!(shown.unwrap(), "[[demo: quick]] RATHER THIS", "the transcript shows what the person wrote");
    assert_eq!(server.session(old), row, "the old session stays untouched");
    assert_eq!(server.output(old, 2), output);
}

#[tokio::test]
async fn a_retry_of_the_first_message_begins_as_if_nothing_had_been_said() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let (old, _) = two_turns(&server).await;
    let new = retried(&server, retry(&stage, old, Some(prompt_id(old, 1)), "[[demo: quick]] ANEW")).await;
    server.until_end(new).await;
    assert!(!worktree(&server).join("before.txt").exists());
    assert_eq!(told(&stage, &server, new), ["[[demo: quick]] ANEW"]);

    // And a retry of a retry knows what both were told.
    fs::write(worktree(&server).join("third.txt"), "3\n").unwrap();
    let further = retried(&server, retry(&stage, new, None, "[[demo: quick]] FURTHER")).await;
    server.until_end(further).await;
    assert!(worktree(&server).join("third.txt").exists(), "without a message the files stay");
    let prompts = told(&stage, &server, further);
    assert!(prompts[0].contains("ANEW") && prompts[0].contains("FURTHER"), "{prompts:?}");
}

/// Waits until one is there in the place of the other.
async fn compressed(plain: &Path, packed: &Path) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    let seen = async {
        while plain.exists() || !packed.exists() {
            looks.tick().await;
        }
    };
    timeout(LIMIT, seen).await.unwrap();
}

#[tokio::test]
async fn output_that_is_over_is_compressed_and_gone_on_from_all_the_same() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let old = server.start(Kind::Implement, &format!("[[demo: quick]] FIRST {}", "word ".repeat(2_000))).await;
    let (row, _) = server.until_end(old).await;
    let [plain, packed] = ["output.jsonl", "output.jsonl.zst"].map(|name| server.run_dir(old, 1).join(name));
    compressed(&plain, &packed).await;
    server.check_output(&row);
    let new = retried(&server, retry(&stage, old, None, "[[demo: quick]] FURTHER")).await;
    server.until_end(new).await;
    let prompts = told(&stage, &server, new);
    assert!(prompts[0].contains("FIRST word") && prompts[0].contains("FURTHER"), "{prompts:?}");
    let output = server.output(old, 1);
    server.close().await;

    // What was left plain when the server ended is compressed when it starts.
    fs::write(&plain, output).unwrap();
    fs::remove_file(&packed).unwrap();
    let server = stage.server().await;
    compressed(&plain, &packed).await;
    server.check_output(&row);
}

#[tokio::test]
async fn a_conversation_from_elsewhere_is_never_begun_anew_in_silence() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let mut start = server.start_of(Kind::Implement, "[[demo: quick]]");
    let adopted = |id: &str| Adopted { conversation: id.to_owned(), title: "Paint it".to_owned(), used: Millis(1) };
    for id in ["", "--help", "../../etc", "a b"] {
        start.start.adopted = Some(adopted(id));
        let outcome = server.act(&Command::StartSession(start.clone())).await;
        assert_eq!(outcome.err.unwrap().code, RejectCode::Invalid, "{id:?}");
    }
    start.start.adopted = Some(adopted("0199-aa_B"));
    let outcome = server.act(&Command::StartSession(start.clone())).await;
    assert!(outcome.ok, "{outcome:?}");
    let (_, ending) = server.until_end(start.id).await;
    let Ending::Failed { reason, .. } = ending else { panic!("{ending:?}") };
    assert!(reason.contains("can't go on with a conversation that it had elsewhere"), "{reason}");
    assert_eq!(server.prompts(start.id, 1), [], "nothing was said to it");
}

#[tokio::test]
async fn what_can_not_go_back_says_so_on_its_card_and_changes_nothing() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let (old, second) = two_turns(&server).await;
    let reference = format!("refs/quarterdeck/turns/{old}/{second}");
    git(&stage, &["update-ref", "-d", &reference]).await;
    let new = retried(&server, retry(&stage, old, Some(second), "[[demo: quick]]")).await;
    let (_, ending) = server.until_end(new).await;
    let Ending::Failed { reason, .. } = ending else { panic!("{ending:?}") };
    assert!(reason.contains("not saved before that message"), "{reason}");
    assert!(worktree(&server).join("later.txt").exists());
}

#[tokio::test]
async fn a_session_that_runs_is_not_gone_back_and_what_was_saved_goes_with_its_card() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: hang]]").await;
    server.until_status(id, Status::Running).await;
    let outcome = server.act(&Command::RetryFrom(Box::new(retry(&stage, id, Some(prompt_id(id, 1)), "x")))).await;
    assert_eq!(outcome.err.unwrap().code, RejectCode::NotAllowed);
    server.cancel(id).await;
    server.until_end(id).await;
    let prefix = format!("refs/quarterdeck/turns/{id}");
    assert_ne!(git(&stage, &["for-each-ref", &prefix]).await, "");
    assert!(server.act(&Command::DeleteSession(OnSession { id })).await.ok);
    let gone = async { while !git(&stage, &["for-each-ref", &prefix]).await.is_empty() {} };
    timeout(LIMIT, gone).await.unwrap();
}

/// Where the server of the next test finds its stage, and at which step it dies.
const STAGE: &str = "QD_TEST_STAGE";
const AT: &str = "QD_TEST_STEP";

/// Retries the second message of the session that there is, and dies at a step.
#[tokio::test]
#[ignore = "the process that another test lets die"]
async fn a_server_to_die_while_it_goes_back() {
    let stage = Stage::at(std::env::var_os(STAGE).unwrap().into());
    let at = std::env::var_os(AT).unwrap().into_string().unwrap();
    step::watch(move |step| {
        if format!("{step:?}") == at {
            // As by kill -9: nothing is told, nothing is put away.
            let _ = qd_proc::Identity::own().map(|own| own.signal(qd_proc::Signal::Kill));
        }
    });
    let server = stage.server().await;
    let task = server.task().id;
    let old = server.engine.read(|state| state.sessions_of(task).next().map(|s| s.id)).unwrap();
    let second = server.engine.read(|state| state.messages_of(old).next().map(|m| m.id)).unwrap();
    retried(&server, retry(&stage, old, Some(second), "[[demo: quick]] RATHER THIS")).await;
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_going_back_that_is_cut_off_at_any_step_is_finished_and_loses_nothing() {
    let steps = [Step::WorktreeTold, Step::BackBegun, Step::BackDone, Step::ReceiptFilled, Step::StartClaimed];
    for step in steps {
        let stage = Stage::new().await;
        let server = stage.server().await;
        let (old, _) = two_turns(&server).await;
        let path = worktree(&server);
        server.close().await;
        let mut dying = Spawn::new(std::env::current_exe().unwrap())
            .args(["--exact", "retry::a_server_to_die_while_it_goes_back", "--ignored"])
            .env(STAGE, stage.path(""))
            .env(AT, format!("{step:?}"))
            .env("PATH", std::env::var_os("PATH").unwrap())
            .spawn()
            .unwrap();
        timeout(LIMIT, dying.wait()).await.unwrap_or_else(|_| panic!("it did not come to {step:?}")).unwrap();

        let server = stage.server().await;
        let task = server.task().id;
        let find = |s: &&qd_core::row::Session| s.origin.is_some();
        let new = server.engine.read(|state| state.sessions_of(task).find(find).map(|s| s.id)).unwrap();
        server.until_end(new).await;
        check(&stage, &path, old, new).await;
        server.close().await;
    }
}

async fn check(stage: &Stage, worktree: &Path, old: SessionId, new: SessionId) {
    assert_eq!(fs::read_to_string(worktree.join("before.txt")).unwrap(), "before\n");
    assert!(!worktree.join("later.txt").exists());
    let kept = format!("refs/quarterdeck/kept/{old}/{new}");
    assert_eq!(git(stage, &["show", &format!("{kept}:later.txt")]).await, "later");
    assert_eq!(git(stage, &["show", &format!("{kept}:before.txt")]).await, "after");
}
