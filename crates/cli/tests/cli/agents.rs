//! `qd agents`: adding, looking, installing, removing.

use super::support::Home;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn an_agent_is_added_tried_and_removed() {
    let home = Home::new();
    let deck = home.repository("deck");
    let _server = home.serve(&[deck.to_str().unwrap()]);
    let added = home
        .run(&[
            "agents",
            "add",
            "mine",
            "--title",
            "My own",
            "--env",
            "QD_DEMO_STEP_MS=1",
            "--",
            env!("CARGO_BIN_EXE_qd"),
            "demo-agent",
        ])
        .done();
    assert!(added.contains("mine: My own") && added.contains("found, not tried, added"), "{added}");
    home.until(&["task", "list"], "The first task");
    home.run(&["implement", "first", "--agent", "mine", "--permission", "everything"]).done();
    home.until(&["agents"], "found, added");
    let session = home.run(&["--json", "sessions", "--all"]).json().remove(0);
    let wire = home.run(&["logs", "--wire", session["id"].as_str().unwrap()]).json();
    assert_eq!((&wire[0]["dir"], &wire[0]["msg"]["method"]), (&">".into(), &"initialize".into()));
    assert!(wire.iter().any(|line| line["dir"] == "<" && line["msg"]["result"]["stopReason"] == "end_turn"));
    home.run(&["agents", "remove", "mine"]).done();
    assert!(!home.run(&["agents"]).done().contains("My own"));
}

#[test]
fn what_a_registry_offers_is_added_and_what_cannot_be_says_why() {
    let home = Home::new();
    let _server = home.serve(&[home.repository("deck").to_str().unwrap()]);
    let file = home.path("registry.json");
    let text = r#"{"agents": [
        {"id": "snake", "name": "Snake", "version": "1.0.0", "description": "", "distribution": {"uvx": {"package": "snake@1.0.0"}}},
        {"id": "crate", "name": "Crate", "version": "1.0.0", "description": "", "distribution": {"binary": {}}}
    ]}"#;
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let listed = home.run(&["agents", "registry", file]).done();
    assert!(listed.contains("snake: Snake 1.0.0") && listed.contains("not made for this system"), "{listed}");
    let added = home.run(&["agents", "add", "snake", "--registry", file]).done();
    assert!(added.contains("snake: Snake: ") && added.contains("added"), "{added}");
    for (arguments, says) in [
        (&["agents", "add", "crate", "--registry", file][..], "not made for this system"),
        (&["agents", "add", "none", "--registry", file], "no agent `none`"),
        (&["agents", "registry", "/nowhere.json"], "can't be read"),
        (&["agents", "registry", "http://example.org/r.json"], "https only"),
    ] {
        let ended = home.run(arguments);
        assert_ne!(ended.code, Some(0));
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn an_installation_that_fails_says_why_and_is_tried_again() {
    let home = Home::new();
    let npm = home.path("bin/npm");
    fs::create_dir(home.path("bin")).unwrap();
    let script = |text: &str| {
        fs::write(&npm, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("echo 'npm error network is unreachable' >&2; exit 1");
    let _server = home.serve_with(&[home.repository("deck").to_str().unwrap()], |command| {
        command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", home.path("bin").display()));
    });
    let failed = home.run(&["agents", "install", "gemini"]);
    assert!(failed.stderr.contains("network is unreachable"), "{}", failed.stderr);
    assert!(home.run(&["agents"]).done().contains("network is unreachable"));
    script(
        "test \"$1\" = ci && mkdir -p node_modules/.bin && printf '#!/bin/sh\\necho 0.61.0\\n' > node_modules/.bin/gemini && chmod +x node_modules/.bin/gemini",
    );
    let done = home.run(&["agents", "install", "gemini"]).done();
    assert!(done.contains("gemini: Gemini CLI 0.61.0"), "{done}");
}

#[test]
fn conversations_from_outside_are_listed_for_the_projects_that_are_open() {
    let home = Home::new();
    let deck = home.repository("deck");
    let _server = home.serve(&[deck.to_str().unwrap()]);
    assert_eq!(home.run(&["--json", "adopt"]).json(), Vec::<serde_json::Value>::new());
    let folder = home.path(".claude/projects/deck");
    fs::create_dir_all(&folder).unwrap();
    let said = |cwd: &str| format!(r#"{{"type":"user","message":{{"content":"Mend the clock"}},"cwd":"{cwd}"}}"#);
    fs::write(folder.join("0199-a.jsonl"), said(deck.to_str().unwrap())).unwrap();
    fs::write(folder.join("0198-b.jsonl"), said("/elsewhere")).unwrap();
    let listed = home.run(&["adopt"]).done();
    assert!(
        listed.contains("0199-a") && listed.contains("claude-code") && listed.contains("Mend the clock"),
        "{listed}"
    );
    assert!(!listed.contains("0198-b"), "{listed}");
    home.until(&["task", "list"], "The first task");
    let unknown = home.run(&["adopt", "0198-b", "--task", "first"]);
    assert_eq!(unknown.code, Some(8));
    assert!(unknown.stderr.contains("no conversation begins with `0198-b`"), "{}", unknown.stderr);
}
