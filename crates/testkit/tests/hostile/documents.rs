//! Task documents and titles that nobody should write and somebody will.

use super::support::{create, deck, ended, home, project, refusal, says, serve, start, task, task_at};
use qd_core::command::{Command, SaveDocument};
use qd_core::row::{JobState, Row, RowKind};
use qd_core::status::Status;
use qd_testkit::panel::wait_for;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[test]
fn file_names_with_blanks_quotes_and_emoji_are_tasks_and_agents_work_on_them() {
    let home = home();
    let dir = deck(&home);
    let names = [
        "a b  c.md",
        "it's \"quoted\" $(id) `id`.md",
        "🚢 ship äöü.md",
        "-rf.md",
        "a..b.md",
        "%2e%2e%2f.md",
        "[x]*?.md",
    ];
    for name in names {
        fs::write(dir.join("tasks").join(name), format!("# Title of {name}\n\n- [ ] box\n")).unwrap();
    }
    let panel = serve(&home, &dir);
    for name in names {
        let task = task_at(&panel.api, &format!("tasks/{name}"));
        assert_eq!((task.title, task.problem), (format!("Title of {name}"), None));
    }
    let begun: Vec<_> = names[..4]
        .iter()
        .map(|name| start(&panel.api, task_at(&panel.api, &format!("tasks/{name}")).id, "demo"))
        .collect();
    for ((session, started), name) in begun.into_iter().zip(names) {
        assert!(started.ok, "{name}: {started:?}");
        let session = ended(&panel.api, session);
        assert_eq!(session.status, Status::Completed, "{name}: {:?}", session.ending);
        let ticked = wait_for("its box is ticked in the project's file", Duration::from_secs(10), || {
            Ok(fs::read_to_string(dir.join("tasks").join(name))?.contains("- [x] box").then_some(()))
        });
        ticked.unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

#[test]
fn file_names_that_no_line_can_hold_are_shown_with_what_is_wrong() {
    let home = home();
    let dir = deck(&home);
    fs::write(dir.join("tasks/new\nline.md"), "# One\n").unwrap();
    fs::write(dir.join("tasks").join(std::ffi::OsStr::from_bytes(b"latin-\xe4.md")), "# Two\n").unwrap();
    let panel = serve(&home, &dir);
    for (part, word) in [("new", "line break"), ("latin-", "not UTF-8")] {
        let found = task(&panel.api, part, |task| task.path.as_deref().is_some_and(|path| path.contains(part)));
        says(found.problem.as_deref().unwrap(), &[word, "Rename"]);
        says(&refusal(start(&panel.api, found.id, "demo").1), &[word]);
    }
}

/// Every file of a home but the data directory, the logs and what git keeps.
fn files_of(root: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name == "data" || name == ".git" || name == "server.log" {
            continue;
        }
        if path.is_dir() {
            files_of(&path, found);
        } else {
            found.insert(path);
        }
    }
}

#[test]
fn titles_become_files_in_the_tasks_folder_and_nowhere_else() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    task_at(&panel.api, "tasks/first.md");
    let mut before = BTreeSet::new();
    files_of(&home.path(""), &mut before);
    let long = "long ".repeat(4000);
    let titles = [
        "../../../outside",
        "..",
        "/etc/passwd",
        "a/b\\c",
        "$(touch pwned) `touch pwned`; rm -rf .",
        "'\"",
        "🚢🚢🚢",
        ".git/hooks/pre-commit",
        "-rf",
        "first",
        "First",
        "\u{202e}gnp.exe",
        "%2e%2e%2f",
        "CON",
        "archive/../..",
        &long,
    ];
    let project = project(&panel.api).id;
    let mut made = BTreeSet::new();
    for title in titles {
        let (id, outcome) = create(&panel.api, project, title);
        let short: String = title.chars().take(40).collect();
        assert!(outcome.ok, "{short}: {outcome:?}");
        let task = task(&panel.api, &short, |task| task.id == id && task.path.is_some());
        let path = task.path.unwrap();
        assert!(path.starts_with("tasks/") && !path.contains(".."), "{short}: {path}");
        assert_eq!(Path::new(&path).extension().unwrap(), "md", "{short}: {path}");
        assert!(fs::read_to_string(dir.join(&path)).unwrap().contains(title.trim()), "{path}");
        assert!(made.insert(path.clone()), "{path} is made twice");
    }
    let mut after = BTreeSet::new();
    files_of(&home.path(""), &mut after);
    let new: BTreeSet<String> = after
        .difference(&before)
        .map(|path| path.strip_prefix(&dir).unwrap_or(path).to_string_lossy().into_owned())
        .collect();
    assert_eq!(new, made);
    assert_eq!(fs::read_to_string(dir.join("tasks/first.md")).unwrap(), "# The first task\n\n- [ ] one\n");
}

