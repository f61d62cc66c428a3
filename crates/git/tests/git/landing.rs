//! Merge and rebase, bringing the target in, conflicts and their sides, commits, and trials in the user's checkout.

use std::path::{Path, PathBuf};

use qd_git::keep::Prepared;
use qd_git::trial::Prepared as PreparedTrial;
use qd_git::{
    CommitOutcome, CommitRequest, GitPath, How, KeepError, KeepOutcome, KeepReceipt, KeepRequest, Side, TakenOut,
    Trial, UpdateRequest, Updated,
};

use crate::fixture::{Fixture, content, make_executable, read, tasks, write};

const EIGHT: &str = "1\n2\n3\n4\n5\n6\n7\n8\n";

fn request(worktree: &Path, how: How) -> KeepRequest {
    let (target, message, id) = ("main".into(), "Add things\n".into(), "s1".into());
    KeepRequest { worktree: worktree.to_owned(), target, message, how, exclude: tasks(), id }
}

async fn keep(fixture: &Fixture, worktree: &Path, how: How) -> KeepReceipt {
    match fixture.repo.keep(&request(worktree, how)).await.unwrap() {
        KeepOutcome::Kept(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

async fn update(fixture: &Fixture, worktree: &Path) -> Result<Updated, KeepError> {
    let (target, message) = ("main".into(), "Work".into());
    fixture.repo.update(&UpdateRequest { worktree: worktree.to_owned(), target, message, exclude: tasks() }).await
}

fn log(fixture: &Fixture, range: &str) -> Vec<String> {
    let printed = fixture.git(&fixture.root(), &["log", "--reverse", "--format=%an %at %s", range]);
    printed.lines().map(str::to_owned).collect()
}

/// A worktree with two commits of somebody else, work that is not committed, and a target that moved on.
async fn two_commits() -> (Fixture, PathBuf) {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    for (number, name) in ["one", "two"].into_iter().enumerate() {
        write(&worktree, name, name);
        write(&worktree, "tasks/one.md", format!("# {name}\n"));
        fixture.git(&worktree, &["add", "-A"]);
        let author = "--author=Zoë <zoe@example.org>";
        let date = format!("--date=170000000{number} +0200");
        fixture.git(&worktree, &["commit", "-qm", name, author, &date]);
    }
    write(&worktree, "three", "three");
    write(&fixture.root(), "src/a.txt", "0\n2\n3\n4\n5\n6\n7\n8\n");
    fixture.commit_all(&fixture.root(), "meanwhile");
    (fixture, worktree)
}

/// A worktree and a target that changed the same line, each beside other things.
async fn conflict() -> (Fixture, PathBuf) {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", EIGHT.replace('4', "ours"));
    write(&worktree, "new", "untracked");
    write(&worktree, "tasks/one.md", "# The agent's copy\n");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    write(&fixture.root(), "src/a.txt", EIGHT.replace('4', "theirs"));
    write(&fixture.root(), "README.md", "changed\n");
    write(&fixture.root(), "tasks/one.md", "# Edited by a person\n");
    write(&fixture.root(), "beside", "beside\n");
    fixture.commit_all(&fixture.root(), "meanwhile");
    (fixture, worktree)
}

fn paths(names: &[&str]) -> Vec<GitPath> {
    names.iter().map(|name| GitPath::from(*name)).collect()
}

#[tokio::test]
async fn merge_keeps_the_commits_and_lands_what_a_squash_would() {
    let (fixture, worktree) = two_commits().await;
    let old = fixture.tip("main");
    let receipt = keep(&fixture, &worktree, How::Merge).await;
    assert_eq!(fixture.tip("main^1"), old);
    let subjects: Vec<String> = log(&fixture, &format!("{old}..main^2"));
    assert_eq!(subjects.len(), 3);
    assert_eq!(subjects[..2], ["Zoë 1700000000 one", "Zoë 1700000001 two"]);
    assert!(fixture.git(&fixture.root(), &["log", "-1", "--format=%B", "main"]).contains("Add things"));
    fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    let squashed = keep(&fixture, &worktree, How::Squash).await;
    assert_eq!(fixture.tip_tree(receipt.new.as_str()), fixture.tip_tree(squashed.new.as_str()));
    assert_eq!(read(&fixture.root(), "tasks/one.md"), "# One\n");
}

#[tokio::test]
async fn rebase_puts_each_commit_with_its_author_and_time_on_top_and_what_is_in_none_behind_them() {
    let (fixture, worktree) = two_commits().await;
    let old = fixture.tip("main");
    let receipt = keep(&fixture, &worktree, How::Rebase).await;
    let commits = log(&fixture, &format!("{old}..main"));
    assert_eq!(commits[..2], ["Zoë 1700000000 one", "Zoë 1700000001 two"]);
    assert_eq!(commits.len(), 3);
    assert_eq!(fixture.git(&fixture.root(), &["log", "--merges", "--format=%s"]), "");
    assert_eq!(fixture.git(&fixture.root(), &["log", "--format=%s", &format!("{old}..main"), "--", "tasks"]), "");
    fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    let squashed = keep(&fixture, &worktree, How::Squash).await;
    assert_eq!(fixture.tip_tree(receipt.new.as_str()), fixture.tip_tree(squashed.new.as_str()));
}

#[tokio::test]
async fn rebase_of_commits_that_conflict_on_the_way_is_refused_with_their_name() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    for line in ["x", "4"] {
        write(&worktree, "src/a.txt", EIGHT.replace('4', line));
        write(&worktree, line, line);
        fixture.commit_all(&worktree, &format!("set {line}"));
    }
    write(&fixture.root(), "src/a.txt", EIGHT.replace('4', "y"));
    fixture.commit_all(&fixture.root(), "meanwhile");
    match fixture.repo.keep(&request(&worktree, How::Rebase)).await {
        Err(KeepError::NotReplayable { subject, paths: found }) => {
            assert_eq!((subject.as_str(), found), ("set x", paths(&["src/a.txt"])));
        }
        other => panic!("{other:?}"),
    }
    keep(&fixture, &worktree, How::Merge).await;
}

#[tokio::test]
async fn commit_that_lands_is_signed_where_the_users_git_signs_and_nothing_moves_where_that_fails() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "new");
    let before = fixture.tip("main");
    fixture.git(&fixture.root(), &["config", "commit.gpgSign", "true"]);
    fixture.git(&fixture.root(), &["config", "gpg.program", "/bin/false"]);
    for how in [How::Squash, How::Merge, How::Rebase] {
        assert!(matches!(fixture.repo.keep(&request(&worktree, how)).await, Err(KeepError::Git(_))), "{how:?}");
    }
    assert_eq!(fixture.tip("main"), before);
}

