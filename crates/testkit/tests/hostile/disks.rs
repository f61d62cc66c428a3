//! Places that can't be written: a full disk, mounts that are read-only, folders of another user.

use super::support::{create, deck, home, is_root, project, says, serve, task, task_at};
use qd_core::command::{Command, CreateTask, StartSession};
use qd_core::ids::{Mid, SessionId, TaskId};
use qd_core::row::{JobState, Permission, Row, RowKind, Start};
use qd_core::status::Kind;
use qd_engine::time::{SystemClock, mint};
use qd_testkit::panel::{Home, finish, processes, wait_for};
use qd_wire::Mutation;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A mount that goes away with the test.
struct Mount<'a>(&'a Home, PathBuf);

impl<'a> Mount<'a> {
    fn new(home: &'a Home, arguments: &[&str], at: &Path) -> Self {
        let mounted = finish_ok(home, "mount", arguments, at);
        assert!(mounted, "{arguments:?} can't be mounted");
        Self(home, at.to_owned())
    }

    /// A folder on itself, read-only.
    fn read_only(home: &'a Home, at: &Path) -> Self {
        let mount = Self::new(home, &["--bind", at.to_str().unwrap()], at);
        assert!(finish_ok(home, "mount", &["-o", "remount,ro,bind"], at));
        mount
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        finish_ok(self.0, "umount", &["--lazy"], &self.1);
    }
}

fn finish_ok(home: &Home, program: &str, arguments: &[&str], at: &Path) -> bool {
    let mut command = home.command(program);
    command.args(arguments).arg(at);
    finish(command).is_ok_and(|ended| ended.code == Some(0))
}

/// A disk of 1 MB.
fn small_disk<'a>(home: &'a Home, at: &Path) -> Mount<'a> {
    fs::create_dir(at).unwrap();
    Mount::new(home, &["-t", "tmpfs", "-o", "size=1m", "tmpfs"], at)
}

#[test]
fn on_a_full_disk_what_was_accepted_stays_and_the_rest_is_done_once_there_is_space() {
    if !is_root("on_a_full_disk_what_was_accepted_stays_and_the_rest_is_done_once_there_is_space") {
        return;
    }
    let home = home();
    let deck = deck(&home);
    let disk = home.path("disk");
    let _disk = small_disk(&home, &disk);
    fs::write(disk.join("ballast"), vec![1; 400 << 10]).unwrap();
    let panel = home.serve(&["--data-dir", disk.to_str().unwrap(), deck.to_str().unwrap()]).unwrap();
    task_at(&panel.api, "tasks/first.md");
    let project = project(&panel.api).id;
    let mut accepted = Vec::new();
    let refused = (0..60).find_map(|number| {
        let id = TaskId(mint(&SystemClock));
        let text = format!("Task {number}\n\n{}", "words and ".repeat(2000));
        let mutation = Mutation::new(Mid(mint(&SystemClock)), &Command::CreateTask(CreateTask { id, project, text }));
        let answer = panel.api.post("/api/v1/mutations", &json!(mutation)).unwrap();
        if answer.status == 200 {
            accepted.push(id);
            return None;
        }
        Some((mutation, answer))
    });
    let (mutation, answer) = refused.expect("the disk never was full");
    assert_eq!((answer.status, answer.json()["code"].as_str()), (507, Some("storage_full")), "{}", answer.text());
    says(answer.json()["message"].as_str().unwrap(), &["No space", "Free some"]);
    assert_eq!(answer.json().get("seq"), None, "it is no definitive answer");
    let there = |ids: &[TaskId]| {
        let state = panel.api.state().unwrap();
        ids.iter().all(|id| state.task(*id).is_some())
    };
    assert!(!accepted.is_empty() && there(&accepted));
    fs::remove_file(disk.join("ballast")).unwrap();
    let outcome = panel.api.settle(&mutation).unwrap();
    assert!(outcome.ok, "{outcome:?}");
    panel.kill().unwrap();
    let again = home.serve(&["--data-dir", disk.to_str().unwrap()]).unwrap();
    let state = again.api.state().unwrap();
    assert!(accepted.iter().all(|id| state.task(*id).is_some()));
    for id in accepted {
        task(&again.api, "its file", |task| task.id == id && task.path.is_some());
    }
}

#[test]
fn a_server_does_not_start_on_a_disk_without_space_and_says_so() {
    if !is_root("a_server_does_not_start_on_a_disk_without_space_and_says_so") {
        return;
    }
    let home = home();
    let disk = home.path("disk");
    let _disk = small_disk(&home, &disk);
    let mut ballast = vec![1; 1 << 20];
    while fs::write(disk.join("ballast"), &ballast).is_err() {
        ballast.truncate(ballast.len() - 4096);
    }
    let ended = home.run(&["serve", "--no-open", "--port", "0", "--data-dir", disk.to_str().unwrap()]).unwrap();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), ""), "{}", ended.stderr);
    says(&ended.stderr, &["no space", "Free some"]);
}

