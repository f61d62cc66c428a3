//! Every ending that an agent can have, played by scripts that speak the protocol and then misbehave: each ends with
//! one true status and its evidence, in bounded memory, and nobody of it is left.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail anywhere")]

use qd_agents::Protocol;
use qd_core::event::{Ending, Event, EventBody};
use qd_core::ids::{MessageId, Millis, SessionId, of_cause};
use qd_core::row::{MessageBody, Permission};
use qd_core::status::Status;
use qd_engine::host::protocol::{FromHost, ToHost};
use qd_engine::host::{Attachment, Fence, FirstMessage, HostSpec, Limits, Run, attach_when_ready, inspect, launch};
use qd_proc::{Identity, marked, wait_gone};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

const QD: &str = env!("CARGO_BIN_EXE_qd-session-fixture");
const LIMIT: Duration = Duration::from_mins(1);

/// What an agent says until it has its prompt, whose id is 3.
const OPENS: &str = r#"
say() { printf '%s\n' "$1"; }
text() { say "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"s\",\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"$1\"}}}}"; }
done_with() { say "{\"jsonrpc\":\"2.0\",\"id\":$1,\"result\":{\"stopReason\":\"$2\"}}"; }
read -r line; say '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"agentCapabilities":{}}}'
read -r line; say '{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}}'
read -r line
"#;

/// An attempt of a script.
struct Stage {
    folder: TempDir,
    spec: HostSpec,
}