#[tokio::test]
async fn update_merges_what_the_target_has_and_the_work_is_compared_with_that() {
    let (fixture, worktree) = two_commits().await;
    write(&fixture.root(), "tasks/one.md", "# Edited by a person\n");
    fixture.commit_all(&fixture.root(), "document");
    let before = content(&worktree);
    assert_eq!(update(&fixture, &worktree).await.unwrap(), Updated::Merged);
    let mut expected = before;
    expected.insert("src/a.txt".into(), b"file 0\n2\n3\n4\n5\n6\n7\n8\n".to_vec());
    assert_eq!(content(&worktree), expected);
    let changes = fixture.repo.changes(&worktree, &fixture.tip("main"), &tasks()).await.unwrap();
    let names: Vec<String> = changes.files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!((changes.merge_base, names), (fixture.tip("main"), vec!["one".into(), "three".into(), "two".into()]));
    assert_eq!(update(&fixture, &worktree).await.unwrap(), Updated::Already);
    assert_eq!(fixture.git(&worktree, &["diff", "--name-only", "HEAD"]), "");
}

#[tokio::test]
async fn conflict_stays_open_in_the_files_and_what_is_not_resolved_does_not_land() {
    let (fixture, worktree) = conflict().await;
    let before = fixture.tip("main");
    let open = paths(&["README.md", "src/a.txt"]);
    assert_eq!(update(&fixture, &worktree).await.unwrap(), Updated::Conflicts(open.clone()));
    assert_eq!(fixture.repo.merging(&worktree).unwrap(), Some(before.clone()));
    assert!(read(&worktree, "src/a.txt").contains("<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> heads/main\n"));
    assert_eq!(read(&worktree, "tasks/one.md"), "# The agent's copy\n");
    assert_eq!(read(&worktree, "beside"), "beside\n");
    // Again: it only tells.
    assert_eq!(update(&fixture, &worktree).await.unwrap(), Updated::Conflicts(open.clone()));
    for how in [How::Squash, How::Merge, How::Rebase] {
        match fixture.repo.prepare_keep(&request(&worktree, how)).await {
            Err(KeepError::Unresolved { paths }) => assert_eq!(paths, open),
            other => panic!("{other:?}"),
        }
    }
    // A text is resolved when its marks are gone, what has no marks when somebody says which side.
    write(&worktree, "src/a.txt", EIGHT.replace('4', "both"));
    assert_eq!(fixture.repo.unresolved(&worktree).await.unwrap(), paths(&["README.md"]));
    fixture.repo.resolve_file(&worktree, &GitPath::from("README.md"), Side::Ours).await.unwrap();
    assert_eq!(fixture.repo.unresolved(&worktree).await.unwrap(), []);
    let changes = fixture.repo.changes(&worktree, &before, &tasks()).await.unwrap();
    let names: Vec<String> = changes.files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(names, ["README.md", "new", "src/a.txt"]);
    let receipt = keep(&fixture, &worktree, How::Merge).await;
    assert_eq!(receipt.old, before);
    assert_eq!(read(&fixture.root(), "src/a.txt"), EIGHT.replace('4', "both"));
    assert!(!fixture.root().join("README.md").exists());
    assert_eq!(fixture.git(&fixture.root(), &["rev-list", "--count", "main^2^@", "--not", "main~1"]), "1");
}

