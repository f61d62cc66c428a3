//! Claims about the files of a project and the rows that tell of them.

use super::*;
use crate::projects::AttachError;
use crate::testing::{Bench, fresh, git, tasks};
use qd_core::command::{Command, OnJob};
use qd_core::row::{JobState, Task};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

#[tokio::test]
async fn a_change_outside_shows() {
    let bench = Bench::new().await;
    assert!(bench.engine.read(|state| state.project(bench.project).unwrap().watched));
    bench.write("tasks/one.md", "# One more\n- [x] a\n");
    let task = bench.wait_task("tasks/one.md", |t| t.title == "One more").await;
    assert_eq!((task.progress.done, bench.text(task.id).await.as_str()), (1, "# One more\n- [x] a\n"));
    bench.write("tasks/deep/three.md", "no heading\n");
    bench.wait_task("tasks/deep/three.md", |t| t.title == "three").await;
    fs::remove_file(bench.path("tasks/two.md")).unwrap();
    bench.wait_task("tasks/two.md", |t| !t.on_branch).await;
}

#[tokio::test]
async fn a_save_by_temporary_file_and_rename_keeps_the_task() {
    let bench = Bench::new().await;
    let id = bench.task("tasks/one.md").id;
    bench.write("tasks/.one.md.swp", "# Saved\n");
    fs::rename(bench.path("tasks/one.md"), bench.path("tasks/one.md~")).unwrap();
    fs::rename(bench.path("tasks/.one.md.swp"), bench.path("tasks/one.md")).unwrap();
    assert_eq!(bench.wait_task("tasks/one.md", |t| t.title == "Saved").await.id, id);
    assert_eq!(bench.tasks().len(), 2);
}

#[tokio::test]
async fn rename_archive_and_rename_with_an_edit_keep_the_task() {
    let bench = Bench::new().await;
    let id = bench.task("tasks/one.md").id;
    fs::rename(bench.path("tasks/one.md"), bench.path("tasks/renamed.md")).unwrap();
    assert_eq!(bench.wait_task("tasks/renamed.md", |t| t.on_branch).await.id, id);
    fs::create_dir_all(bench.path("tasks/archive/2026-10")).unwrap();
    fs::rename(bench.path("tasks/renamed.md"), bench.path("tasks/archive/2026-10/renamed.md")).unwrap();
    let archived = bench.wait_task("tasks/archive/2026-10/renamed.md", |t| t.archived).await;
    assert_eq!(archived.id, id);
    let bench = bench.restarted().await;
    bench.engine.clone().shutdown().await;
    // While nobody looks it comes back under another name with another title.
    fs::remove_file(bench.path("tasks/archive/2026-10/renamed.md")).unwrap();
    bench.write("tasks/back.md", "# One again\n\nfirst\n\n- [ ] a\n\nlast\n");
    let bench = bench.restarted().await;
    let back = bench.wait_task("tasks/back.md", |t| t.on_branch).await;
    assert_eq!((back.id, back.archived, bench.tasks().len()), (id, false, 2));
}

#[tokio::test]
async fn a_switch_of_the_branch_and_back_keeps_the_tasks() {
    let bench = Bench::new().await;
    let before = bench.tasks();
    bench.git(&["checkout", "-q", "-b", "other"]);
    bench.git(&["rm", "-q", "tasks/one.md"]);
    bench.write("tasks/three.md", "# Three\n\nnothing alike\n");
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "Other"]);
    bench.wait_task("tasks/one.md", |t| !t.on_branch).await;
    bench.wait_task("tasks/three.md", |t| t.on_branch).await;
    bench.wait(|state| (state.project(bench.project)?.branch.as_deref() == Some("other")).then_some(())).await;
    bench.git(&["checkout", "-q", "main"]);
    bench.wait_task("tasks/three.md", |t| !t.on_branch).await;
    bench.wait_task("tasks/one.md", |t| t.on_branch).await;
    let ids = |all: &[Task]| all.iter().filter(|t| t.on_branch).map(|t| t.id).collect::<Vec<_>>();
    assert_eq!(ids(&bench.tasks()), ids(&before));
    bench.git(&["checkout", "-q", "--detach"]);
    bench.wait(|state| state.project(bench.project)?.branch.is_none().then_some(())).await;
}

