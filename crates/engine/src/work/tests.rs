//! Claims about worktrees, what changed in them, and bringing documents back.

use super::*;
use crate::FileSide;
use crate::testing::{Bench, fresh, git};
use qd_core::command::{Command, ReportSession, SaveDocument, StartSession};
use qd_core::ids::SessionId;
use qd_core::row::{Agent, Start, Task};
use qd_core::status::{Kind, Status as SessionStatus};
use qd_wire::{FileContent, LineSide};
use std::fs;

/// A bench with a session on the first task, and its worktree.
async fn at_work() -> (Bench, Task, SessionId, Ready) {
    let bench = Bench::new().await;
    let task = bench.task("tasks/one.md");
    let (session, ready) = begin(&bench, &task).await;
    (bench, task, session, ready)
}

async fn begin(bench: &Bench, task: &Task) -> (SessionId, Ready) {
    let session = SessionId(fresh());
    bench.engine.detect_agents().await;
    assert!(bench.engine.read(|state| state.agents().iter().any(|a: &&Agent| a.scripted)));
    let start = Start { agent: Some("demo".into()), ..Start::default() };
    bench
        .person(Command::StartSession(StartSession { id: session, task: task.id, kind: Kind::Implement, start }))
        .await;
    let ready = ensure_worktree(&bench.engine, session, task.id).await.unwrap();
    let report = ReportSession {
        id: session,
        attempt: 1,
        status: SessionStatus::Running,
        requests: vec![],
        conversation: None,
        branch: Some(ready.branch.clone()),
    };
    bench.server(Command::ReportSession(report)).await;
    (session, ready)
}

#[tokio::test]
async fn a_worktree_begins_at_head_with_the_document_of_now_and_the_ignored_environment() {
    let bench = Bench::new().await;
    bench.write(".gitignore", ".env.local\n");
    bench.git(&["add", ".gitignore"]);
    bench.git(&["commit", "-q", "-m", "Ignore"]);
    bench.write(".gitignore", ".env*\n");
    bench.write(".env.local", "KEY=1\n");
    bench.write(".env.secret", "KEY=2\n");
    bench.write("tasks/one.md", "# One, not committed\n");
    let task = bench.wait_task("tasks/one.md", |t| t.title == "One, not committed").await;
    let (session, ready) = begin(&bench, &task).await;
    let branch = &ready.branch;
    let id = session.0.simple().to_string();
    assert_eq!(branch.name, format!("qd/one-not-committed-{}", &id[26..]));
    assert_eq!(
        (branch.base.as_str(), branch.target.as_deref()),
        (bench.git(&["rev-parse", "HEAD"]).trim(), Some("main"))
    );
    let file = |path: &str| fs::read_to_string(Path::new(&branch.path).join(path)).unwrap();
    assert_eq!((file("tasks/one.md").as_str(), file(".env.local").as_str()), ("# One, not committed\n", "KEY=1\n"));
    assert!(!Path::new(&branch.path).join(".env.secret").exists(), "git would keep it there");
    assert_eq!(ready.base, task.document.version);
    assert_eq!(bench.engine.changes(task.id).await.unwrap().unwrap().files, [], "the document is no change");
    let again = ensure_worktree(&bench.engine, session, task.id).await.unwrap();
    assert_eq!(again.branch.path, branch.path);
}

#[tokio::test]
async fn what_the_work_changed_is_told_by_git_and_counted_once() {
    let (bench, task, _, ready) = at_work().await;
    let worktree = Path::new(&ready.branch.path);
    fs::write(worktree.join("lib.rs"), "fn a() {}\nfn b() {}\n").unwrap();
    fs::write(worktree.join("new.rs"), "new\n").unwrap();
    fs::write(worktree.join("tasks/one.md"), "# Changed\n").unwrap();
    let changes = bench.engine.changes(task.id).await.unwrap().unwrap();
    let told: Vec<_> = changes.files.iter().map(|f| (f.path.as_str(), f.status, f.additions, f.deletions)).collect();
    assert_eq!(told, [("lib.rs", FileStatus::Modified, 1, 0), ("new.rs", FileStatus::Added, 1, 0)]);
    let diff = bench.engine.file_diff(task.id, "lib.rs", None).await.unwrap().unwrap();
    let lines: Vec<_> = diff.hunks[0].lines.iter().map(|line| (line.side, line.text.as_str())).collect();
    assert_eq!(lines, [(LineSide::Both, "fn a() {}"), (LineSide::New, "fn b() {}")]);
    assert_eq!((diff.content, diff.new_lines, diff.truncated), (FileContent::Text, 2, false));
    assert_eq!(bench.engine.file_diff(task.id, "tasks/one.md", None).await.unwrap(), None);
    bench.engine.count_changes(task.id).await;
    let counted = || {
        let Changed { files, additions, deletions, tree, .. } =
            bench.task("tasks/one.md").branch.unwrap().changed.unwrap();
        assert_eq!(tree.len(), 40);
        (files, additions, deletions)
    };
    assert_eq!(counted(), (2, 2, 0));
    // Back and forth: the count follows, though the tree is one that was there before.
    fs::remove_file(worktree.join("new.rs")).unwrap();
    bench.engine.count_changes(task.id).await;
    assert_eq!(counted(), (1, 1, 0));
    fs::write(worktree.join("new.rs"), "new\n").unwrap();
    bench.engine.count_changes(task.id).await;
    assert_eq!(counted(), (2, 2, 0));
    let head = *bench.engine.head().borrow();
    bench.engine.count_changes(task.id).await;
    assert_eq!(*bench.engine.head().borrow(), head, "nothing new is not told");
}

