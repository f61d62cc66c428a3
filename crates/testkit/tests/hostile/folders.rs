//! Folders that are no ordinary repository.

use super::support::{SOON, create, deck, ended, home, project, refusal, says, serve, start, task_at};
use qd_core::command::{Command, SaveDocument};
use qd_core::status::Status;
use qd_testkit::panel::wait_for;
use serde_json::json;
use std::fs;

#[test]
fn a_folder_without_git_is_read_and_edited_and_starting_says_what_is_missing() {
    let home = home();
    let dir = home.path("plain");
    fs::create_dir_all(dir.join("tasks")).unwrap();
    fs::write(dir.join("tasks/one.md"), "# One\n").unwrap();
    let panel = serve(&home, &dir);
    says(&project(&panel.api).problem.unwrap(), &["not a git repository", "git init"]);
    let one = task_at(&panel.api, "tasks/one.md");
    says(&refusal(start(&panel.api, one.id, "demo").1), &["not a git repository", "git init"]);
    says(&refusal(create(&panel.api, project(&panel.api).id, "Two").1), &["No task can be made here", "git init"]);
    let save = SaveDocument { id: one.id, base: one.document.version, text: "# One, edited\n".to_owned() };
    assert!(panel.api.send(&Command::SaveDocument(save)).unwrap().ok);
    wait_for("the file is written", SOON, || {
        Ok((fs::read_to_string(dir.join("tasks/one.md"))? == "# One, edited\n").then_some(()))
    })
    .unwrap();
    let said = home.run(&["implement", "One", "--agent", "demo"]).unwrap();
    assert_eq!(said.code, Some(1));
    says(&said.stderr, &["git init"]);
    assert!(!dir.join(".git").exists());
}

#[test]
fn an_empty_repository_asks_for_a_first_commit() {
    let home = home();
    let dir = home.path("empty");
    fs::create_dir_all(dir.join("tasks")).unwrap();
    fs::write(dir.join("tasks/one.md"), "# One\n").unwrap();
    home.git(&dir, &["init", "--quiet", "--initial-branch=main"]).unwrap();
    let panel = serve(&home, &dir);
    says(&project(&panel.api).problem.unwrap(), &["no commit", "git commit"]);
    let one = task_at(&panel.api, "tasks/one.md");
    says(&refusal(start(&panel.api, one.id, "demo").1), &["no commit", "git commit"]);
    home.git(&dir, &["commit", "--quiet", "--allow-empty", "--message=Start"]).unwrap();
    wait_for("the first commit is seen", SOON, || Ok(project(&panel.api).problem.is_none().then_some(()))).unwrap();
}

#[test]
fn on_a_detached_head_agents_work_and_keeping_says_why_not() {
    let home = home();
    let dir = deck(&home);
    home.git(&dir, &["checkout", "--quiet", "--detach"]).unwrap();
    let panel = serve(&home, &dir);
    let first = task_at(&panel.api, "tasks/first.md");
    assert_eq!(project(&panel.api).branch, None);
    let (session, started) = start(&panel.api, first.id, "demo");
    assert!(started.ok, "{started:?}");
    assert_eq!(ended(&panel.api, session).status, Status::Completed);
    let branch = task_at(&panel.api, "tasks/first.md").branch.unwrap();
    assert_eq!(branch.target, None);
    let kept = home.run(&["keep", "first"]).unwrap();
    assert_eq!(kept.code, Some(1), "{kept:?}");
    says(&kept.stderr, &["branch"]);
    assert!(home.git(&dir, &["symbolic-ref", "--quiet", "HEAD"]).is_err(), "HEAD is detached as before");
}

#[test]
fn a_bare_repository_is_refused_where_it_is_named() {
    let home = home();
    let bare = home.path("bare.git");
    home.git(&home.path(""), &["init", "--quiet", "--bare", "bare.git"]).unwrap();
    let refused = home.run(&["serve", "--no-open", "--port", "0", bare.to_str().unwrap()]).unwrap();
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(7), ""), "{}", refused.stderr);
    says(&refused.stderr, &["bare", "bare.git"]);
    let panel = home.serve(&[]).unwrap();
    for (path, word) in [(bare.to_str().unwrap(), "bare"), ("/nonexistent", "/nonexistent"), ("relative", "relative")] {
        let answer = panel.api.post("/api/v1/projects", &json!({ "path": path })).unwrap();
        assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        says(answer.json()["message"].as_str().unwrap(), &[word]);
    }
    let file = home.path("file");
    fs::write(&file, "no folder").unwrap();
    let answer = panel.api.post("/api/v1/projects", &json!({ "path": file })).unwrap();
    assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text());
    let inside = panel.api.post("/api/v1/projects", &json!({ "path": bare.join("objects") })).unwrap();
    assert!((400..500).contains(&inside.status), "{} {}", inside.status, inside.text());
}
