//! Sessions from the click to the ending, with hosts and agents as real processes, and servers that come and go.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail anywhere")]

#[path = "sessions/fresh.rs"]
mod fresh;
#[path = "sessions/retry.rs"]
mod retry;
#[path = "sessions/stage.rs"]
mod stage;

use qd_core::command::{AnswerRequest, Command, OnSession, SaveDocument};
use qd_core::event::{Ending, EventBody};
use qd_core::ids::{MessageId, Mid, SessionId};
use qd_core::op::Actor;
use qd_core::row::{MessageBody, MessageState, Session};
use qd_core::status::{Kind, Status};
use qd_engine::host::protocol::ToHost;
use qd_engine::host::{Run, attach, inspect};
use qd_proc::Signal;
use qd_store::{Known, OutputOffset};
use qd_wire::Mutation;
use stage::{LIMIT, Stage, lines, processes};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::timeout;

#[tokio::test]
async fn a_start_ends_completed_with_its_changes_counted_and_its_boxes_ticked() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: no-permission]]").await;
    let (session, ending) = server.until_end(id).await;
    assert_eq!(ending, Ending::Completed);
    server.check_output(&session);
    assert!(session.conversation.is_some());
    assert!(session.activity.unwrap().operations >= 3);

    let task = server.task();
    assert_eq!((task.progress.done, task.progress.total), (2, 2), "the boxes are ticked when the card ends");
    let branch = task.branch.unwrap();
    let changed = branch.changed.expect("the changes are counted when the card ends");
    assert!(changed.files >= 1 && changed.additions >= 1, "{changed:?}");
    assert!(Path::new(&branch.path).join("tasks/clock.md").exists());
    let file = stage.project().join("tasks/clock.md");
    server
        .until("the boxes in the file", |_| {
            fs::read_to_string(&file).unwrap().contains("- [x] show the minute").then_some(())
        })
        .await;

    let prompt = server.events(id, 1).into_iter().find_map(|event| match event.body {
        EventBody::Prompt { text, .. } => Some(text),
        _ => None,
    });
    let prompt = prompt.unwrap();
    assert!(prompt.contains("Task document: tasks/clock.md\n"), "{prompt}");
    assert!(prompt.contains(&format!("Working directory: {}\nBranch: {}\n", branch.path, branch.name)), "{prompt}");
    assert_eq!(processes(id, 1), []);
}

#[tokio::test]
async fn a_permission_shows_on_the_card_and_its_answer_reaches_the_agent() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    let asked = server.until_status(id, Status::NeedsApproval).await;
    let request = &asked.requests[0];
    let message = MessageId(stage.mint());
    let answer = AnswerRequest::new(message, id, request.id, request.options[0].id.clone());
    assert!(server.act(&Command::AnswerRequest(answer)).await.ok);
    assert_eq!(server.session(id).status, Status::Running);
    let (_, ending) = server.until_end(id).await;
    assert_eq!(ending, Ending::Completed);
    let answered = EventBody::Answered {
        request: request.id,
        note: None,
        option: Some(request.options[0].id.clone()),
        message: Some(message),
    };
    assert!(server.events(id, 1).iter().any(|event| event.body == answered));
    assert_eq!(server.message(message), MessageState::Delivered);
}

#[tokio::test]
async fn what_a_person_writes_while_the_agent_ticks_boxes_is_merged_with_it() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    let asked = server.until_status(id, Status::NeedsApproval).await;
    let task = server.task();
    let base = task.document.version;
    let read = server.engine.document(task.id, base).await.unwrap().unwrap();
    let text = read.text.replace("Shows the time.", "Shows the time of the day.");
    assert!(server.act(&Command::SaveDocument(SaveDocument { id: task.id, base, text })).await.ok);
    let request = &asked.requests[0];
    let option = request.options[0].id.clone();
    let answer = AnswerRequest::new(MessageId(stage.mint()), id, request.id, option);
    assert!(server.act(&Command::AnswerRequest(answer)).await.ok);
    assert_eq!(server.until_end(id).await.1, Ending::Completed);
    let file = stage.project().join("tasks/clock.md");
    let merged = "# A clock\n\nShows the time of the day.\n\n- [x] show the hour\n- [x] show the minute\n";
    server.until("the merge in the file", |_| (fs::read_to_string(&file).unwrap() == merged).then_some(())).await;
    assert_eq!(server.task().conflict, None);
}

