//! Claims about the webhook, with a listener that answers as it is told.

use super::*;
use crate::testing::{Bench, fresh};
use qd_core::command::{Command, EndSession, ReportSession, StartSession};
use qd_core::event::{Activity, Ending, OptionEffect, Request, RequestOption};
use qd_core::ids::RequestId;
use qd_core::row::Start;
use qd_core::status::Kind;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

struct Post {
    signature: Option<String>,
    body: String,
}

impl Post {
    fn says(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["says"].as_str().unwrap().to_owned()
    }
}

/// Answers with these statuses one after the other, then with 200.
fn listener(statuses: &'static [u16]) -> (Webhook, Receiver<Post>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?key=secret", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut signature, mut length) = (None, 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let Some((name, value)) = line.trim().split_once(": ") else {
                    if line.trim().is_empty() {
                        break;
                    }
                    continue;
                };
                match name.to_ascii_lowercase().as_str() {
                    "x-quarterdeck-signature" => signature = Some(value.to_owned()),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let status = statuses.get(n).unwrap_or(&200);
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if sender.send(Post { signature, body: String::from_utf8(body).unwrap() }).is_err() {
                return;
            }
        }
    });
    (Webhook { url, secret: Some("key".to_owned()), panel: "http://panel".to_owned() }, receiver)
}

fn heard(posts: &Receiver<Post>) -> Post {
    tokio::task::block_in_place(|| posts.recv_timeout(PATIENCE)).unwrap()
}

/// A session that runs.
async fn running(bench: &Bench, file: &str) -> SessionId {
    let id = SessionId(fresh());
    let start = Start { agent: Some("demo".into()), ..Start::default() };
    let task = bench.task(file).id;
    bench.person(Command::StartSession(StartSession { id, task, kind: Kind::Implement, start })).await;
    report(bench, id, Status::Running, Vec::new()).await;
    id
}

async fn report(bench: &Bench, id: SessionId, status: Status, requests: Vec<Request>) {
    bench
        .server(Command::ReportSession(ReportSession {
            id,
            attempt: 1,
            status,
            requests,
            conversation: None,
            branch: None,
        }))
        .await;
}

async fn asks(bench: &Bench, id: SessionId) {
    let request = Request {
        id: RequestId(fresh()),
        title: "Run `make`?".into(),
        detail: None,
        tool: None,
        options: vec![RequestOption::new("yes", "Yes", OptionEffect::AllowOnce)],
        question: false,
        takes_note: false,
        input: None,
    };
    report(bench, id, Status::NeedsApproval, vec![request]).await;
}

async fn ends(bench: &Bench, id: SessionId) {
    let ending = Ending::Completed;
    let activity = Activity::default();
    bench
        .server(Command::EndSession(EndSession { id, attempt: 1, ending, output_end: 0, activity, conversation: None }))
        .await;
}

async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.engine.detect_agents().await;
    bench
}

/// Turned on before anything was.
fn listen(bench: &Bench, hook: Webhook) {
    receipts::store(&bench.engine, RECEIPT, &Told::default()).unwrap();
    bench.engine.run_webhook(hook);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_state_that_needs_a_person_is_told_once_and_signed() {
    let (bench, (hook, posts)) = (bench().await, listener(&[]));
    listen(&bench, hook);
    let id = running(&bench, "tasks/one.md").await;
    asks(&bench, id).await;
    let post = heard(&posts);
    assert_eq!(post.says(), "Implement needs approval: One");
    assert!(post.body.contains(&format!("http://panel/sessions/{id}")) && post.body.contains("Run `make`?"));
    assert_eq!(post.signature, Some(signature("key", &post.body)));
    ends(&bench, id).await;
    assert_eq!(heard(&posts).says(), "Implement done: One");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_answered_at_once_tells_nobody() {
    let (bench, (hook, posts)) = (bench().await, listener(&[]));
    listen(&bench, hook);
    let id = running(&bench, "tasks/one.md").await;
    asks(&bench, id).await;
    report(&bench, id, Status::Running, Vec::new()).await;
    ends(&bench, id).await;
    assert_eq!(heard(&posts).says(), "Implement done: One", "the question was gone before it was told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_is_tried_again_and_what_is_refused_is_not() {
    let (bench, (hook, posts)) = (bench().await, listener(&[503, 200, 404]));
    listen(&bench, hook);
    let one = running(&bench, "tasks/one.md").await;
    ends(&bench, one).await;
    assert_eq!(heard(&posts).says(), "Implement done: One");
    assert_eq!(heard(&posts).says(), "Implement done: One", "once more, as it broke");
    let two = running(&bench, "tasks/two.md").await;
    asks(&bench, two).await;
    assert_eq!(heard(&posts).says(), "Implement needs approval: Two");
    ends(&bench, two).await;
    assert_eq!(heard(&posts).says(), "Implement done: Two", "a refusal is not repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_tells_what_happened_meanwhile_and_nothing_again() {
    let (bench, (hook, posts)) = (bench().await, listener(&[]));
    listen(&bench, hook.clone());
    let (one, two) = (running(&bench, "tasks/one.md").await, running(&bench, "tasks/two.md").await);
    ends(&bench, one).await;
    assert_eq!(heard(&posts).says(), "Implement done: One");
    // Killed before this it would be told once more.
    while receipts::load::<Told>(&bench.engine, RECEIPT).is_none_or(|told| !told.0.contains_key(&one)) {
        tokio::task::yield_now().await;
    }
    let bench = bench.restarted().await;
    ends(&bench, two).await;
    let bench = bench.restarted().await;
    bench.engine.run_webhook(hook);
    assert_eq!(heard(&posts).says(), "Implement done: Two");
    assert!(posts.try_recv().is_err());
}

#[test]
fn the_signature_is_that_of_the_standard() {
    // RFC 4231, test case 2.
    assert_eq!(
        signature("Jefe", "what do ya want for nothing?"),
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}