#[test]
fn a_title_of_nothing_or_with_a_nul_is_refused_or_harmless() {
    let home = home();
    let dir = deck(&home);
    let panel = serve(&home, &dir);
    let project = project(&panel.api).id;
    for text in ["", "   \n\n", "a\0b"] {
        let (id, outcome) = create(&panel.api, project, text);
        if outcome.ok {
            let task = task(&panel.api, "its file", |task| task.id == id && task.path.is_some());
            assert!(dir.join(task.path.unwrap()).is_file());
        } else {
            assert!(!refusal(outcome).is_empty());
        }
    }
}

#[test]
fn links_out_of_the_project_are_neither_read_nor_written() {
    let home = home();
    let dir = deck(&home);
    let secret = home.path("secret.md");
    fs::write(&secret, "# The secret of somebody\n").unwrap();
    symlink(&secret, dir.join("tasks/out.md")).unwrap();
    symlink("/nonexistent", dir.join("tasks/nowhere.md")).unwrap();
    symlink("loop.md", dir.join("tasks/loop.md")).unwrap();
    symlink("../.git/config", dir.join("tasks/config.md")).unwrap();
    symlink("first.md", dir.join("tasks/inside.md")).unwrap();
    let panel = serve(&home, &dir);
    for (name, word) in
        [("out", "out of the project"), ("nowhere", "nowhere"), ("loop", "nowhere"), ("config", "out of the project")]
    {
        let task = task_at(&panel.api, &format!("tasks/{name}.md"));
        says(task.problem.as_deref().unwrap(), &[word]);
        says(&refusal(start(&panel.api, task.id, "demo").1), &[word]);
        let document = panel.api.get(&format!("/api/v1/tasks/{}/document", task.id)).unwrap().text();
        assert!(!document.contains("The secret") && !document.contains("repositoryformatversion"), "{document}");
    }
    assert_eq!(task_at(&panel.api, "tasks/inside.md").problem, None);
    let out = task_at(&panel.api, "tasks/out.md");
    let save = SaveDocument { id: out.id, base: out.document.version, text: "# Overwritten\n".to_owned() };
    let saved = panel.api.send(&Command::SaveDocument(save)).unwrap();
    if saved.ok {
        wait_for("the write fails", Duration::from_secs(20), || {
            let state = panel.api.state()?;
            let failed = |row: &Row| matches!(row, Row::Job(job) if matches!(job.state, JobState::Failed { .. }));
            Ok(state.of_kind(RowKind::Job).any(failed).then_some(()))
        })
        .unwrap();
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "# The secret of somebody\n");
    assert!(fs::symlink_metadata(dir.join("tasks/out.md")).unwrap().is_symlink());
}

#[test]
fn a_tasks_folder_that_leads_out_of_the_project_is_left_alone() {
    let home = home();
    let dir = deck(&home);
    let elsewhere = home.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("private.md"), "# Private\n").unwrap();
    fs::remove_dir_all(dir.join("tasks")).unwrap();
    symlink(&elsewhere, dir.join("tasks")).unwrap();
    let panel = serve(&home, &dir);
    let project = project(&panel.api);
    says(project.problem.as_deref().unwrap(), &["link out of the project"]);
    let _ = create(&panel.api, project.id, "New");
    assert_eq!(
        panel
            .api
            .state()
            .unwrap()
            .of_kind(RowKind::Task)
            .filter(|row| matches!(row, Row::Task(t) if t.title == "Private"))
            .count(),
        0
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1);
}

#[test]
fn files_that_are_too_large_or_no_text_are_shown_with_what_is_wrong_and_stay_as_they_are() {
    let home = home();
    let dir = deck(&home);
    let large = format!("# Large\n{}", "0123456789abcdef\n".repeat(5 << 16)).into_bytes();
    assert!(large.len() > 5 << 20);
    let latin = b"# Latin \xe4\xf6\xfc\n".to_vec();
    let binary: Vec<u8> = (0..=255).cycle().take(4096).collect();
    let all = [("large", &large, "Split it"), ("latin", &latin, "UTF-8"), ("binary", &binary, "UTF-8")];
    for (name, bytes, _) in all {
        fs::write(dir.join(format!("tasks/{name}.md")), bytes).unwrap();
    }
    let panel = serve(&home, &dir);
    for (name, bytes, word) in all {
        let task = task_at(&panel.api, &format!("tasks/{name}.md"));
        says(task.problem.as_deref().unwrap(), &[word]);
        says(&refusal(start(&panel.api, task.id, "demo").1), &[word]);
        assert_eq!(fs::read(dir.join(format!("tasks/{name}.md"))).unwrap(), *bytes);
    }
    let (id, outcome) = create(&panel.api, project(&panel.api).id, &"x".repeat(5 << 20));
    assert!(!outcome.ok && panel.api.state().unwrap().task(id).is_none());
    assert!(!refusal(outcome).is_empty());
}