#[tokio::test]
async fn a_cancel_before_the_start_wins_and_nothing_is_claimed() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let mint = || Mid(stage.mint());
    let start = server.start_of(Kind::Implement, "[[demo: hang]]");
    let id = start.id;
    let start = Mutation::new(mint(), &Command::StartSession(start));
    let cancel = Mutation::new(mint(), &Command::CancelSession(OnSession { id }));
    let (started, cancelled) =
        tokio::join!(server.engine.mutate(start, Actor::Person), server.engine.mutate(cancel, Actor::Person));
    assert!(started.unwrap().ok && cancelled.unwrap().ok);
    let (session, ending) = server.until_end(id).await;
    assert_eq!((ending, session.status), (Ending::Cancelled, Status::Cancelled));
    assert_eq!(inspect(&server.run_dir(id, 1)).unwrap(), Run::NotClaimed);
    assert_eq!(*server.engine.output(id).borrow(), Known { end: OutputOffset::default(), ended: true });
}

#[tokio::test]
async fn a_cancel_ends_a_running_session() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: hang]]").await;
    server.until_line(id, "I hang now").await;
    server.cancel(id).await;
    let (session, ending) = server.until_end(id).await;
    assert_eq!((ending, session.status), (Ending::Cancelled, Status::Cancelled));
    server.check_output(&session);
    assert_eq!(processes(id, 1), []);
}

#[tokio::test]
async fn a_cancel_ends_an_agent_that_ignores_it_and_what_it_left_behind() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: fork]] [[demo: ignore-cancel]]").await;
    server.until_line(id, "go on whatever happens").await;
    assert!(processes(id, 1).len() > 3);
    server.cancel(id).await;
    assert_eq!(server.until_end(id).await.1, Ending::Cancelled);
    assert_eq!(processes(id, 1), []);
}

#[tokio::test]
async fn a_cancel_ends_a_session_whose_host_is_stuck() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: fork]] [[demo: hang]]").await;
    server.until_line(id, "I hang now").await;
    let Run::Running(host) = inspect(&server.run_dir(id, 1)).unwrap() else { panic!() };
    let stop = qd_proc::Spawn::new("/bin/kill").args(["-STOP", &host.pid.to_string()]);
    assert!(qd_proc::Run::new(stop, LIMIT).output().await.unwrap().success());
    server.cancel(id).await;
    let (session, ending) = server.until_end(id).await;
    assert_eq!((ending, session.status), (Ending::Cancelled, Status::Cancelled));
    assert!(!host.is_alive());
    assert_eq!(processes(id, 1), []);
}

#[tokio::test]
async fn a_session_waits_for_a_place_and_takes_it_when_another_ends() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let mut ids = Vec::new();
    for _ in 0..stage.places {
        ids.push(server.start(Kind::Chat, "[[demo: hang]]").await);
    }
    let waiting = server.start(Kind::Chat, "[[demo: quick]]").await;
    assert_eq!(server.session(waiting).status, Status::Queued);
    server.until_line(ids[0], "I hang now").await;
    assert_eq!(inspect(&server.run_dir(waiting, 1)).unwrap(), Run::NotClaimed);
    server.cancel(ids[0]).await;
    assert_eq!(server.until_end(waiting).await.1, Ending::Completed);
    for id in ids {
        server.cancel(id).await;
        assert_eq!(server.until_end(id).await.1, Ending::Cancelled);
    }
}

#[tokio::test]
async fn an_agent_that_fails_says_why_on_the_card() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    for (directive, words) in [("fail-at-start", "told to fail at its start"), ("crash", "exit code 70")] {
        let id = server.start(Kind::Implement, &format!("[[demo: {directive}]]")).await;
        let (session, ending) = server.until_end(id).await;
        let Ending::Failed { reason, .. } = ending else { panic!("{ending:?}") };
        assert!(reason.contains(words), "{reason}");
        assert_eq!(session.status, Status::Failed);
        server.check_output(&session);
    }
}

#[tokio::test]
async fn a_host_program_that_is_missing_or_ends_at_once_fails_the_card_and_nothing_hangs() {
    let mut stage = Stage::new().await;
    stage.qd = "/no/such/program".into();
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    let (_, ending) = server.until_end(id).await;
    let Ending::Failed { reason, .. } = ending else { panic!("{ending:?}") };
    assert!(reason.contains("/no/such/program"), "{reason}");
    server.close().await;

    stage.qd = "/bin/true".into();
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    let (_, ending) = server.until_end(id).await;
    assert!(matches!(ending, Ending::Interrupted { .. }), "{ending:?}");
}

