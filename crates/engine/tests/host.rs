//! Hosts as real processes with the demo agent: every way in which an attempt can go and end.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail anywhere")]

use qd_agents::Protocol;
use qd_core::blob::{AttachedImage, BlobId, StoredImage};
use qd_core::event::{Ending, Event, EventBody, Request};
use qd_core::ids::{MessageId, Millis, SessionId, of_cause};
use qd_core::row::{MessageBody, Permission};
use qd_core::status::Status;
use qd_engine::host::protocol::{FromHost, HostState, ToHost};
use qd_engine::host::{
    Attachment, BuryError, Fence, FirstMessage, HostSpec, LaunchError, Limits, Run, attach, attach_when_ready, bury,
    inspect, launch,
};
use qd_proc::{Identity, Signal, marked, wait_gone};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::time::timeout;

const QD: &str = env!("CARGO_BIN_EXE_qd-session-fixture");
const TASK: &str = "# A clock\n\n- [ ] show the hour\n- [ ] show the minute\n";
const LIMIT: Duration = Duration::from_secs(30);

/// A project with one task, and a run folder in a data folder.
struct Stage {
    folder: TempDir,
    spec: HostSpec,
}

impl Stage {
    fn new(prompt: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().join("project");
        fs::create_dir_all(cwd.join("tasks")).unwrap();
        fs::write(cwd.join("tasks/clock.md"), TASK).unwrap();
        // Marks are looked for on the whole machine, so no two tests may share one.
        let session = SessionId(of_cause(&[&folder.path().to_string_lossy()]));
        let home = folder.path().join("demo").display().to_string();
        let env = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("QD_DEMO_STEP_MS", "0"), ("QD_DEMO_HOME", &home)];
        let spec = HostSpec {
            session,
            attempt: 1,
            agent: "demo".to_owned(),
            title: "Demo agent".to_owned(),
            program: QD.into(),
            args: vec!["demo-agent".to_owned()],
            version: None,
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<BTreeMap<_, _>>(),
            cwd,
            messages: vec![FirstMessage { id: message(0), text: prompt.to_owned(), images: Vec::new() }],
            resume: None,
            spent: None,
            fork: None,
            remarks: Vec::new(),
            setup: None,
            moments: None,
            limits: Limits::default(),
            fence: Fence::default(),
            permission: Permission::default(),
            protocol: Protocol::Acp,
            like: None,
            not_before: None,
            model: None,
            boot_deadline_ms: 20_000,
            blobs: std::path::PathBuf::new(),
            linger_ms: 0,
        };
        Self { folder, spec }
    }

    fn run_dir(&self) -> PathBuf {
        self.folder.path().join("run").join(self.spec.session.to_string()).join("1")
    }

    fn launch(&self) -> Identity {
        launch(&self.run_dir(), &self.spec, Path::new(QD)).unwrap()
    }

    async fn attached(&self) -> (Identity, Attachment) {
        let host = self.launch();
        let attachment = attach_when_ready(&self.run_dir(), host, LIMIT).await.unwrap();
        (host, attachment)
    }

    /// Launches what fails at once. It may be over before anybody can speak with it: then what it left says how.
    async fn failed(&self) -> (Ending, Option<HostState>) {
        let host = self.launch();
        if let Ok(attachment) = attach_when_ready(&self.run_dir(), host, LIMIT).await {
            let mut server = Server::of(attachment);
            return (server.until_end().await, Some(server.heard));
        }
        assert_eq!(wait_gone(&[host], LIMIT).await, []);
        match inspect(&self.run_dir()).unwrap() {
            Run::Ended { ending, .. } => (ending, None),
            other => panic!("{other:?}"),
        }
    }

    fn events(&self) -> Vec<Event> {
        let text = fs::read_to_string(self.run_dir().join("output.jsonl")).unwrap();
        let events: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let seqs: Vec<u64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>(), "numbers without gaps");
        events
    }

    fn ending(&self) -> Ending {
        let events = self.events();
        let endings = events.iter().filter(|event| matches!(event.body, EventBody::Ended { .. })).count();
        assert_eq!(endings, 1);
        match &events.last().unwrap().body {
            EventBody::Ended { ending, .. } => ending.clone(),
            other => panic!("the last event is {other:?}"),
        }
    }

    fn processes(&self) -> Vec<Identity> {
        marked(&self.spec.mark()).unwrap()
    }
}