#[test]
fn a_read_only_data_directory_is_named() {
    if !is_root("a_read_only_data_directory_is_named") {
        return;
    }
    let home = home();
    for made_before in [false, true] {
        if made_before {
            home.serve(&[]).unwrap().stop().unwrap();
        } else {
            fs::create_dir(home.data()).unwrap();
        }
        let _mount = Mount::read_only(&home, &home.data());
        let ended = home.run(&["serve", "--no-open", "--port", "0"]).unwrap();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), ""), "{}", ended.stderr);
        says(&ended.stderr, &[home.data().to_str().unwrap(), "can't be written", "--data-dir"]);
    }
}

#[test]
fn in_a_read_only_project_the_text_stays_with_us_and_the_task_says_why_there_is_no_file() {
    if !is_root("in_a_read_only_project_the_text_stays_with_us_and_the_task_says_why_there_is_no_file") {
        return;
    }
    let home = home();
    let deck = deck(&home);
    let _mount = Mount::read_only(&home, &deck);
    let panel = serve(&home, &deck);
    task_at(&panel.api, "tasks/first.md");
    let (id, outcome) = create(&panel.api, project(&panel.api).id, "Kept\n\nall the same");
    assert!(outcome.ok);
    let reason = wait_for("the job fails", Duration::from_secs(20), || {
        let state = panel.api.state()?;
        let mut jobs =
            state.of_kind(RowKind::Job).filter_map(|row| if let Row::Job(job) = row { Some(job) } else { None });
        Ok(jobs.find_map(|job| match &job.state {
            JobState::Failed { reason, .. } if job.task == id => Some(reason.clone()),
            _ => None,
        }))
    });
    says(&reason.unwrap(), &["tasks/", "ead-only"]);
    let document = panel.api.get(&format!("/api/v1/tasks/{id}/document")).unwrap().json();
    assert!(document["text"].as_str().unwrap_or_default().contains("all the same"), "{document}");
}

#[test]
fn another_user_is_told_that_the_data_directory_is_not_theirs() {
    if !is_root("another_user_is_told_that_the_data_directory_is_not_theirs") {
        return;
    }
    let home = home();
    home.serve(&[]).unwrap().stop().unwrap();
    // The program may lie where that user may not go.
    let qd = home.path("qd");
    fs::copy(qd_testkit::panel::built_qd().unwrap(), &qd).unwrap();
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&qd, fs::Permissions::from_mode(0o755)).unwrap();
    let files = || -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(home.data()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    for (mode, dir) in [(0o700, home.data()), (0o755, home.data()), (0o755, home.path("new"))] {
        fs::set_permissions(home.data(), fs::Permissions::from_mode(mode)).unwrap();
        let before = files();
        let mut command = home.command("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&qd);
        command.args(["serve", "--no-open", "--port", "0", "--data-dir"]).arg(&dir).current_dir("/");
        let ended = finish(command).unwrap();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(7), ""), "{mode:o} {}: {}", dir.display(), ended.stderr);
        says(&ended.stderr, &[dir.to_str().unwrap(), "ermission denied"]);
        assert!(files() == before, "the files changed");
    }
    let panel = home.serve(&[]).unwrap();
    let snapshot: Value = panel.api.get("/api/v1/snapshot").unwrap().json();
    assert!(snapshot["seq"].as_u64().unwrap() > 0);
}

#[test]
fn a_session_that_fills_the_disk_ends_with_the_reason_and_leaves_nobody() {
    if !is_root("a_session_that_fills_the_disk_ends_with_the_reason_and_leaves_nobody") {
        return;
    }
    let home = home();
    let deck = deck(&home);
    let run = home.data().join("run");
    fs::create_dir_all(home.data()).unwrap();
    let _disk = small_disk(&home, &run);
    let panel = home.serve(&[deck.to_str().unwrap()]).unwrap();
    let task = task_at(&panel.api, "tasks/first.md");
    let id = SessionId(mint(&SystemClock));
    let start = Start {
        agent: Some("demo".to_owned()),
        instructions: "[[demo: flood 200000]]".to_owned(),
        permission: Some(Permission::Everything),
        ..Start::default()
    };
    let start = StartSession { id, task: task.id, kind: Kind::Implement, start };
    assert!(panel.api.send(&Command::StartSession(start)).unwrap().ok);
    let ended = wait_for("the session ends", Duration::from_secs(40), || {
        Ok(panel.api.state()?.session(id).filter(|session| session.status.is_ended()).cloned())
    });
    let ended = ended.unwrap();
    let told = format!("{:?}", ended.ending);
    says(&told, &["No space left"]);
    wait_for("nobody is left", Duration::from_secs(5), || {
        let left = processes(&home.path(""))?.into_iter().filter(|process| process.mark.is_some()).count();
        Ok((left == 0).then_some(()))
    })
    .unwrap();
    // What was readable is.
    assert!(!panel.api.output(id).unwrap().unwrap_or_default().is_empty());
}