#[tokio::test]
async fn a_killed_host_is_interrupted_within_five_seconds_and_its_tree_is_gone() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: fork]] [[demo: ignore-cancel]]").await;
    server.until_line(id, "go on whatever happens").await;
    let Run::Running(host) = inspect(&server.run_dir(id, 1)).unwrap() else { panic!() };
    let before = Instant::now();
    host.signal(Signal::Kill).unwrap();
    let (session, ending) = server.until_end(id).await;
    assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    assert!(matches!(ending, Ending::Interrupted { .. }), "{ending:?}");
    assert_eq!(session.status, Status::Interrupted);
    server.check_output(&session);
    assert_eq!(processes(id, 1), []);
}

#[tokio::test]
async fn a_killed_agent_fails_the_card() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: hang]]").await;
    server.until_line(id, "I hang now").await;
    server.engine.demo_kill_agent().await;
    let (_, ending) = server.until_end(id).await;
    let Ending::Failed { reason, .. } = ending else { panic!("{ending:?}") };
    assert!(reason.contains("signal 9"), "{reason}");
}

#[tokio::test]
async fn a_session_goes_on_without_its_server_and_the_next_server_takes_it_up() {
    let stage = Stage::new().await;
    let ids = stage.path("ids");
    let server = stage.server().await;
    let id = server.start(Kind::Implement, &format!("[[demo: append-id {}]]", ids.display())).await;
    let asked = server.until_status(id, Status::NeedsApproval).await;
    let Run::Running(host) = inspect(&server.run_dir(id, 1)).unwrap() else { panic!() };
    server.close().await;
    assert!(host.is_alive());

    let server = stage.server().await;
    let known = server.engine.output(id);
    let request = &server.session(id).requests[0];
    assert_eq!(request.id, asked.requests[0].id);
    let message = MessageId(stage.mint());
    let answer = AnswerRequest::new(message, id, request.id, request.options[0].id.clone());
    assert!(server.act(&Command::AnswerRequest(answer)).await.ok);
    let (session, ending) = server.until_end(id).await;
    assert_eq!((ending, session.attempt), (Ending::Completed, 1));
    server.check_output(&session);
    assert_eq!(lines(&ids), [format!("{id}.1")], "it was started once");
    assert_eq!(server.task().progress.done, 2, "its document is brought back by the second server");
    let end = OutputOffset { attempt: 1, byte: session.output_end.unwrap() };
    let mut known = known;
    let told = timeout(LIMIT, known.wait_for(|known| known.ended)).await.unwrap().unwrap();
    assert_eq!(*told, Known { end, ended: true });
}

#[tokio::test]
async fn what_ended_while_no_server_ran_is_told_by_the_next_one() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let ended = server.start(Kind::Implement, "").await;
    let asked = server.until_status(ended, Status::NeedsApproval).await;
    let run_dir = server.run_dir(ended, 1);
    let Run::Running(host) = inspect(&run_dir).unwrap() else { panic!() };
    server.close().await;
    // Somebody answers, so that the agent goes on while no server runs.
    answer_host(&stage, &run_dir, &asked).await;
    assert_eq!(qd_proc::wait_gone(&[host], LIMIT).await, []);

    let server = stage.server().await;
    let (session, ending) = server.until_end(ended).await;
    assert_eq!(ending, Ending::Completed);
    assert!(session.conversation.is_some(), "what no server heard is read from the output");
    server.check_output(&session);
    assert_eq!(server.task().progress.done, 2);

    let killed = server.start(Kind::Implement, "[[demo: hang]]").await;
    server.until_line(killed, "I hang now").await;
    let Run::Running(host) = inspect(&server.run_dir(killed, 1)).unwrap() else { panic!() };
    server.close().await;
    host.signal(Signal::Kill).unwrap();

    let server = stage.server().await;
    let (session, ending) = server.until_end(killed).await;
    assert!(matches!(ending, Ending::Interrupted { .. }), "{ending:?}");
    server.check_output(&session);
    assert_eq!(processes(killed, 1), []);
}