impl Stage {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let session = SessionId(of_cause(&[&folder.path().to_string_lossy()]));
        let spec = HostSpec {
            session,
            attempt: 1,
            agent: "robot".to_owned(),
            title: "Robot".to_owned(),
            program: "/bin/sh".into(),
            args: vec!["-c".to_owned(), format!("{OPENS}{script}")],
            version: None,
            env: BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())]),
            cwd: folder.path().to_owned(),
            messages: vec![FirstMessage { id: message(0), text: "go".to_owned(), images: Vec::new() }],
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
        self.folder.path().join("run").join("1")
    }

    fn launch(&self) -> Identity {
        launch(&self.run_dir(), &self.spec, Path::new(QD)).unwrap()
    }

    async fn attached(&self) -> (Identity, Attachment) {
        let host = self.launch();
        let attachment = attach_when_ready(&self.run_dir(), host, LIMIT).await.unwrap();
        (host, attachment)
    }

    /// Plays it to its end. Afterwards nobody of it is left.
    async fn ending(&self) -> Ending {
        let host = self.launch();
        assert_eq!(wait_gone(&[host], LIMIT).await, [], "the host ends");
        self.is_clean();
        match inspect(&self.run_dir()).unwrap() {
            Run::Ended { ending, .. } => ending,
            other => panic!("{other:?}"),
        }
    }

    fn is_clean(&self) {
        assert_eq!(marked(&self.spec.mark()).unwrap(), [], "nobody of it is left");
    }

    async fn failure(&self) -> String {
        match self.ending().await {
            Ending::Failed { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    }

    fn events(&self) -> Vec<EventBody> {
        let text = fs::read_to_string(self.run_dir().join("output.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str::<Event>(line).unwrap().body).collect()
    }

    fn said(&self) -> String {
        let said = |body| if let EventBody::Text { text } = body { Some(text) } else { None };
        self.events().into_iter().filter_map(said).collect()
    }
}

fn message(number: u32) -> MessageId {
    MessageId(of_cause(&["message", &number.to_string()]))
}

/// The most memory that a process has used, in bytes.
fn peak(process: Identity) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn an_end_without_a_last_word_is_a_failure_whatever_the_exit_code_says() {
    let stage = Stage::new("text 'half of it'; exit 0");
    assert_eq!(stage.failure().await, "Robot ended with exit code 0 in the middle of a turn.");
    assert_eq!(stage.said(), "half of it");
}

#[tokio::test]
async fn a_turn_that_was_ended_is_done_whatever_the_exit_code_says() {
    assert_eq!(Stage::new("text all; done_with 3 end_turn; exit 7").ending().await, Ending::Completed);
}

#[tokio::test]
async fn an_agent_that_ends_by_a_signal_says_which() {
    let stage = Stage::new("kill -SEGV $$");
    assert_eq!(stage.failure().await, "Robot was ended by signal 11 in the middle of a turn.");
}

#[tokio::test]
async fn an_agent_that_does_not_end_by_itself_is_ended_and_its_work_is_done_all_the_same() {
    let stage = Stage::new("trap '' TERM INT HUP; done_with 3 end_turn; while :; do sleep 1; done");
    assert_eq!(stage.ending().await, Ending::Completed);
}

#[tokio::test]
async fn an_agent_whose_launcher_died_is_ended_with_it() {
    let stage = Stage::new("setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & text one; exit 3");
    assert_eq!(stage.failure().await, "Robot ended with exit code 3 in the middle of a turn.");
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_line_invents_nothing() {
    let stage = Stage::new("text whole; printf '{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"stopRea'; exit 139");
    assert_eq!(stage.failure().await, "Robot ended with exit code 139 in the middle of a turn.");
    assert_eq!(stage.said(), "whole");
}

#[tokio::test]
async fn a_character_that_comes_in_halves_stays_whole_and_a_broken_one_is_told_apart() {
    let halves = r#"
printf '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"caf\303'
sleep 0.2; printf '\251"}}}}\n'
printf 'no protocol \377\376 at all\n'
done_with 3 end_turn
"#;
    let stage = Stage::new(halves);
    assert_eq!(stage.ending().await, Ending::Completed);
    assert_eq!(stage.said(), "café");
    let noted = |body: &EventBody| matches!(body, EventBody::Note { text } if text.contains("outside its protocol: no protocol"));
    assert!(stage.events().iter().any(noted));
}

#[tokio::test]
async fn a_line_of_100_megabytes_is_a_failure_that_says_so() {
    let stage = Stage::new("head -c 100000000 /dev/zero | tr '\\0' a; done_with 3 end_turn");
    let reason = stage.failure().await;
    assert!(reason.starts_with("Robot: the agent wrote a line of more than 67108864 bytes"), "{reason}");
}

#[tokio::test]
async fn a_gigabyte_of_complaints_is_read_and_kept_in_bounds() {
    let stage = Stage::new("head -c 1000000000 /dev/zero | tr '\\0' e >&2; text quiet; read -r line");
    let (host, mut attachment) = stage.attached().await;
    let quiet = async {
        while let Some(report) = attachment.reports.next().await.unwrap() {
            if matches!(&report, FromHost::Activity { activity } if activity.line == "quiet") {
                return;
            }
        }
        panic!("it ended");
    };
    timeout(LIMIT, quiet).await.unwrap();
    assert!(peak(host) < 48 << 20, "{} bytes", peak(host));
    let kept = fs::metadata(stage.run_dir().join("output.jsonl")).unwrap().len();
    assert!(kept < 4 << 20, "{kept} bytes");
    attachment.commands.send(&ToHost::Cancel).await.unwrap();
    assert_eq!(wait_gone(&[host], LIMIT).await, []);
    stage.is_clean();
}

#[tokio::test]
async fn an_agent_that_hangs_is_ended_with_the_reason() {
    let mut stage = Stage::new("text hm; read -r line");
    stage.spec.limits.silence_minutes = Some(0.01);
    let reason = stage.failure().await;
    assert_eq!(reason, "Robot said nothing for 0 s and was ended. A message goes on with it.");
}

#[tokio::test]
async fn a_tool_may_be_silent_for_longer_than_the_agent() {
    let running = r#"say '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s","update":{"sessionUpdate":"tool_call","toolCallId":"t","title":"make","kind":"execute","status":"in_progress"}}}'
sleep 1.2; done_with 3 end_turn"#;
    let mut stage = Stage::new(running);
    stage.spec.limits.silence_minutes = Some(0.01);
    assert_eq!(stage.ending().await, Ending::Completed);
}

#[tokio::test]
async fn what_is_used_up_pauses_and_asks_and_goes_on_when_told_so() {
    let costs = r#"
cost() { say "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":\"s\",\"update\":{\"sessionUpdate\":\"usage_update\",\"used\":1,\"size\":2,\"cost\":{\"amount\":$1,\"currency\":\"USD\"}}}}"; }
cost 1.5
read -r line; done_with 3 cancelled
read -r line; cost 2.0; text "$(printf %s "$line" | grep -o 'Go on where you stopped')"; done_with 4 end_turn
"#;
    let mut stage = Stage::new(costs);
    stage.spec.limits.usd = Some(1.0);
    let (host, mut attachment) = stage.attached().await;
    let asked = async {
        while let Some(report) = attachment.reports.next().await.unwrap() {
            if let FromHost::Status { status: Status::Paused, requests } = report {
                return requests;
            }
        }
        panic!("it ended");
    };
    let requests = timeout(LIMIT, asked).await.unwrap();
    assert_eq!(requests[0].title, "It has cost $1.50 of $1.00. Shall it go on?");
    let body = MessageBody::answer(requests[0].id, "go-on");
    attachment.commands.send(&ToHost::Deliver { message: message(1), body }).await.unwrap();
    assert_eq!(wait_gone(&[host], LIMIT).await, []);
    assert!(matches!(inspect(&stage.run_dir()).unwrap(), Run::Ended { ending: Ending::Completed, .. }));
    assert_eq!(stage.said(), "Go on where you stopped");
    stage.is_clean();
}

#[tokio::test]
async fn a_conversation_that_cannot_be_loaded_yet_waits_and_a_cancel_ends_the_wait() {
    let mut stage = Stage::new("exit 1");
    stage.spec.not_before = Some(Millis(u64::MAX));
    let (host, mut attachment) = stage.attached().await;
    attachment.commands.send(&ToHost::Cancel).await.unwrap();
    assert_eq!(wait_gone(&[host], LIMIT).await, []);
    assert!(matches!(inspect(&stage.run_dir()).unwrap(), Run::Ended { ending: Ending::Cancelled, .. }));
    let waits = |body: &EventBody| matches!(body, EventBody::Note { text } if text.contains("it starts in 120 s"));
    assert!(stage.events().iter().any(waits), "{:?}", stage.events());
}