#[tokio::test]
async fn a_refresh_after_one_change_takes_three_git_processes_and_after_none_one() {
    let (bench, task, _, ready) = at_work().await;
    bench.settled().await;
    let noted = bench.engine.config().data_dir.join("noted");
    fs::create_dir(&noted).unwrap();
    // Git writes a file for each of its processes into this folder.
    let settings = bench.engine.config().home.join(".gitconfig");
    let before = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{before}[trace2]\neventTarget = {}\n", noted.display())).unwrap();
    let processes = || {
        let entries: Vec<_> = fs::read_dir(&noted).unwrap().map(|entry| entry.unwrap().path()).collect();
        for entry in &entries {
            fs::remove_file(entry).unwrap();
        }
        entries.len()
    };
    let changed = async |text: &str| {
        fs::write(Path::new(&ready.branch.path).join("lib.rs"), text).unwrap();
        bench.engine.changes(task.id).await.unwrap().unwrap().tree
    };
    let first = changed("fn b() {}\n").await;
    processes();
    let second = changed("fn c() {}\n").await;
    assert_ne!(first, second);
    assert_eq!(processes(), 3);
    assert_eq!(changed("fn c() {}\n").await, second);
    assert_eq!(processes(), 1);
}

#[tokio::test]
async fn a_file_is_shown_as_the_list_had_it_though_the_worktree_moved_on() {
    let (bench, task, _, ready) = at_work().await;
    let worktree = Path::new(&ready.branch.path);
    let text = (1..=40).map(|n| format!("line {n}\r\n")).collect::<Vec<_>>().concat();
    fs::write(worktree.join("lib.rs"), format!("{text}let a = 1;")).unwrap();
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 40]].concat();
    fs::write(worktree.join("dot.png"), &png).unwrap();
    let tree = bench.engine.changes(task.id).await.unwrap().unwrap().tree;
    fs::write(worktree.join("lib.rs"), "fn a() {}\nfn c() {}\n").unwrap();

    let engine = &bench.engine;
    let diff = engine.file_diff(task.id, "lib.rs", Some(&tree)).await.unwrap().unwrap();
    assert_eq!((diff.tree.as_str(), diff.new_lines), (tree.as_str(), 41));
    let last = diff.hunks[0].lines.last().unwrap();
    assert_eq!((last.text.as_str(), last.unended), ("let a = 1;", true));
    assert_eq!(diff.hunks[0].lines[1].text, "line 1\r", "a carriage return is content");
    let lines = engine.file_lines(task.id, "lib.rs", Some(&tree), 40..99).await.unwrap().unwrap();
    assert_eq!((lines.from, lines.lines), (40, vec!["line 40\r".to_owned(), "let a = 1;".to_owned()]));
    let colours = engine.file_colours(task.id, "lib.rs", Some(&tree)).await.unwrap().unwrap();
    assert_eq!((colours.old.len(), colours.new.len()), (1, 41));
    assert!(colours.new[40].len() > 2, "`let` and `1` are not plain");

    let image = engine.file_diff(task.id, "dot.png", Some(&tree)).await.unwrap().unwrap();
    assert_eq!((image.content, image.hunks), (FileContent::Image, vec![]));
    assert_eq!(engine.file_content(task.id, "dot.png", Some(&tree), FileSide::New).await.unwrap(), Some(png));
    assert_eq!(engine.file_content(task.id, "dot.png", Some(&tree), FileSide::Old).await.unwrap(), None);

    let now = engine.file_diff(task.id, "lib.rs", None).await.unwrap().unwrap();
    assert_ne!(now.tree, tree);
    assert_eq!(now.new_lines, 2);
    let forgotten = engine.file_diff(task.id, "lib.rs", Some(&tree)).await.unwrap().unwrap();
    assert_eq!(forgotten.tree, now.tree, "a tree that is known no more is told by the one in its place");
    assert_eq!(engine.file_diff(task.id, "../../etc/passwd", None).await.unwrap(), None);
}