#[tokio::test]
async fn hostile_names_are_tasks_or_say_why_not() {
    let bench = Bench::new().await;
    for name in ["with space.md", "it's \"quoted\".md", "🎨 colours.md", "-rf.md", "--help.md", "a\\b.md"] {
        bench.write(&format!("tasks/{name}"), format!("# {name}\n"));
        bench.wait_task(&format!("tasks/{name}"), |t| t.problem.is_none() && t.title == name).await;
    }
    bench.write("tasks/new\nline.md", "# x\n");
    fs::write(bench.path("tasks").join(OsStr::from_bytes(b"bad\xff.md")), "# x\n").unwrap();
    bench.wait_task("tasks/new\nline.md", |t| t.problem.as_deref().is_some_and(|p| p.contains("line break"))).await;
    bench.wait_task("tasks/bad\\xff.md", |t| t.problem.as_deref().is_some_and(|p| p.contains("UTF-8"))).await;
}

#[tokio::test]
async fn what_is_no_document_says_why_and_is_left_alone() {
    let bench = Bench::new().await;
    let secret = bench.deck().parent().unwrap().join("secret.md");
    fs::write(&secret, "# Secret\n").unwrap();
    symlink(&secret, bench.path("tasks/out.md")).unwrap();
    symlink("two.md", bench.path("tasks/inner.md")).unwrap();
    symlink("nowhere", bench.path("tasks/dangling.md")).unwrap();
    bench.write("tasks/huge.md", vec![b'x'; 5_000_000]);
    bench.write("tasks/latin.md", b"# caf\xe9\n");
    bench.write("tasks/folder.md/inside.md", "# hidden\n");
    let says = |word: &'static str| move |t: &Task| t.problem.as_deref().is_some_and(|p| p.contains(word));
    let out = bench.wait_task("tasks/out.md", says("link out of the project")).await;
    assert_eq!(out.document.version, None, "nothing of it was read");
    bench.wait_task("tasks/dangling.md", says("nowhere")).await;
    bench.wait_task("tasks/huge.md", says("5000000 bytes")).await;
    bench.wait_task("tasks/latin.md", says("UTF-8")).await;
    bench.wait_task("tasks/folder.md", says("folder")).await;
    bench.wait_task("tasks/inner.md", |t| t.problem.is_none() && t.title == "Two").await;
    // Mended, it is a document like any other.
    bench.write("tasks/huge.md", "# Small\n");
    bench.wait_task("tasks/huge.md", |t| t.problem.is_none() && t.title == "Small").await;
}

#[tokio::test]
async fn a_tasks_folder_that_comes_later_is_seen() {
    let bench = Bench::new().await;
    fs::rename(bench.path("tasks"), bench.path("away")).unwrap();
    bench.wait_task("tasks/one.md", |t| !t.on_branch).await;
    fs::rename(bench.path("away"), bench.path("tasks")).unwrap();
    bench.wait_task("tasks/one.md", |t| t.on_branch).await;
    bench.write("tasks/two.md", "# Seen\n");
    bench.wait_task("tasks/two.md", |t| t.title == "Seen").await;
}

#[tokio::test]
async fn a_new_task_gets_a_file_of_its_own_name() {
    let bench = Bench::new().await;
    bench.write("tasks/hello-world.md", "# Other\n");
    bench.wait_task("tasks/hello-world.md", |_| true).await;
    let id = bench.create("Hello, World!\nbody").await;
    let task = bench.wait(|state| state.task(id).filter(|t| t.path.is_some()).cloned()).await;
    assert_eq!(task.path.as_deref(), Some("tasks/hello-world-2.md"));
    assert_eq!(bench.file("tasks/hello-world-2.md"), "# Hello, World!\n\nbody\n");
    bench.settled().await;
    let long = bench.create(&"𠀀".repeat(80)).await;
    let path = bench.wait(|state| state.task(long)?.path.clone()).await;
    assert!(bench.path(&path).exists());
    // Looking again makes nothing of it.
    bench.write("tasks/one.md", "# Looked\n");
    bench.wait_task("tasks/one.md", |t| t.title == "Looked").await;
    assert_eq!(bench.tasks().len(), 5);
    let left: Vec<_> = fs::read_dir(bench.path("tasks")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.as_bytes().starts_with(b".")), "{left:?}");
}