#[tokio::test]
async fn each_side_of_a_conflict_can_be_taken() {
    let (fixture, worktree) = conflict().await;
    update(&fixture, &worktree).await.unwrap();
    let (text, gone) = (GitPath::from("src/a.txt"), GitPath::from("README.md"));
    for _ in 0..2 {
        fixture.repo.resolve_file(&worktree, &text, Side::Theirs).await.unwrap();
        fixture.repo.resolve_file(&worktree, &gone, Side::Theirs).await.unwrap();
    }
    assert_eq!(read(&worktree, "src/a.txt"), EIGHT.replace('4', "theirs"));
    assert_eq!(read(&worktree, "README.md"), "changed\n");
    assert_eq!(fixture.repo.unresolved(&worktree).await.unwrap(), []);
}

#[tokio::test]
async fn merge_that_somebody_else_began_is_seen_too() {
    let (fixture, worktree) = conflict().await;
    write(&worktree, "tasks/one.md", "# One\n");
    fixture.commit_all(&worktree, "mine");
    fixture.git(&worktree, &["-c", "alias.try=!git merge -q main || true", "try"]);
    let prepared = fixture.repo.prepare_keep(&request(&worktree, How::Squash)).await;
    assert!(matches!(prepared, Err(KeepError::Unresolved { .. })), "{prepared:?}");
    write(&worktree, "src/a.txt", EIGHT);
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    let prepared = fixture.repo.prepare_keep(&request(&worktree, How::Squash)).await.unwrap();
    let Prepared::Ready(prepared) = prepared else { panic!("{prepared:?}") };
    let files = fixture.git(&fixture.root(), &["diff", "--name-only", "main", prepared.new.as_str()]);
    assert_eq!(files, "README.md\nnew\nsrc/a.txt");
}

fn commit(worktree: &Path, files: Option<Vec<GitPath>>) -> CommitRequest {
    CommitRequest {
        worktree: worktree.to_owned(),
        message: "Part\n".into(),
        files,
        hunks: Vec::new(),
        exclude: tasks(),
    }
}

#[tokio::test]
async fn commit_has_exactly_the_chosen_files_and_what_else_is_staged_stays_staged() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "changed\n");
    write(&worktree, "staged", "staged\n");
    fixture.git(&worktree, &["add", "staged"]);
    write(&worktree, "new file", "new\n");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    write(&worktree, "tasks/one.md", "# The agent's copy\n");
    let before = content(&worktree);
    let chosen = paths(&["src/a.txt", "new file", "README.md", "tasks/one.md"]);
    let outcome = fixture.repo.commit(&commit(&worktree, Some(chosen))).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    let committed = fixture.git(&worktree, &["show", "--format=%an %s", "--name-status", "HEAD"]);
    assert_eq!(committed, "Ann Part\n\nD\tREADME.md\nA\tnew file\nM\tsrc/a.txt");
    assert_eq!(fixture.git(&worktree, &["status", "--porcelain"]), "A  staged\n M tasks/one.md");
    assert_eq!(content(&worktree), before);
    fixture.repo.commit(&commit(&worktree, None)).await.unwrap();
    assert_eq!(fixture.repo.commit(&commit(&worktree, None)).await.unwrap(), CommitOutcome::Nothing);
}