fn message(number: u32) -> MessageId {
    MessageId(of_cause(&["message", &number.to_string()]))
}

/// What one server hears, folded as a server does.
struct Server {
    attachment: Attachment,
    heard: HostState,
}

impl Server {
    fn of(attachment: Attachment) -> Self {
        Self { heard: attachment.state.clone(), attachment }
    }

    async fn send(&mut self, command: ToHost) {
        self.attachment.commands.send(&command).await.unwrap();
    }

    async fn answer(&mut self, number: u32, request: &Request, option: &str) {
        let body = MessageBody::answer(request.id, option.to_owned());
        self.send(ToHost::Deliver { message: message(number), body }).await;
    }

    /// Listens until `is_there`; false where the host closed the connection before.
    async fn until(&mut self, is_there: impl Fn(&HostState) -> bool) -> bool {
        while !is_there(&self.heard) {
            let report = timeout(LIMIT, self.attachment.reports.next()).await.expect("the host says nothing");
            match report.unwrap() {
                Some(report) => self.hear(report),
                None => return false,
            }
        }
        true
    }

    async fn until_end(&mut self) -> Ending {
        assert!(self.until(|state| state.ending.is_some()).await, "the host closed the connection without an ending");
        self.heard.ending.clone().unwrap()
    }

    async fn until_asked(&mut self) -> Request {
        assert!(self.until(|state| !state.requests.is_empty()).await);
        self.heard.requests[0].clone()
    }

    fn hear(&mut self, report: FromHost) {
        let settled = qd_engine::host::protocol::Settled { message: message(0), refused: None };
        match report {
            FromHost::Hello { state, .. } => self.heard = *state,
            FromHost::Appended { offset } => self.heard.offset = offset,
            FromHost::Status { status, requests } => (self.heard.status, self.heard.requests) = (status, requests),
            FromHost::Conversation { id } => self.heard.conversation = Some(id),
            FromHost::Activity { activity } => self.heard.activity = activity,
            FromHost::Delivered { message } => {
                self.heard.settled.push(qd_engine::host::protocol::Settled { message, ..settled });
            }
            FromHost::Undelivered { message, reason } => {
                self.heard.settled.push(qd_engine::host::protocol::Settled { message, refused: Some(reason) });
            }
            FromHost::Ended { ending, output_end, activity } => {
                (self.heard.offset, self.heard.activity, self.heard.ending) = (output_end, activity, Some(ending));
            }
        }
    }
}

#[tokio::test]
async fn a_task_runs_to_its_end_and_the_output_says_all() {
    let stage = Stage::new("Kind: implement\nTask document: tasks/clock.md\n");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    let asked = server.until_asked().await;
    assert_eq!(server.heard.status, Status::NeedsApproval);
    server.answer(1, &asked, "allow").await;
    assert_eq!(server.until_end().await, Ending::Completed);

    let settled: Vec<_> =
        server.heard.settled.iter().map(|settled| (settled.message, settled.refused.clone())).collect();
    assert_eq!(settled, [(message(0), None), (message(1), None)]);
    let length = fs::metadata(stage.run_dir().join("output.jsonl")).unwrap().len();
    assert_eq!(server.heard.offset, length);
    assert!(server.heard.activity.operations >= 4, "{:?}", server.heard.activity);
    let ended = Run::Ended { ending: Ending::Completed, activity: server.heard.activity.clone(), output_end: length };
    assert_eq!(inspect(&stage.run_dir()).unwrap(), ended);

    let events = stage.events();
    assert!(matches!(&events[0].body, EventBody::Began { agent, .. } if agent == "demo"));
    let answered = EventBody::Answered {
        request: asked.id,
        option: Some("allow".to_owned()),
        note: None,
        message: Some(message(1)),
    };
    assert!(events.iter().any(|event| event.body == answered));
    assert_eq!(fs::read_to_string(stage.spec.cwd.join("tasks/clock.md")).unwrap(), TASK.replace("[ ]", "[x]"));
    assert_eq!(stage.processes(), []);
}

/// A stage whose first message names a blob of these bytes.
fn with_image(bytes: &[u8]) -> (Stage, AttachedImage) {
    let mut stage = Stage::new("What is this?");
    stage.spec.blobs = stage.folder.path().join("blobs");
    let (mime, size) = ("image/png".to_owned(), bytes.len() as u64);
    let image = AttachedImage::Stored(StoredImage { mime, blob: BlobId::of(bytes), size });
    stage.spec.messages[0].images = vec![image.clone()];
    (stage, image)
}