#[tokio::test]
async fn edits_here_and_outside_are_merged() {
    let bench = Bench::closed().await;
    bench.start();
    let task = bench.wait_task("tasks/one.md", |_| true).await;
    bench.engine.clone().shutdown().await;
    // Both edit the same version, neither knows of the other.
    bench.write("tasks/one.md", "# One\n\nfirst\n\n- [ ] a\n\nlast, outside\n");
    let bench = bench.reopened();
    bench.save(&task, "# One, here\n\nfirst\n\n- [ ] a\n\nlast\n").await;
    bench.start();
    let merged = "# One, here\n\nfirst\n\n- [ ] a\n\nlast, outside\n";
    let hash = qd_core::document::hash(merged.as_bytes());
    let row = bench.wait_task("tasks/one.md", |t| t.document.hash == hash).await;
    bench.settled().await;
    assert_eq!((bench.file("tasks/one.md").as_str(), bench.text(row.id).await.as_str()), (merged, merged));
}

#[tokio::test]
async fn line_ends_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new().await;
    fs::set_permissions(bench.path("tasks/one.md"), fs::Permissions::from_mode(0o640)).unwrap();
    bench.write("tasks/one.md", "# One\r\n\r\nfirst\r\n");
    let task = bench.wait_task("tasks/one.md", |t| t.document.size == 16).await;
    bench.save(&task, "# One\r\n\r\nsecond\r\n").await;
    bench.settled().await;
    assert_eq!(bench.file("tasks/one.md"), "# One\r\n\r\nsecond\r\n");
    assert_eq!(fs::metadata(bench.path("tasks/one.md")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[tokio::test]
async fn a_contradiction_shows_both_and_is_settled_by_a_choice() {
    let bench = Bench::closed().await;
    bench.start();
    let task = bench.wait_task("tasks/two.md", |_| true).await;
    bench.engine.clone().shutdown().await;
    bench.write("tasks/two.md", "# Two\n\ntheirs\n");
    let bench = bench.reopened();
    bench.save(&task, "# Two\n\nmine\n").await;
    bench.start();
    let row = bench.wait_task("tasks/two.md", |t| t.conflict.is_some()).await;
    let conflict = row.conflict.unwrap();
    let text = async |version| bench.engine.document(row.id, Some(version)).await.unwrap().unwrap().text;
    assert_eq!(
        (text(conflict.yours).await.as_str(), text(conflict.theirs).await.as_str()),
        ("# Two\n\nmine\n", "# Two\n\ntheirs\n")
    );
    assert_eq!(bench.file("tasks/two.md"), "# Two\n\ntheirs\n");
    let both = qd_core::command::SaveDocument { id: row.id, base: None, text: "# Two\n\nboth\n".into() };
    bench.person(Command::ResolveConflict(both)).await;
    bench.settled().await;
    assert_eq!(bench.file("tasks/two.md"), "# Two\n\nboth\n");
}

#[tokio::test]
async fn a_save_cut_short_after_the_write_comes_to_one_file_and_one_task() {
    let bench = Bench::closed().await;
    bench.start();
    // The scan tells of the files one by one.
    bench.wait_task("tasks/two.md", |_| true).await;
    let task = bench.wait_task("tasks/one.md", |_| true).await;
    bench.engine.clone().shutdown().await;
    let bench = bench.reopened();
    let new = bench.create("Brand new\nbody").await;
    let saved = bench.save(&task, "# One\n\nsaved\n").await;
    // An earlier run wrote both and died before it could tell.
    let site = Site { root: bench.deck(), tasks_dir: "tasks".into() };
    let mut earlier = ProjectFiles::new(bench.engine.clone(), bench.project, Arc::default());
    for job in bench.jobs() {
        let order = earlier.order(&site, &job).await.unwrap();
        write::write(&order).unwrap();
    }
    assert!(bench.jobs().iter().any(|job| job.id == saved));
    // An edit in the new file meanwhile, by an editor that writes in place.
    bench.write("tasks/brand-new.md", "# Brand new\n\nbody\n\nmore\n");
    bench.start();
    bench.settled().await;
    let row = bench.wait_task("tasks/brand-new.md", |t| t.document.size == 24).await;
    assert_eq!((row.id, bench.tasks().len()), (new, 3));
    assert!(!bench.path("tasks/brand-new-2.md").exists());
    assert_eq!(bench.file("tasks/one.md"), "# One\n\nsaved\n");
    drop(earlier.telling());
}

#[tokio::test]
async fn what_can_not_be_written_says_what_to_do_and_is_kept() {
    let bench = Bench::new().await;
    let task = bench.task("tasks/one.md");
    fs::rename(bench.path("tasks"), bench.path("away")).unwrap();
    bench.wait_task("tasks/one.md", |t| !t.on_branch).await;
    bench.write("tasks", "a file in the place of the folder");
    let id = bench.create("Kept anyway").await;
    let failed = bench.wait(|state| state.jobs_of(id).find(|j| j.state != JobState::Pending).cloned()).await;
    let JobState::Failed { reason, .. } = failed.state else { panic!("not failed") };
    assert!(reason.contains("your text is kept"), "{reason}");
    assert_eq!(bench.text(id).await, "# Kept anyway\n");
    fs::remove_file(bench.path("tasks")).unwrap();
    fs::rename(bench.path("away"), bench.path("tasks")).unwrap();
    bench.retry(failed.id).await;
    bench.wait_task("tasks/kept-anyway.md", |t| t.id == id).await;
    bench.wait_task("tasks/one.md", |t| t.on_branch && t.id == task.id).await;
}

#[tokio::test]
async fn a_save_after_a_failed_one_loses_nothing_of_either() {
    let bench = Bench::closed().await;
    bench.start();
    let task = bench.wait_task("tasks/two.md", |_| true).await;
    bench.engine.clone().shutdown().await;
    let bench = bench.reopened();
    fs::rename(bench.path("tasks/two.md"), bench.path("two")).unwrap();
    let first = bench.save(&task, "# Two\n\nsecond\n\nadded\n").await;
    bench.start();
    bench.wait(|state| matches!(state.job(first)?.state, JobState::Failed { .. }).then_some(())).await;
    fs::rename(bench.path("two"), bench.path("tasks/two.md")).unwrap();
    let row = bench.wait_task("tasks/two.md", |t| t.on_branch).await;
    bench.save(&row, "# Two, again\n\nsecond\n\nadded\n").await;
    bench.settled().await;
    assert_eq!(bench.file("tasks/two.md"), "# Two, again\n\nsecond\n\nadded\n");
    bench.retry(first).await;
    bench.settled().await;
    assert_eq!((bench.file("tasks/two.md").as_str(), bench.jobs().len()), ("# Two, again\n\nsecond\n\nadded\n", 0));
}

#[tokio::test]
async fn a_save_that_is_given_up_gives_way_to_the_file() {
    let bench = Bench::closed().await;
    bench.start();
    let task = bench.wait_task("tasks/two.md", |_| true).await;
    bench.engine.clone().shutdown().await;
    let bench = bench.reopened();
    fs::rename(bench.path("tasks/two.md"), bench.path("two")).unwrap();
    let job = bench.save(&task, "# Given up\n").await;
    bench.start();
    bench.wait(|state| matches!(state.job(job)?.state, JobState::Failed { .. }).then_some(())).await;
    fs::rename(bench.path("two"), bench.path("tasks/two.md")).unwrap();
    bench.wait_task("tasks/two.md", |t| t.on_branch && t.title == "Given up").await;
    bench.person(Command::DropJob(OnJob { id: job })).await;
    bench.wait_task("tasks/two.md", |t| t.title == "Two").await;
}

#[tokio::test]
async fn nothing_is_written_through_a_folder_that_leads_out() {
    let bench = Bench::new().await;
    let outside = bench.deck().parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::remove_dir_all(bench.path("tasks")).unwrap();
    bench.wait_task("tasks/one.md", |t| !t.on_branch).await;
    symlink(&outside, bench.path("tasks")).unwrap();
    let order = write::Order {
        root: bench.deck(),
        job: qd_core::ids::Mid(fresh()),
        to: write::To::New { tasks_dir: "tasks".into(), title: "Out".into(), taken: HashSet::new() },
        text: "# Out\n".into(),
        base: None,
    };
    assert!(matches!(write::write(&order), Err(write::WriteError::Outside(_))));
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    let refused = write::Order { to: write::To::Path(".git/config".into()), ..order };
    assert!(matches!(write::write(&refused), Err(write::WriteError::Outside(_))));
}

#[tokio::test]
async fn many_files_are_taken_in_and_looked_at_again_without_reading() {
    let bench = Bench::closed().await;
    for n in 0..500 {
        bench.write(&format!("tasks/many/{n}.md"), format!("# Number {n}\n"));
    }
    bench.start();
    bench.wait(|state| (tasks(state).len() == 502).then_some(())).await;
    let seq = bench.engine.head().borrow().seq;
    bench.write("tasks/many/7.md", "# Seven\n");
    bench.wait_task("tasks/many/7.md", |t| t.title == "Seven").await;
    assert_eq!(bench.engine.head().borrow().seq, seq + 1, "one change is one record");
}

#[tokio::test]
async fn a_save_does_not_wait_until_thousands_of_files_are_taken_in() {
    let bench = Bench::closed().await;
    for n in 0..3000 {
        bench.write(&format!("tasks/many/{n}.md"), format!("# Number {n}\n"));
    }
    bench.start();
    bench.wait(|state| (tasks(state).len() > 10).then_some(())).await;
    let id = bench.create("In between").await;
    let there = bench.wait(|state| state.task(id)?.path.is_some().then(|| tasks(state).len())).await;
    assert!(there < 3000, "{there}");
    bench.wait(|state| (tasks(state).len() == 3003).then_some(())).await;
}

#[tokio::test]
async fn folders_that_are_no_repository_are_readable_or_say_why_not() {
    let bench = Bench::new().await;
    let beside = |name: &str| bench.deck().parent().unwrap().join(name);
    let problem = async |name: &str| {
        let id = bench.engine.attach_project(&beside(name)).await.unwrap();
        bench.engine.read(|state| state.project(id).unwrap().problem.clone()).unwrap()
    };
    fs::create_dir_all(beside("plain/tasks")).unwrap();
    fs::write(beside("plain/tasks/p.md"), "# Plain\n").unwrap();
    assert!(problem("plain").await.contains("git init"));
    bench.wait_task("tasks/p.md", |t| t.title == "Plain").await;
    fs::create_dir(beside("empty")).unwrap();
    git(&beside("empty"), &["init", "-q"]);
    assert!(problem("empty").await.contains("no commit yet"));
    git(&beside("empty"), &["commit", "-q", "--allow-empty", "-m", "Start"]);
    let empty = bench.engine.attach_facts(&beside("empty")).await.unwrap();
    bench.wait(|state| state.project(empty)?.problem.is_none().then_some(())).await;
    fs::create_dir(beside("bare")).unwrap();
    git(&beside("bare"), &["init", "-q", "--bare"]);
    let attach = async |path: PathBuf| bench.engine.attach_project(&path).await;
    assert!(matches!(attach(beside("bare")).await, Err(AttachError::Bare { .. })));
    assert!(matches!(attach(beside("none")).await, Err(AttachError::Missing { .. })));
    assert!(matches!(attach(beside("deck/lib.rs")).await, Err(AttachError::NotAFolder { .. })));
    assert!(matches!(attach(beside("deck/.git")).await, Err(AttachError::InsideGitDirectory { .. })));
    assert_eq!(
        attach(beside("deck/tasks")).await.unwrap(),
        bench.project,
        "a folder of a repository opens the repository"
    );
    // Mended, it is a project like any other.
    git(&beside("plain"), &["init", "-q", "-b", "main"]);
    git(&beside("plain"), &["commit", "-q", "--allow-empty", "-m", "Start"]);
    let id = attach(beside("plain")).await.unwrap();
    bench
        .wait(|state| (state.project(id)?.problem.is_none() && state.project(id)?.branch.is_some()).then_some(()))
        .await;
}

#[tokio::test]
async fn a_repository_of_somebody_else_is_readable_and_says_how_to_trust_it() {
    let bench = Bench::new().await;
    let other = bench.deck().parent().unwrap().join("other");
    fs::create_dir_all(other.join("tasks")).unwrap();
    fs::write(other.join("tasks/o.md"), "# Of another\n").unwrap();
    git(&other, &["init", "-q"]);
    // Only root can give files away.
    if std::os::unix::fs::chown(&other, Some(54321), None).is_err() {
        return;
    }
    let id = bench.engine.attach_project(&other).await.unwrap();
    let problem = bench.engine.read(|state| state.project(id).unwrap().problem.clone()).unwrap();
    assert!(problem.contains("safe.directory"), "{problem}");
    bench.wait_task("tasks/o.md", |t| t.title == "Of another").await;
}

#[tokio::test]
async fn a_worktree_is_a_project_of_its_own_that_follows_its_own_head() {
    let bench = Bench::new().await;
    let linked = bench.deck().parent().unwrap().join("linked");
    bench.git(&["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    let id = bench.engine.attach_project(&linked).await.unwrap();
    assert_ne!(id, bench.project);
    bench.wait(|state| (state.children(id).count() == 2).then_some(())).await;
    git(&linked, &["checkout", "-q", "-b", "side2"]);
    bench.wait(|state| (state.project(id)?.branch.as_deref() == Some("side2")).then_some(())).await;
}

#[tokio::test]
async fn where_files_can_not_be_watched_they_are_looked_at_and_the_row_says_so() {
    let bench = Bench::closed().await;
    let mut files = ProjectFiles::new(bench.engine.clone(), bench.project, Arc::default());
    files.watch = |_, _| Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
    bench.engine.inner.tasks.spawn(files.run());
    bench.wait(|state| (!state.project(bench.project)?.watched && tasks(state).len() == 2).then_some(())).await;
    bench.write("tasks/one.md", "# Seen all the same\n");
    bench.wait_task("tasks/one.md", |t| t.title == "Seen all the same").await;
}

#[tokio::test]
async fn an_edit_between_look_and_write_is_not_lost() {
    let bench = Bench::closed().await;
    let file = bench.path("tasks/two.md");
    let temporary = bench.path("tasks/.qd-x.tmp");
    fs::write(&temporary, "mine").unwrap();
    assert!(!write::replace(&temporary, &file, "what it had before").unwrap());
    assert_eq!(fs::read_to_string(&file).unwrap(), "# Two\n\nsecond\n");
    fs::write(&temporary, "mine").unwrap();
    assert!(write::replace(&temporary, &file, "# Two\n\nsecond\n").unwrap());
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    assert!(!temporary.exists());
}

#[tokio::test]
async fn an_edit_at_the_moment_of_a_write_that_died_is_merged_or_shown() {
    let bench = Bench::closed().await;
    let (seen, edited) = ("# Two\n\nsecond\n", "# Two more\n\nsecond\n");
    let order = write::Order {
        root: bench.deck(),
        job: Mid(fresh()),
        to: write::To::Path("tasks/two.md".into()),
        text: "# Two\n\nsecond\nmine\n".into(),
        base: Some(seen.into()),
    };
    // The run before had exchanged the files, and died before it saw that the edit came in between.
    let beside = format!("tasks/{}", walk::in_place_of(seen, order.job));
    let (path, after) = ("tasks/two.md".to_owned(), "# Two more\n\nsecond\nmine\n");
    bench.write(&beside, edited);
    bench.write(&path, &order.text);
    let written = write::write(&order).unwrap();
    assert_eq!(written, write::Written::Stands { path: path.clone(), text: after.into() });
    assert_eq!((write::write(&order).unwrap(), bench.file(&path).as_str()), (written, after), "done again");
    // Where the file was edited once more nobody can tell what came first.
    bench.write(&path, "# Two less\n\nsecond\nmine\n");
    assert_eq!(write::write(&order).unwrap(), write::Written::Conflict { path: path.clone(), theirs: edited.into() });
    write::tidy(&bench.deck(), &path, order.job);
    assert!(!bench.path(&beside).exists());
}

#[tokio::test]
async fn a_new_file_that_an_editor_replaced_at_once_is_not_made_again() {
    let bench = Bench::closed().await;
    let to = write::To::New { tasks_dir: "tasks".into(), title: "New".into(), taken: HashSet::new() };
    let order =
        write::Order { root: bench.deck(), job: Mid(fresh()), to, text: "# New\n\none\ntwo\n".into(), base: None };
    write::write(&order).unwrap();
    // The run died before it could tell, and an editor saves as editors do.
    bench.write("edited", "# New\n\none\ntwo\nthree\n");
    fs::rename(bench.path("edited"), bench.path("tasks/new.md")).unwrap();
    let stands = write::Written::Stands { path: "tasks/new.md".into(), text: "# New\n\none\ntwo\nthree\n".into() };
    assert_eq!(write::write(&order).unwrap(), stands);
    assert!(!bench.path("tasks/new-2.md").exists());
}
