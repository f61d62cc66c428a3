//! Requests that nobody should send.

use super::support::{deck, home, project, says, serve, task_at};
use qd_core::row::RowKind;
use qd_engine::time::{SystemClock, mint};
use qd_testkit::panel::Panel;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

fn id() -> String {
    mint(&SystemClock).to_string()
}

/// What a server answers to bytes.
fn told(panel: &Panel, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(panel.api.url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // A server that refuses early closes while we still write.
    let _ = stream.write_all(bytes);
    if !bytes.ends_with(b"\r\n\r\n") {
        let _ = stream.shutdown(std::net::Shutdown::Write);
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn bodies_that_are_no_mutations_are_answered_and_change_nothing() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    task_at(&panel.api, "tasks/first.md");
    let rows = |kind| panel.api.state().unwrap().of_kind(kind).count();
    let before = rows(RowKind::Task);
    let mutation = |name: &str, args: serde_json::Value| json!({ "mid": id(), "name": name, "args": args }).to_string();
    let ten_megabytes = mutation("create_task", json!({ "text": "x".repeat(10 << 20) }));
    let deep =
        format!("{{\"mid\":\"{}\",\"name\":\"x\",\"args\":{}{}}}", id(), "[".repeat(100_000), "]".repeat(100_000));
    let bodies: [(&str, String, u16, &str); 9] = [
        ("10 MB", ten_megabytes, 413, "too large"),
        ("no JSON", "{\"mid\":".to_owned(), 400, ""),
        ("nothing", String::new(), 400, ""),
        ("an array", "[1]".to_owned(), 400, ""),
        ("no mid", json!({ "name": "x", "args": {} }).to_string(), 400, "mid"),
        ("a mid that is none", json!({ "mid": "../..", "name": "x", "args": {} }).to_string(), 400, ""),
        ("deep", deep, 400, ""),
        ("an unknown command", mutation("launch_missiles", json!({})), 422, "launch_missiles"),
        ("wrong arguments", mutation("create_task", json!({ "id": 7 })), 422, ""),
    ];
    for (what, body, status, word) in bodies {
        // Who is still sending when the refusal comes may see the connection close before it sees the answer.
        let mut tries = (0..10).map(|_| panel.api.post_raw("/api/v1/mutations", body.as_bytes()));
        let answer = tries.find_map(Result::ok).unwrap();
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        let message = answer.json()["message"]
            .as_str()
            .or(answer.json()["err"]["message"].as_str())
            .unwrap_or_default()
            .to_owned();
        assert!(!message.is_empty(), "{what}: {}", answer.text());
        says(&message, &[word]);
    }
    assert_eq!(panel.api.post_raw("/api/v1/mutations", b"\xff\xfe{}").unwrap().status, 400);
    assert_eq!(rows(RowKind::Task), before);
    assert_eq!(project(&panel.api).problem, None);
}

#[test]
fn bytes_that_are_no_requests_are_answered_or_cut_and_the_server_goes_on() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    let host = panel.api.url().trim_start_matches("http://").to_owned();
    let head = format!("GET /api/v1/snapshot HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    let large = format!("{head}X-Large: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("{head}{}\r\n", "X-Many: y\r\n".repeat(5000));
    let long = format!("GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "p".repeat(1 << 20));
    for (what, bytes) in [("a large header", large), ("many headers", many), ("a long path", long)] {
        let answer = told(&panel, bytes.as_bytes());
        let refused = answer.is_empty()
            || answer.starts_with("HTTP/1.1 431")
            || answer.starts_with("HTTP/1.1 414")
            || answer.starts_with("HTTP/1.1 400");
        assert!(refused, "{what}: {}", answer.lines().next().unwrap_or_default());
    }
    let two_lengths = format!(
        "POST /api/v1/mutations HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"
    );
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        two_lengths.as_bytes(),
        b"",
    ] {
        let answer = told(&panel, bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    let no_host = told(&panel, b"GET /api/v1/snapshot HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(no_host.starts_with("HTTP/1.1 4"), "{no_host}");
    assert_eq!(panel.api.get("/api/v1/snapshot").unwrap().status, 200);
}

#[test]
fn paths_that_climb_lead_nowhere() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    let host = panel.api.url().trim_start_matches("http://").to_owned();
    let bearer = qd_testkit::panel::TOKEN;
    for path in [
        "/../../../../etc/passwd",
        "/assets/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/api/v1/sessions/..%2f..%2fserver.json/output",
        "/api/v1/tasks/%00/document",
        "/api/v1/../../data/server.json",
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {bearer}\r\nConnection: close\r\n\r\n"
        );
        let answer = told(&panel, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains(bearer), "{path}: {answer}");
    }
    let first = task_at(&panel.api, "tasks/first.md");
    for file in ["..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", ".git%2fconfig", "a%00b"] {
        let answer = panel.api.get(&format!("/api/v1/tasks/{}/changes/file?path={file}", first.id)).unwrap();
        assert!((400..500).contains(&answer.status), "{file}: {} {}", answer.status, answer.text());
    }
}

#[test]
fn offsets_that_never_were_are_conflicts_and_say_what_to_do() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    task_at(&panel.api, "tasks/first.md");
    let now = panel.api.snapshot(&[]).unwrap();
    let offset = |epoch: u64, seq: u64, tag: u32| format!("{epoch:010}.{seq:016}.{tag:08x}");
    let cases = [
        (offset(now.epoch, now.seq + 1000, now.tag), 409, "snapshot"),
        (offset(now.epoch + 1, now.seq, now.tag), 409, "snapshot"),
        (offset(now.epoch, now.seq, now.tag ^ 1), 409, "snapshot"),
        ("-1".to_owned(), 400, ""),
        ("0.0".to_owned(), 400, ""),
        (format!("{}.{}.{}", u128::MAX, u128::MAX, u128::MAX), 400, ""),
        ("%00".to_owned(), 400, ""),
    ];
    for (offset, status, word) in cases {
        for live in ["", "&live=sse"] {
            let answer = panel.api.get(&format!("/api/v1/log?offset={offset}{live}")).unwrap();
            assert_eq!(answer.status, status, "{offset}{live}: {}", answer.text());
            says(answer.json()["message"].as_str().unwrap_or(&answer.text()), &[word]);
        }
    }
    let nobody = id();
    assert_eq!(panel.api.get(&format!("/api/v1/sessions/{nobody}/output?live=sse")).unwrap().status, 404);
    assert_eq!(panel.api.get("/api/v1/sessions/nobody/output").unwrap().status, 400);
}

#[test]
fn over_a_real_socket_nobody_gets_anything_without_the_token_or_from_elsewhere() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    let host = panel.api.url().trim_start_matches("http://").to_owned();
    let bearer = qd_testkit::panel::TOKEN;
    let ask = |host: &str, more: &str| {
        told(
            &panel,
            format!("GET /api/v1/snapshot HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n").as_bytes(),
        )
    };
    let with = format!("Authorization: Bearer {bearer}\r\n");
    assert!(ask(&host, &with).starts_with("HTTP/1.1 200"));
    assert!(ask(&host, "").starts_with("HTTP/1.1 401"));
    assert!(ask("evil.example", &with).starts_with("HTTP/1.1 403"));
    let (name, port) = host.rsplit_once(':').unwrap();
    let next = format!("{name}:{}", port.parse::<u16>().unwrap().wrapping_add(1));
    for origin in ["http://evil.example".to_owned(), format!("http://{next}"), "null".to_owned()] {
        let answer = ask(&host, &format!("{with}Origin: {origin}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{origin}: {answer}");
        assert!(!answer.to_ascii_lowercase().contains("access-control"), "{answer}");
    }
    for site in ["cross-site", "same-site"] {
        let answer = ask(&host, &format!("{with}Sec-Fetch-Site: {site}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 403"), "{site}: {answer}");
    }
    let page = told(&panel, format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
        .to_ascii_lowercase();
    says(
        &page,
        &["content-security-policy: default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "nosniff"],
    );
    let policy = page.lines().find(|line| line.starts_with("content-security-policy")).unwrap();
    let scripts = policy.split(';').find(|part| part.contains("script-src")).unwrap();
    assert!(!scripts.contains("'unsafe-inline'") && !scripts.contains("'unsafe-eval'"), "{scripts}");
}