#[tokio::test]
async fn an_image_beside_the_message_reaches_the_agent_and_the_output_names_it_alone() {
    let (stage, image) = with_image(b"hello, agent");
    fs::create_dir(&stage.spec.blobs).unwrap();
    fs::write(stage.spec.blobs.join(BlobId::of(b"hello, agent").as_str()), b"hello, agent").unwrap();
    let (_, attachment) = stage.attached().await;
    assert_eq!(Server::of(attachment).until_end().await, Ending::Completed);
    let events = stage.events();
    let prompts: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Prompt { images, .. } => Some(images.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(prompts, [[image]]);
    // The demo agent shows what it was sent.
    let shown: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Image(image) => Some((image.mime.as_str(), image.data.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(shown, [("image/png", "aGVsbG8sIGFnZW50")]);
}

#[tokio::test]
async fn a_message_whose_image_is_gone_is_not_delivered_without_it() {
    let (stage, _) = with_image(b"never stored");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    server.until_end().await;
    let [settled] = server.heard.settled.as_slice() else { panic!("{:?}", server.heard.settled) };
    assert!(settled.refused.as_deref().unwrap().contains("Attach it again"), "{settled:?}");
    assert!(!stage.events().iter().any(|event| matches!(event.body, EventBody::Prompt { .. })));
}

#[tokio::test]
async fn an_agent_that_ignores_everything_is_cancelled_within_seconds() {
    let stage = Stage::new("[[demo: fork]] [[demo: ignore-cancel]]");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert!(server.until(|state| state.activity.line.contains("go on whatever happens")).await);
    assert!(stage.processes().len() > 3);
    let before = Instant::now();
    server.send(ToHost::Cancel).await;
    assert!(server.until(|state| state.status == Status::Cancelling).await);
    assert_eq!(server.until_end().await, Ending::Cancelled);
    assert!(before.elapsed() < Duration::from_secs(7), "{:?}", before.elapsed());
    assert_eq!(stage.processes(), []);
    assert_eq!(stage.ending(), Ending::Cancelled);
}

#[tokio::test]
async fn a_cancel_while_a_permission_waits_ends_at_once_and_withdraws_it() {
    let stage = Stage::new("Task document: tasks/clock.md\n");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    let asked = server.until_asked().await;
    server.send(ToHost::Cancel).await;
    assert_eq!(server.until_end().await, Ending::Cancelled);
    let withdrawn = EventBody::Answered { request: asked.id, option: None, note: None, message: None };
    assert!(stage.events().iter().any(|event| event.body == withdrawn));
}

#[tokio::test]
async fn a_crash_is_a_failure_with_the_exit_code_and_the_last_words() {
    let stage = Stage::new("[[demo: crash]]");
    let (_, attachment) = stage.attached().await;
    let ending = Server::of(attachment).until_end().await;
    let reason = "Demo agent ended with exit code 70 in the middle of a turn.".to_owned();
    assert_eq!(ending, Ending::Failed { reason, stderr: Some("demo agent: told to crash half-way".to_owned()) });
    assert_eq!(stage.ending(), ending);
}

#[tokio::test]
async fn a_start_that_fails_says_why() {
    // Where the host is over before anybody hears it, another is started: what it says is to be heard.
    for _ in 0..5 {
        let mut stage = Stage::new("never sent");
        stage.spec.env.insert("QD_DEMO_FAIL".to_owned(), "1".to_owned());
        let (ending, heard) = stage.failed().await;
        let reason = "Demo agent ended with exit code 1 before it was ready.".to_owned();
        assert_eq!(ending, Ending::Failed { reason, stderr: Some("demo agent: told to fail at its start".to_owned()) });
        assert!(!stage.events().iter().any(|event| matches!(event.body, EventBody::Prompt { .. })));
        if let Some(heard) = heard {
            assert!(heard.settled[0].refused.is_some(), "the prompt was not delivered");
            return;
        }
    }
    panic!("nobody heard five hosts");
}

#[tokio::test]
async fn an_agent_that_refuses_the_prompt_fails_with_its_words() {
    let stage = Stage::new("[[demo: fail-at-start]]");
    let (_, attachment) = stage.attached().await;
    let Ending::Failed { reason, .. } = Server::of(attachment).until_end().await else { panic!() };
    assert_eq!(reason, "Demo agent broke off: told to fail at its start");
}

#[tokio::test]
async fn a_missing_program_fails_with_the_command_that_mends_it() {
    let mut stage = Stage::new("never sent");
    stage.spec.agent = "codex".to_owned();
    stage.spec.title = "Codex".to_owned();
    stage.spec.like = Some("codex".to_owned());
    stage.spec.program = "no-such-program".into();
    let (Ending::Failed { reason, .. }, _) = stage.failed().await else { panic!() };
    assert!(reason.contains("no-such-program of Codex was not found. Run `npm i -g"), "{reason}");
}

#[tokio::test]
async fn an_agent_that_does_not_get_ready_in_time_fails() {
    let mut stage = Stage::new("never sent");
    (stage.spec.program, stage.spec.args) = ("sleep".into(), vec!["600".to_owned()]);
    stage.spec.boot_deadline_ms = 100;
    let (_, attachment) = stage.attached().await;
    let Ending::Failed { reason, .. } = Server::of(attachment).until_end().await else { panic!() };
    assert_eq!(reason, "Demo agent did not get ready within 1 s.");
    assert_eq!(stage.processes(), []);
}

#[tokio::test]
async fn children_in_their_own_sessions_are_swept_when_the_turn_is_over() {
    let stage = Stage::new("[[demo: fork]] [[demo: quick]]");
    let (_, attachment) = stage.attached().await;
    assert_eq!(Server::of(attachment).until_end().await, Ending::Completed);
    assert_eq!(stage.processes(), []);
}

#[tokio::test]
async fn a_killed_host_is_seen_as_vanished_and_its_tree_is_buried_once() {
    let stage = Stage::new("[[demo: fork]] [[demo: ignore-cancel]]");
    let (host, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert!(server.until(|state| state.activity.line.contains("go on whatever happens")).await);
    assert!(
        matches!(bury(&stage.run_dir(), "too early", Millis(1)).await, Err(BuryError::Alive(alive)) if alive == host)
    );

    host.signal(Signal::Kill).unwrap();
    assert_eq!(wait_gone(&[host], LIMIT).await, []);
    let output = stage.run_dir().join("output.jsonl");
    let readable = fs::metadata(&output).unwrap().len();
    // As if it had been killed in the middle of a write.
    fs::write(&output, [fs::read(&output).unwrap(), b"{\"seq\":99,\"half".to_vec()].concat()).unwrap();
    assert_eq!(inspect(&stage.run_dir()).unwrap(), Run::Vanished { output_end: readable, torn: true });
    assert!(stage.processes().len() > 3, "the tree outlives its host");

    let buried = bury(&stage.run_dir(), "Its host was killed.", Millis(1)).await.unwrap();
    assert_eq!(stage.processes(), []);
    assert_eq!(stage.ending(), Ending::Interrupted { why: "Its host was killed.".to_owned() });
    assert_eq!(buried.output_end, fs::metadata(&output).unwrap().len());
    assert!(buried.activity.line.contains("go on whatever happens"));
    assert_eq!(bury(&stage.run_dir(), "again", Millis(2)).await.unwrap(), buried);
}

#[tokio::test]
async fn a_host_outlives_its_server_and_the_next_one_learns_everything() {
    let stage = Stage::new("Task document: tasks/clock.md\n");
    let (host, attachment) = stage.attached().await;
    let mut first = Server::of(attachment);
    let asked = first.until_asked().await;
    drop(first);
    assert_eq!(inspect(&stage.run_dir()).unwrap(), Run::Running(host));

    let mut second = Server::of(attach(&stage.run_dir()).await.unwrap());
    let mut third = Server::of(attach(&stage.run_dir()).await.unwrap());
    assert_eq!(second.heard.status, Status::NeedsApproval);
    assert_eq!(second.heard.requests, std::slice::from_ref(&asked));
    assert!(second.heard.conversation.as_deref().is_some_and(|id| id.starts_with("demo-")));
    assert_eq!(second.heard.settled.len(), 1);
    second.answer(1, &asked, "reject").await;
    assert_eq!(second.until_end().await, Ending::Completed);
    assert_eq!(third.until_end().await, Ending::Completed);
}

#[tokio::test]
async fn a_message_is_delivered_once_however_often_it_is_sent() {
    let stage = Stage::new("Task document: tasks/clock.md\n");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    let asked = server.until_asked().await;
    let more = || ToHost::Deliver { message: message(2), body: MessageBody::prompt("and now?") };
    for _ in 0..3 {
        server.send(more()).await;
    }
    server.answer(1, &asked, "allow").await;
    server.answer(1, &asked, "allow").await;
    server.answer(3, &asked, "reject").await;
    assert_eq!(server.until_end().await, Ending::Completed);

    let prompts: Vec<_> = stage
        .events()
        .into_iter()
        .filter_map(|event| match event.body {
            EventBody::Prompt { message, .. } => Some(message),
            _ => None,
        })
        .collect();
    assert_eq!(prompts, [message(0), message(2)], "the second waited for the end of the first turn");
    let late = server.heard.settled.iter().find(|settled| settled.message == message(3)).unwrap();
    assert_eq!(late.refused.as_deref(), Some("this request is settled already"));
}

#[tokio::test]
async fn an_interrupt_ends_the_turn_and_the_agent_takes_the_next_prompt() {
    let mut stage = Stage::new("[[demo: hang]]");
    stage.spec.linger_ms = 60_000;
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert!(server.until(|state| state.activity.line.contains("I hang now")).await);
    server.send(ToHost::Deliver { message: message(90), body: MessageBody::Interrupt }).await;
    let body = MessageBody::prompt("still there?");
    server.send(ToHost::Deliver { message: message(1), body }).await;
    assert!(server.until(|state| state.activity.line.contains("you wrote: still there?")).await);
    server.send(ToHost::Cancel).await;
    assert_eq!(server.until_end().await, Ending::Cancelled);
}

#[tokio::test]
async fn an_attempt_is_started_once() {
    let stage = Stage::new("[[demo: append-id ids]] [[demo: hang]]");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert!(server.until(|state| state.activity.line.contains("I hang now")).await);
    let again = launch(&stage.run_dir(), &stage.spec, Path::new(QD));
    assert!(matches!(again, Err(LaunchError::AlreadyClaimed)));
    server.send(ToHost::Cancel).await;
    server.until_end().await;
    assert_eq!(fs::read_to_string(stage.spec.cwd.join("ids")).unwrap(), format!("{}\n", stage.spec.mark()));
}

#[tokio::test]
async fn a_host_that_begins_after_the_burial_starts_nothing() {
    let mut stage = Stage::new("[[demo: append-id ids]] [[demo: quick]]");
    let good = std::mem::replace(&mut stage.spec.program, "/bin/false".into());
    // The claim with a host that never begins: its program ends at once.
    launch(&stage.run_dir(), &stage.spec, Path::new("/bin/true")).unwrap();
    assert_eq!(inspect(&stage.run_dir()).unwrap(), Run::Claimed);
    let buried = bury(&stage.run_dir(), "It never began.", Millis(1)).await.unwrap();
    assert_eq!(buried.ending, Ending::Interrupted { why: "It never began.".to_owned() });

    stage.spec.program = good;
    let spec = serde_json::to_vec(&stage.spec).unwrap();
    fs::write(stage.run_dir().join("spec.json"), spec).unwrap();
    let spawn = qd_proc::Spawn::new(QD).args(["host", "--run-dir"]).arg(stage.run_dir());
    let output = qd_proc::Run::new(spawn, LIMIT).output().await.unwrap();
    assert!(!output.success());
    assert!(output.stderr.text().contains("was started or buried before"), "{}", output.stderr.text());
    assert!(!stage.spec.cwd.join("ids").exists());
    assert_eq!(stage.ending(), buried.ending);
}

#[tokio::test]
async fn a_host_that_the_system_ends_says_so() {
    let stage = Stage::new("[[demo: hang]]");
    let (host, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert!(server.until(|state| state.activity.line.contains("I hang now")).await);
    host.signal(Signal::Term).unwrap();
    assert!(matches!(server.until_end().await, Ending::Interrupted { .. }));
    assert_eq!(stage.processes(), []);
}

#[tokio::test]
async fn a_deep_run_folder_has_a_socket_and_a_temporary_folder_all_the_same() {
    let mut stage = Stage::new("Task document: tasks/clock.md\n[[demo: no-permission]]");
    let script = r#"{"version": 1, "tasks": {"tasks/clock.md": [{"run": "echo $TMPDIR; test -d $TMPDIR"}]}}"#;
    fs::create_dir(stage.spec.cwd.join(".quarterdeck")).unwrap();
    fs::write(stage.spec.cwd.join(".quarterdeck/demo-script.json"), script).unwrap();
    stage.spec.env.remove("QD_DEMO_HOME");
    let run_dir = stage.folder.path().join("d".repeat(120)).join("1");
    let host = launch(&run_dir, &stage.spec, Path::new(QD)).unwrap();
    let mut server = Server::of(attach_when_ready(&run_dir, host, LIMIT).await.unwrap());
    assert_eq!(server.until_end().await, Ending::Completed);
    let text = fs::read_to_string(run_dir.join("output.jsonl")).unwrap();
    let printed = text.split("\"output\":\"").nth(1).and_then(|rest| rest.split("\\n").next()).unwrap();
    assert!(printed.len() <= 70 && text.contains("\"exit\":0"), "{printed}");
    assert!(!Path::new(printed).exists(), "it is taken away at the end");
}

#[tokio::test]
async fn a_flood_is_kept_whole_and_its_listener_is_not_drowned() {
    let stage = Stage::new("[[demo: flood 5000]]");
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert_eq!(server.until_end().await, Ending::Completed);
    let events = stage.events();
    let tools = events.iter().filter(|event| matches!(event.body, EventBody::Tool(_))).count();
    assert_eq!(tools, 2500);
    let text: String = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text.lines().count(), 2500);
}

#[tokio::test]
async fn a_process_of_the_session_cannot_answer_for_its_person() {
    let stage = Stage::new("Task document: tasks/clock.md\n[[demo: no-permission]]");
    let greet = format!("env -u QD_SESSION {QD} greet {}", stage.run_dir().display());
    let step = serde_json::json!({ "run": greet });
    let script = serde_json::json!({ "version": 1, "tasks": { "tasks/clock.md": [step] } });
    fs::create_dir(stage.spec.cwd.join(".quarterdeck")).unwrap();
    fs::write(stage.spec.cwd.join(".quarterdeck/demo-script.json"), script.to_string()).unwrap();
    let (_, attachment) = stage.attached().await;
    assert_eq!(Server::of(attachment).until_end().await, Ending::Completed);
    let text = fs::read_to_string(stage.run_dir().join("output.jsonl")).unwrap();
    assert!(text.contains("\"exit\":1"), "{text}");
}

#[tokio::test]
async fn an_interrupt_ends_what_the_turn_left_running_but_not_the_agent() {
    let mut stage = Stage::new("[[demo: fork]] [[demo: hang]]");
    stage.spec.linger_ms = 60_000;
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    assert!(server.until(|state| state.activity.line.contains("I hang now")).await);
    let before = stage.processes();
    assert!(before.len() > 3);
    server.send(ToHost::Deliver { message: message(90), body: MessageBody::Interrupt }).await;
    let body = MessageBody::prompt("still there?");
    server.send(ToHost::Deliver { message: message(1), body }).await;
    assert!(server.until(|state| state.activity.line.contains("you wrote: still there?")).await);
    // A killed process may take a moment to go; the agent stays.
    let left = wait_gone(&before, Duration::from_millis(500)).await;
    assert_eq!(left.len(), 1, "{left:?}");
    server.send(ToHost::Cancel).await;
    server.until_end().await;
}

#[tokio::test]
async fn the_first_task_of_the_demo_project_is_solved_and_its_tests_pass() {
    use qd_engine::demo_project::{FOUNDING_TASK, files};
    let mut stage = Stage::new(&format!("Kind: implement\nTask document: {FOUNDING_TASK}\n"));
    for (path, content) in files() {
        let file = stage.spec.cwd.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            stage.spec.env.insert(name.to_owned(), value.into_string().unwrap());
        }
    }
    let (_, attachment) = stage.attached().await;
    let mut server = Server::of(attachment);
    let asked = server.until_asked().await;
    assert_eq!(asked.detail.as_deref(), Some("cargo test --quiet"));
    server.answer(1, &asked, "allow").await;
    assert_eq!(server.until_end().await, Ending::Completed);
    let text = fs::read_to_string(stage.spec.cwd.join(FOUNDING_TASK)).unwrap();
    assert!(text.contains("- [x] `cargo test` passes"), "{text}");
}