#[tokio::test]
async fn hook_that_refuses_is_heard_and_leaves_everything_as_it_was() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "new\n");
    let hook = fixture.root().join(".git/hooks/pre-commit");
    write(&fixture.root(), ".git/hooks/pre-commit", "#!/bin/sh\necho 'not like this'\nexit 1\n");
    make_executable(&hook);
    let (before, status) = (fixture.tip("qd/work"), fixture.git(&worktree, &["status", "--porcelain"]));
    match fixture.repo.commit(&commit(&worktree, None)).await.unwrap() {
        CommitOutcome::Refused { said } => assert!(said.contains("not like this"), "{said}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(fixture.tip("qd/work"), before);
    assert_eq!(fixture.git(&worktree, &["status", "--porcelain"]), status);
    write(&fixture.root(), ".git/hooks/pre-commit", "#!/bin/sh\necho formatted\n");
    match fixture.repo.commit(&commit(&worktree, None)).await.unwrap() {
        CommitOutcome::Committed { said, .. } => assert!(said.contains("formatted"), "{said}"),
        other => panic!("{other:?}"),
    }
}

async fn trial(fixture: &Fixture, worktree: &Path) -> Trial {
    match fixture.repo.prepare_trial(worktree, &tasks(), "refs/quarterdeck/trials/t").await.unwrap() {
        PreparedTrial::Ready(trial) => trial,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn trial_stands_in_the_checkout_and_goes_out_again_to_exactly_what_was_there() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "three", "three");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    write(&worktree, "README.md/became/a folder", "x");
    std::fs::remove_dir_all(worktree.join("src")).unwrap();
    write(&worktree, "src", "became a file");
    write(&fixture.root(), "tasks/one.md", "# Edited\n");
    write(&fixture.root(), "build.ignored", "mine");
    let before = content(&fixture.root());
    let (head, index) = (fixture.tip("main"), fixture.git(&fixture.root(), &["ls-files", "-s"]));
    let trial = trial(&fixture, &worktree).await;
    for _ in 0..2 {
        fixture.repo.put_in(&trial).await.unwrap().unwrap();
        assert_eq!(read(&fixture.root(), "README.md/became/a folder"), "x");
        assert_eq!(read(&fixture.root(), "three"), "three");
        assert_eq!(read(&fixture.root(), "tasks/one.md"), "# Edited\n");
    }
    for _ in 0..2 {
        assert_eq!(fixture.repo.take_out(&trial, &tasks()).await.unwrap(), TakenOut::Out);
        assert_eq!(content(&fixture.root()), before);
        assert_eq!(fixture.git(&fixture.root(), &["ls-files", "-s"]), index);
        assert_eq!(fixture.tip("HEAD"), head);
    }
}

#[tokio::test]
async fn trial_is_refused_where_the_checkout_is_dirty_and_stays_where_it_was_edited() {
    let (fixture, worktree) = two_commits().await;
    write(&fixture.root(), "mine", "mine");
    let refused = fixture.repo.prepare_trial(&worktree, &tasks(), "refs/quarterdeck/trials/t").await.unwrap();
    assert_eq!(refused, PreparedTrial::Dirty { paths: paths(&["mine"]) });
    std::fs::remove_file(fixture.root().join("mine")).unwrap();
    let trial = trial(&fixture, &worktree).await;
    fixture.repo.put_in(&trial).await.unwrap().unwrap();
    write(&fixture.root(), "three", "edited while it was tried");
    let edited = TakenOut::Edited { paths: paths(&["three"]) };
    assert_eq!(fixture.repo.take_out(&trial, &tasks()).await.unwrap(), edited);
    assert_eq!(read(&fixture.root(), "three"), "edited while it was tried");
    write(&fixture.root(), "three", "three");
    write(&fixture.root(), "notes", "of the trial");
    assert_eq!(fixture.repo.take_out(&trial, &tasks()).await.unwrap(), TakenOut::Out);
    assert_eq!(fixture.git(&fixture.root(), &["status", "--porcelain"]), "?? notes");
}
