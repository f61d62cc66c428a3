//! The commands of a person, over HTTP.

use super::support::{Home, Server};
use std::time::{Duration, Instant};

#[test]
fn without_a_server_a_command_says_so() {
    let home = Home::new();
    for command in [&["task", "list"][..], &["sessions"], &["implement", "x"], &["cancel", "abcd"]] {
        let ended = home.run(command);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{command:?}");
        assert!(ended.stderr.contains("Start one with `qd serve`"), "{}", ended.stderr);
    }
}

#[test]
fn what_is_not_understood_ends_with_2_and_prints_nothing_on_standard_output() {
    let ended = Home::new().run(&["implement"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
}

/// A server on a repository whose task was read.
fn served(home: &Home) -> Server {
    let deck = home.repository("deck");
    let server = home.serve(&[deck.to_str().unwrap()]);
    home.until(&["task", "list"], "The first task");
    server
}

#[test]
fn a_task_is_made_listed_and_shown() {
    let home = Home::new();
    let _server = served(&home);
    let made = home.run(&["--json", "task", "new", "Paint the deck\n\nIn *blue*."]).json();
    assert_eq!((&made[0]["event"], &made[1]["event"]), (&"sending".into(), &"accepted".into()));
    let id = made[0]["id"].as_str().unwrap();
    let listed = home.run(&["--json", "task", "list"]).json();
    assert!(listed.iter().any(|task| task["id"] == id && task["title"] == "Paint the deck"), "{listed:?}");
    for name in [id, &id[28..], "paint the"] {
        assert!(home.run(&["task", "show", name]).done().contains("In *blue*."), "{name}");
    }
    assert!(home.run(&["task", "show", "tasks/first.md"]).done().contains("1/2"));
}

#[test]
fn a_repeated_mid_makes_nothing_new() {
    let home = Home::new();
    let _server = served(&home);
    let made = home.run(&["--json", "task", "new", "Once"]).json();
    let mid = made[0]["mid"].as_str().unwrap();
    let again = home.run(&["--json", "task", "new", "Once", "--mid", mid]).json();
    assert_eq!(made[1], again[1]);
    let listed = home.run(&["--json", "task", "list"]).json();
    assert_eq!(listed.iter().filter(|task| task["title"] == "Once").count(), 1);
}

#[test]
fn a_refusal_ends_with_1_and_its_reason() {
    let home = Home::new();
    let _server = served(&home);
    let ended = home.run(&["--json", "keep", "first"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let error: serde_json::Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"], "refused");
    assert!(!error["message"].as_str().unwrap().is_empty());
}

#[test]
fn a_name_that_is_not_there_ends_with_6() {
    let home = Home::new();
    let _server = served(&home);
    assert_eq!(home.run(&["implement", "nothing like it"]).code, Some(6));
    assert_eq!(home.run(&["logs", "ffffffff"]).code, Some(6));
}

#[test]
fn the_demo_agent_implements_a_task_and_its_log_can_be_followed() {
    let home = Home::new();
    let _server = served(&home);
    let begun =
        home.run(&["--json", "implement", "first", "--agent", "demo", "--instructions", "[[demo: quick]]"]).json();
    let session = begun[0]["id"].as_str().unwrap();
    let followed = home.run(&["--json", "logs", "-f", session]).json();
    assert_eq!(followed.first().unwrap()["kind"], "began", "{followed:?}");
    assert_eq!(followed.last().unwrap()["kind"], "ended", "{followed:?}");
    let begun = Instant::now();
    loop {
        let sessions = home.run(&["--json", "sessions", "--all"]).json();
        let status = sessions.iter().find(|s| s["id"] == session).unwrap()["status"].clone();
        if status == "completed" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{sessions:?}");
    }
}

#[test]
fn the_doctor_tells_what_is_there_and_what_mends_what_is_not() {
    let home = Home::new();
    let findings = home.run(&["--json", "doctor"]).json();
    let named = |name: &str| {
        findings.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("{name}: {findings:?}")).clone()
    };
    assert_eq!(named("git")["ok"], true);
    assert_eq!(named("server")["says"], "not running");
    for finding in findings.iter().filter(|f| f["ok"] == false) {
        assert!(finding["mend"].is_string(), "{finding}");
    }
}

#[test]
fn the_work_of_a_task_is_commented_and_is_a_patch_that_git_takes() {
    let home = Home::new();
    let deck = home.repository("deck");
    let _server = home.serve(&[deck.to_str().unwrap()]);
    home.until(&["task", "list"], "The first task");
    assert!(home.run(&["diff", "first"]).stderr.contains("No work was done"));
    home.run(&[
        "implement",
        "first",
        "--agent",
        "demo",
        "--permission",
        "everything",
        "--instructions",
        "[[demo: quick]]",
    ])
    .done();
    home.until(&["--json", "sessions", "--all"], "completed");
    let session = home.run(&["--json", "task", "show", "first"]).json().remove(0);
    let worktree = session["branch"]["path"].as_str().unwrap().to_owned();
    std::fs::write(format!("{worktree}/blob.bin"), [0, 159, 146, 150, 10]).unwrap();
    let standing = home.run(&["--json", "worktrees"]).json();
    assert_eq!((standing.len(), standing[0]["path"].as_str()), (1, Some(worktree.as_str())));
    assert!(standing[0]["size"].as_u64().is_some_and(|size| size > 0) && standing[0]["unmerged"] == 0, "{standing:?}");
    assert!(home.run(&["worktrees"]).done().contains("The first task"));
    let told = home.run(&["diff", "--stat", "first"]).done();
    assert!(told.lines().any(|line| line.starts_with('-') && line.ends_with("blob.bin")), "{told}");
    let files = home.run(&["--json", "diff", "first"]).json();
    assert!(files.iter().any(|file| file["path"] == "blob.bin" && file["binary"] == true), "{files:?}");
    let commented = home.run(&["comment", "first", "lib count.rs:2", "Call it count."]);
    assert!(commented.stderr.contains("This file did not change"), "{commented:?}");
    std::fs::write(format!("{worktree}/lib count.rs"), "let a = 1;\nlet b = 2;\n").unwrap();
    home.run(&["comment", "first", "lib count.rs:2", "Call it count."]).done();
    home.run(&["comment", "first", "blob.bin", "What is it?"]).done();
    home.run(&["comment", "first", "--send", "--note", "[[demo: quick]]"]).done();
    let sessions = home.run(&["--json", "sessions", "--all"]).json();
    let sent = sessions.iter().find(|session| session["kind"] == "comment").unwrap();
    let told = "[[demo: quick]]\n\n### blob.bin\n\nWhat is it?\n\n### lib count.rs:2\n\n```\nlet b = 2;\n```\n\nCall it count.";
    assert_eq!(sent["instructions"], told);
    let nothing = home.run(&["comment", "first", "--send"]);
    assert_eq!(nothing.code, Some(1));
    std::fs::remove_file(format!("{worktree}/lib count.rs")).unwrap();
    let patch = home.path("work.patch");
    std::fs::write(&patch, home.run(&["diff", "first"]).done()).unwrap();
    let clean = home.repository("clean");
    let taken = home.command("git").arg("apply").arg(&patch).current_dir(&clean).status().unwrap();
    assert!(taken.success());
    assert_eq!(std::fs::read(clean.join("blob.bin")).unwrap(), [0, 159, 146, 150, 10]);
}

#[test]
fn work_is_kept_and_taken_back_in_the_worktree_where_a_revert_conflicts_and_each_command_ends_with_its_work() {
    let home = Home::new();
    let deck = home.repository("deck");
    let _server = home.serve(&[deck.to_str().unwrap()]);
    home.until(&["task", "list"], "The first task");
    let demo = ["--agent", "demo", "--instructions", "[[demo: quick]]"];
    home.run(&[&["implement", "first", "--permission", "everything"][..], &demo].concat()).done();
    home.until(&["--json", "sessions", "--all"], "completed");
    let git = |arguments: &[&str]| home.git(&deck, arguments);
    let worktree = home.run(&["--json", "task", "show", "first"]).json().remove(0)["branch"]["path"].clone();
    let file = std::path::Path::new(worktree.as_str().unwrap()).join("count.txt");
    std::fs::write(&file, "one\n").unwrap();
    home.run(&["keep", "first", "-m", "Count"]).done();
    assert_eq!(git(&["show", "main:count.txt"]), "one\n", "it is kept when the command ends");
    let again = home.run(&["keep", "first"]);
    assert_eq!(again.code, Some(8), "{again:?}");
    assert!(again.stderr.contains("There is nothing to keep"), "{again:?}");
    let jobs = home.run(&["jobs"]).done();
    assert!(jobs.contains("keep") && jobs.contains("failed: There is nothing to keep"), "{jobs}");
    let told = home.run(&["revert", "first"]);
    assert_eq!(told.code, Some(1), "what failed is settled first: {told:?}");
    home.run(&["jobs", "drop", "first"]).done();
    std::fs::write(deck.join("count.txt"), "one\ntwo\n").unwrap();
    git(&["commit", "-qam", "Build upon it"]);
    let failed = home.run(&["revert", "first"]);
    assert_eq!(failed.code, Some(8), "{failed:?}");
    assert!(failed.stderr.contains("count.txt"), "{failed:?}");
    home.run(&["revert", "first", "--worktree"]).done();
    home.run(&["resolve", "first", "count.txt", "file"]).done();
    std::fs::write(&file, "two\n").unwrap();
    home.run(&["keep", "first"]).done();
    assert_eq!(git(&["show", "main:count.txt"]), "two\n");
    assert_eq!(git(&["log", "-1", "--format=%s", "main"]), "Revert \"The first task\"\n");
    home.until(&["--json", "task", "show", "first"], "\"taking_back\":null");
    assert_eq!(home.run(&["--json", "jobs"]).json().len(), 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n", "the worktree has the work again");
}

#[test]
fn a_task_is_archived_and_restored() {
    let home = Home::new();
    let deck = home.repository("deck");
    let _server = home.serve(&[deck.to_str().unwrap()]);
    home.until(&["task", "list"], "The first task");
    assert_eq!(home.run(&["restore", "first"]).code, Some(1), "it is not archived");
    home.run(&["archive", "first"]).done();
    home.until(&["--json", "task", "show", "first"], "tasks/archive/");
    assert!(!deck.join("tasks/first.md").exists());
    home.run(&["restore", "first"]).done();
    home.until(&["--json", "task", "show", "first"], "\"tasks/first.md\"");
    assert!(deck.join("tasks/first.md").exists());
}

#[test]
fn what_is_archived_and_restored_is_committed_where_that_is_set_and_nothing_else() {
    let home = Home::new();
    let deck = home.repository("deck");
    std::fs::create_dir_all(home.data()).unwrap();
    std::fs::write(home.data().join("config.toml"), "[tasks]\ncommit = true\n").unwrap();
    let _server = home.serve(&[deck.to_str().unwrap()]);
    home.until(&["task", "list"], "The first task");
    std::fs::write(deck.join("mine.txt"), "mine\n").unwrap();
    home.git(&deck, &["add", "mine.txt"]);
    home.run(&["archive", "first"]).done();
    home.settled();
    assert_eq!(home.git(&deck, &["log", "-1", "--format=%s"]), "Archive \"The first task\"\n");
    let moved = home.git(&deck, &["show", "--format=", "--name-status", "-M", "HEAD"]);
    assert!(moved.starts_with("R100\ttasks/first.md\ttasks/archive/") && moved.lines().count() == 1, "{moved}");
    assert_eq!(home.git(&deck, &["status", "--porcelain"]), "A  mine.txt\n", "what the user staged is as it was");
    home.run(&["restore", "first"]).done();
    home.settled();
    assert_eq!(home.git(&deck, &["log", "-1", "--format=%s"]), "Restore \"The first task\"\n");
    assert_eq!(home.git(&deck, &["status", "--porcelain"]), "A  mine.txt\n");
}