#[tokio::test]
async fn a_message_to_an_ended_session_resumes_its_conversation_in_a_new_attempt() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: quick]]").await;
    let (first, _) = server.until_end(id).await;
    let message = server.send(id, "and now? [[demo: quick]]").await;
    assert_eq!((server.session(id).attempt, server.session(id).status), (2, Status::Starting));
    let (second, ending) = server.until_end(id).await;
    assert_eq!((ending, second.attempt), (Ending::Completed, 2));
    assert_eq!(second.conversation, first.conversation);
    server.check_output(&second);
    assert_eq!(server.prompts(id, 2), [message]);
    assert_eq!(server.message(message), MessageState::Delivered);
}

#[tokio::test]
async fn a_message_to_a_running_session_is_its_next_turn() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    let asked = server.until_status(id, Status::NeedsApproval).await;
    let message = server.send(id, "say more [[demo: quick]]").await;
    let answer = MessageId(stage.mint());
    let option = asked.requests[0].options[0].id.clone();
    let answer = AnswerRequest::new(answer, id, asked.requests[0].id, option);
    assert!(server.act(&Command::AnswerRequest(answer)).await.ok);
    let (session, ending) = server.until_end(id).await;
    assert_eq!(ending, Ending::Completed);
    let echoed = (1..=session.attempt).flat_map(|attempt| server.prompts(id, attempt)).filter(|echo| *echo == message);
    assert_eq!(echoed.count(), 1);
    assert_eq!(server.message(message), MessageState::Delivered);
}

#[tokio::test]
async fn a_message_that_no_turn_took_begins_the_next_attempt() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "").await;
    let asked = server.until_status(id, Status::NeedsApproval).await;
    let run_dir = server.run_dir(id, 1);
    let Run::Running(host) = inspect(&run_dir).unwrap() else { panic!() };
    server.close().await;
    // It is accepted by a server that tells no host of it.
    let dormant = stage.dormant();
    let message = dormant.send(id, "say more").await;
    dormant.close().await;
    answer_host(&stage, &run_dir, &asked).await;
    assert_eq!(qd_proc::wait_gone(&[host], LIMIT).await, []);

    let server = stage.server().await;
    let (session, ending) = server.until_end(id).await;
    assert_eq!((ending, session.attempt), (Ending::Completed, 2));
    assert_eq!(server.message(message), MessageState::Delivered);
    assert_eq!(server.prompts(id, 2), [message]);
}

#[tokio::test]
async fn a_message_after_a_start_that_failed_comes_behind_the_prompt() {
    let mut stage = Stage::new().await;
    stage.fails = true;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: quick]]").await;
    let (session, ending) = server.until_end(id).await;
    assert!(matches!(ending, Ending::Failed { .. }), "{ending:?}");
    assert_eq!(session.conversation, None);
    server.close().await;

    stage.fails = false;
    let server = stage.server().await;
    let message = server.send(id, "once more [[demo: quick]]").await;
    let (session, ending) = server.until_end(id).await;
    assert_eq!((ending, session.attempt), (Ending::Completed, 2));
    let prompts = server.prompts(id, 2);
    assert_eq!((prompts.len(), prompts[1]), (2, message));
}

/// Allows what an agent asks, past the servers.
async fn answer_host(stage: &Stage, run_dir: &Path, asked: &Session) {
    let mut attachment = attach(run_dir).await.unwrap();
    let request = &asked.requests[0];
    let body = MessageBody::answer(request.id, request.options[0].id.clone());
    attachment.commands.send(&ToHost::Deliver { message: MessageId(stage.mint()), body }).await.unwrap();
    // Until the end: a connection that goes earlier could take the answer with it.
    while let Ok(Some(_)) = attachment.reports.next().await {}
}

#[tokio::test]
async fn a_start_that_no_server_claimed_is_done_within_two_minutes_and_interrupted_later() {
    let stage = Stage::new().await;
    stage.server().await.close().await;
    for (away, in_time) in [(60, true), (180, false)] {
        let dormant = stage.dormant();
        let id = dormant.start(Kind::Implement, "[[demo: quick]]").await;
        dormant.close().await;
        stage.clock.forward(Duration::from_secs(away));
        let server = stage.server().await;
        let (_, ending) = server.until_end(id).await;
        if in_time {
            assert_eq!(ending, Ending::Completed);
        } else {
            assert!(matches!(ending, Ending::Interrupted { .. }), "{ending:?}");
            assert_eq!(inspect(&server.run_dir(id, 1)).unwrap(), Run::NotClaimed);
        }
        server.close().await;
    }
}