#[tokio::test]
async fn what_the_agent_ticks_is_merged_with_what_a_person_writes() {
    let (bench, task, session, ready) = at_work().await;
    let copy = Path::new(&ready.branch.path).join("tasks/one.md");
    let base = ready.base.unwrap();
    assert_eq!(bring_back(&bench.engine, session, task.id, &ready.branch, base).await, None, "nothing was edited");
    bench.save(&task, "# One, renamed\n\nfirst\n\n- [ ] a\n\nlast\n").await;
    fs::write(&copy, "# One\n\nfirst\n\n- [x] a\n\nlast\n").unwrap();
    let next = bring_back(&bench.engine, session, task.id, &ready.branch, base).await.unwrap();
    bench.wait_task("tasks/one.md", |t| t.title == "One, renamed" && t.progress.done == 1).await;
    bench.settled().await;
    assert_eq!(bench.file("tasks/one.md"), "# One, renamed\n\nfirst\n\n- [x] a\n\nlast\n");
    assert_eq!(bring_back(&bench.engine, session, task.id, &ready.branch, next).await, None);
    // The next start in the same worktree sees what both wrote.
    let again = ensure_worktree(&bench.engine, session, task.id).await.unwrap();
    assert_eq!(fs::read_to_string(&copy).unwrap(), bench.file("tasks/one.md"));
    assert_eq!(again.base, bench.task("tasks/one.md").document.version);
}

#[tokio::test]
async fn edits_that_nobody_brought_back_are_brought_back_by_the_next_start() {
    let (bench, task, session, ready) = at_work().await;
    let copy = Path::new(&ready.branch.path).join("tasks/one.md");
    fs::write(&copy, "# One\n\nfirst\n\n- [x] a\n\nlast\n").unwrap();
    ensure_worktree(&bench.engine, session, task.id).await.unwrap();
    bench.wait_task("tasks/one.md", |t| t.progress.done == 1).await;
    bench.settled().await;
    assert!(bench.file("tasks/one.md").contains("[x] a"));
}

#[tokio::test]
async fn a_new_task_waits_for_its_file_and_names_that_clash_get_a_number() {
    let bench = Bench::new().await;
    let id = bench.create("Fresh").await;
    let task = bench.wait(|state| state.task(id).cloned()).await;
    let session = SessionId(fresh());
    let short = &session.0.simple().to_string()[26..];
    bench.git(&["branch", &format!("qd/fresh-{short}")]);
    let ready = ensure_worktree(&bench.engine, session, task.id).await.unwrap();
    assert_eq!(ready.branch.name, format!("qd/fresh-{short}-2"));
    assert!(Path::new(&ready.branch.path).join("tasks/fresh.md").exists());
}

#[tokio::test]
async fn a_worktree_that_somebody_removed_goes_on_from_its_branch() {
    let (bench, task, session, ready) = at_work().await;
    let worktree = Path::new(&ready.branch.path);
    fs::write(worktree.join("lib.rs"), "fn done() {}\n").unwrap();
    git(worktree, &["commit", "-q", "-a", "-m", "Done"]);
    fs::remove_dir_all(worktree).unwrap();
    assert!(matches!(bench.engine.changes(task.id).await, Err(WorkError::NoWorktree(_))));
    let next = ensure_worktree(&bench.engine, session, task.id).await.unwrap();
    assert_eq!(fs::read_to_string(Path::new(&next.branch.path).join("lib.rs")).unwrap(), "fn done() {}\n");
    assert_eq!(next.branch.base, ready.branch.base);
}

#[tokio::test]
async fn sessions_that_start_at_once_share_one_worktree() {
    let bench = Bench::new().await;
    let task = bench.task("tasks/one.md").id;
    let ids = [SessionId(fresh()), SessionId(fresh())];
    let start = |id| ensure_worktree(&bench.engine, id, task);
    let (one, other) = tokio::join!(start(ids[0]), start(ids[1]));
    assert_eq!(one.unwrap().branch.path, other.unwrap().branch.path);
    assert_eq!(bench.git(&["worktree", "list"]).lines().count(), 2);
}

#[tokio::test]
async fn an_agent_and_a_person_who_contradict_each_other_are_both_shown() {
    let (bench, task, session, ready) = at_work().await;
    let copy = Path::new(&ready.branch.path).join("tasks/one.md");
    fs::write(&copy, "# One\n\nof the agent\n\n- [ ] a\n\nlast\n").unwrap();
    bench.save(&task, "# One\n\nof the person\n\n- [ ] a\n\nlast\n").await;
    bench.settled().await;
    let next = bring_back(&bench.engine, session, task.id, &ready.branch, ready.base.unwrap()).await.unwrap();
    let row = bench.wait_task("tasks/one.md", |t| t.conflict.is_some()).await;
    assert!(bench.file("tasks/one.md").contains("of the person"));
    let yours = bench.engine.document(task.id, Some(row.conflict.unwrap().yours)).await.unwrap().unwrap().text;
    assert!(yours.contains("of the agent"));
    // While that is open the copy waits; what the agent ticks meanwhile comes with the next look after it.
    fs::write(&copy, "# One\n\nof the agent\n\n- [x] a\n\nlast\n").unwrap();
    assert_eq!(bring_back(&bench.engine, session, task.id, &ready.branch, next).await, None);
    let both = SaveDocument { id: task.id, base: None, text: "# One\n\nof the agent\n\n- [ ] a\n\nlast\n".into() };
    bench.person(Command::ResolveConflict(both)).await;
    bench.settled().await;
    assert!(bring_back(&bench.engine, session, task.id, &ready.branch, next).await.is_some());
    bench.wait_task("tasks/one.md", |t| t.progress.done == 1).await;
}