#[tokio::test]
async fn a_claim_without_a_host_is_interrupted_and_never_started() {
    let stage = Stage::new().await;
    stage.server().await.close().await;
    let dormant = stage.dormant();
    let id = dormant.start(Kind::Implement, "[[demo: quick]]").await;
    fs::create_dir_all(dormant.run_dir(id, 1)).unwrap();
    dormant.close().await;
    let server = stage.server().await;
    let (session, ending) = server.until_end(id).await;
    assert!(matches!(ending, Ending::Interrupted { .. }), "{ending:?}");
    server.check_output(&session);
    assert_eq!(server.events(id, 1).len(), 1, "no agent has said anything");
}

#[tokio::test]
async fn the_output_of_a_deleted_session_goes_and_its_listeners_are_let_go() {
    let stage = Stage::new().await;
    let server = stage.server().await;
    let id = server.start(Kind::Implement, "[[demo: quick]]").await;
    server.until_end(id).await;
    let mut known = server.engine.output(id);
    assert!(server.run_dir(id, 1).exists());
    assert!(server.act(&Command::DeleteSession(OnSession { id })).await.ok);
    timeout(LIMIT, async { while known.changed().await.is_ok() {} }).await.unwrap();
    server.close().await;
    // At the latest the next server removes it.
    let server = stage.server().await;
    let folder = server.run_dir(id, 1).parent().unwrap().to_owned();
    let gone = async {
        while folder.exists() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LIMIT, gone).await.unwrap();
}

/// Where the server of the next test finds its stage.
const STAGE: &str = "QD_TEST_STAGE";
/// How many starts the next test makes instead of 50.
const STARTS: &str = "QD_TEST_STARTS";

/// Starts a session, then serves until it is killed.
#[tokio::test]
#[ignore = "the process that another test kills"]
async fn a_server_to_be_killed() {
    let mut stage = Stage::at(std::env::var_os(STAGE).unwrap().into());
    stage.places = u32::MAX;
    let server = stage.server().await;
    let instructions = format!("[[demo: append-id {}]] [[demo: quick]]", stage.path("ids").display());
    // Sessions that write into a worktree exclude each other, talks do not.
    server.start(Kind::Chat, &instructions).await;
    std::future::pending::<()>().await;
}

/// Invariant I6, from end to end: servers are killed at every stage of a start. Whatever attempt was shown as started
/// ran, and none ran twice.
#[tokio::test]
async fn starts_on_servers_that_are_killed_run_each_attempt_once() {
    let mut stage = Stage::new().await;
    stage.places = u32::MAX;
    let runs = stage.path("data").join("run");
    let starts = std::env::var_os(STARTS).map_or(50, |count| count.to_str().unwrap().parse().unwrap());
    let moments = ["", "1", "1/spec.json", "1/host.log", "1/host.json", "1/sock", "1/output.jsonl"];
    for moment in moments.iter().cycle().take(starts) {
        let before = names(&runs);
        let exe = std::env::current_exe().unwrap();
        let mut server = qd_proc::Spawn::new(exe)
            .args(["--exact", "a_server_to_be_killed", "--ignored"])
            .env(STAGE, stage.path(""))
            .env("PATH", std::env::var_os("PATH").unwrap())
            .spawn()
            .unwrap();
        let until = Instant::now() + LIMIT;
        // The folder of the session comes first, so its name is known.
        while !names(&runs).difference(&before).any(|session| runs.join(session).join(moment).exists()) {
            assert!(Instant::now() < until && server.identity().is_alive(), "the server has not come to {moment:?}");
            std::thread::yield_now();
        }
        server.identity().signal(Signal::Kill).unwrap();
        server.wait().await.unwrap();
    }

    let server = stage.server().await;
    let started: Vec<SessionId> = names(&runs).iter().map(|name| name.parse().unwrap()).collect();
    assert_eq!(started.len(), starts);
    let mut completed = 0;
    let mut ran = lines(&stage.path("ids"));
    for id in started {
        let (session, ending) = server.until_end(id).await;
        assert_eq!(session.attempt, 1);
        ran = lines(&stage.path("ids"));
        let times = ran.iter().filter(|line| **line == format!("{id}.1")).count();
        match ending {
            Ending::Completed => {
                completed += 1;
                assert_eq!(times, 1);
            }
            // Between the claim and the host's beginning nobody can know whether there is one: it is not risked.
            Ending::Interrupted { .. } => assert_eq!(times, 0),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ran.len(), completed);
    assert!(completed >= starts * 4 / 7, "only {completed} ran");
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}
