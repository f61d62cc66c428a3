//! Discarding takes everything away and undo brings everything back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use qd_git::{CreateError, DiscardError, DiscardReceipt, Head, discard::UndoDiscardError};

use crate::fixture::{Fixture, ODD_NAMES, content, init, make_executable, write};

#[tokio::test]
async fn undone_discard_is_bit_exact() {
    let fixture = Fixture::new().await;
    fixture.git(&fixture.root(), &["config", "core.autocrlf", "input"]);
    write(&fixture.root(), ".gitattributes", "*.txt text=auto\n*.bat text eol=crlf\n");
    write(&fixture.root(), "run.bat", "a\r\nb\r\n");
    fixture.commit_all(&fixture.root(), "attributes");
    let worktree = fixture.worktree().await;
    write(&worktree, "committed", "a\n");
    fixture.commit_all(&worktree, "own commit");
    for name in ODD_NAMES {
        write(&worktree, OsStr::from_bytes(name), "odd, no end");
    }
    write(&worktree, "crlf.txt", "a\r\nb\nc\r\n");
    write(&worktree, "src/a.txt", "1\r\n2\r\n");
    write(&worktree, "run.bat", "only\nlf\n");
    write(&worktree, "binary", [0, 13, 10, 255]);
    write(&worktree, "tasks/one.md", "# Edited\n");
    write(&worktree, "staged", "first\n");
    fixture.git(&worktree, &["add", "staged"]);
    write(&worktree, "staged", "second\n");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    std::os::unix::fs::symlink("nowhere", worktree.join("link")).unwrap();
    write(&worktree, "tool", "#!/bin/sh\n");
    make_executable(&worktree.join("tool"));
    let status = ["status", "--porcelain", "-uall"];
    let before = (content(&worktree), fixture.git(&worktree, &status), fixture.tip("qd/work"));

    let receipt = fixture.repo.discard(&worktree, "qd/work", "s1").await.unwrap();
    assert!(!worktree.exists());
    assert_eq!(fixture.repo.resolve("refs/heads/qd/work").await.unwrap(), None);
    assert_eq!(fixture.repo.list_worktrees().await.unwrap().len(), 1);

    let journal = serde_json::to_string(&receipt).unwrap();
    let receipt: DiscardReceipt = serde_json::from_str(&journal).unwrap();
    fixture.repo.undo_discard(&receipt).await.unwrap();
    let after = (content(&worktree), fixture.git(&worktree, &status), fixture.tip("qd/work"));
    assert_eq!(after, before);
    let head = fixture.repo.head_of(&worktree).await.unwrap();
    assert_eq!(head, Head::Branch { name: "qd/work".into(), commit: fixture.tip("qd/work") });
}

#[tokio::test]
async fn what_was_discarded_survives_garbage_collection() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    fixture.git(&worktree, &["checkout", "-q", "--detach"]);
    write(&worktree, "on no branch", "a\n");
    fixture.commit_all(&worktree, "detached");
    fixture.git(&worktree, &["commit", "-q", "--allow-empty", "-m", "two"]);
    write(&worktree, "staged", "s\n");
    fixture.git(&worktree, &["add", "staged"]);
    std::fs::remove_file(worktree.join("staged")).unwrap();
    write(&worktree, "untracked", "u\n");
    let head = fixture.repo.head_of(&worktree).await.unwrap();
    let before = (content(&worktree), fixture.git(&worktree, &["status", "--porcelain"]));
    let receipt = fixture.repo.discard(&worktree, "qd/work", "s1").await.unwrap();
    fixture.git(&fixture.root(), &["reflog", "expire", "--expire=now", "--all"]);
    fixture.git(&fixture.root(), &["gc", "-q", "--prune=now"]);
    fixture.repo.undo_discard(&receipt).await.unwrap();
    let after = (content(&worktree), fixture.git(&worktree, &["status", "--porcelain"]));
    assert_eq!(after, before);
    assert_eq!(fixture.repo.head_of(&worktree).await.unwrap(), head);
}

#[tokio::test]
async fn worktree_that_lost_its_commits_is_saved_too() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    fixture.git(&worktree, &["checkout", "-q", "--orphan", "fresh"]);
    let before = (content(&worktree), fixture.repo.head_of(&worktree).await.unwrap());
    assert_eq!(before.1, Head::Unborn { branch: "fresh".into() });
    let receipt = fixture.repo.discard(&worktree, "qd/work", "s1").await.unwrap();
    fixture.repo.undo_discard(&receipt).await.unwrap();
    let after = (content(&worktree), fixture.repo.head_of(&worktree).await.unwrap());
    assert_eq!(after, before);
}

#[tokio::test]
async fn checkout_of_the_user_is_never_discarded() {
    let fixture = Fixture::new().await;
    let before = content(&fixture.root());
    let refused = fixture.repo.discard(&fixture.root(), "main", "s1").await;
    assert!(matches!(refused, Err(DiscardError::NotLinked { .. })));
    assert_eq!(content(&fixture.root()), before);
}

#[tokio::test]
async fn repository_inside_the_worktree_stops_the_discard() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    init(&fixture.dir.path().join("work tree"), "inner");
    let inner = worktree.join("inner");
    write(&inner, "x", "x");
    fixture.git(&inner, &["-c", "user.name=a", "-c", "user.email=a@b", "add", "-A"]);
    fixture.commit_all(&inner, "x");
    let refused = fixture.repo.discard(&worktree, "qd/work", "s1").await;
    let Err(DiscardError::HoldsRepositories { paths }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(paths, ["inner".into()]);
    assert!(inner.join("x").exists());
}

#[tokio::test]
async fn place_or_branch_taken_since_is_left_alone() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "n\n");
    let receipt = fixture.repo.discard(&worktree, "qd/work", "s1").await.unwrap();
    write(&worktree, "somebody else's", "x");
    let place = fixture.repo.undo_discard(&receipt).await;
    assert!(matches!(place, Err(UndoDiscardError::Taken(CreateError::PathTaken { .. }))));
    std::fs::remove_dir_all(&worktree).unwrap();
    fixture.git(&fixture.root(), &["branch", "qd/work"]);
    let branch = fixture.repo.undo_discard(&receipt).await;
    assert!(matches!(branch, Err(UndoDiscardError::Taken(CreateError::BranchTaken { .. }))));
    fixture.git(&fixture.root(), &["branch", "-D", "qd/work"]);
    fixture.git(&fixture.root(), &["update-ref", "-d", "refs/quarterdeck/saved/s1"]);
    let gone = fixture.repo.undo_discard(&receipt).await;
    assert!(matches!(gone, Err(UndoDiscardError::SaveGone { .. })));
    assert!(!worktree.exists());
}

#[tokio::test]
async fn second_save_of_the_same_id_keeps_the_first() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "first\n");
    let first = fixture.repo.save(&worktree, "s1", &[]).await.unwrap();
    write(&worktree, "new", "second\n");
    let second = fixture.repo.save(&worktree, "s1", &[]).await.unwrap();
    assert_ne!(first.commit, second.commit);
    let ancestors = fixture.git(&fixture.root(), &["rev-list", &second.reference]);
    assert!(ancestors.contains(first.commit.as_str()));
    assert_eq!(fixture.git(&worktree, &["status", "--porcelain"]), "?? new");
}

#[tokio::test]
async fn discard_cut_short_by_a_crash_is_finished_by_repeating_it() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "n\n");
    let before = content(&worktree);
    let receipt = fixture.repo.prepare_discard(&worktree, "qd/work", "s1").await.unwrap();
    let folder = worktree.to_str().unwrap();
    fixture.git(&fixture.root(), &["worktree", "remove", "--force", folder]);
    for _ in 0..2 {
        fixture.repo.finish_discard(&receipt).await.unwrap();
        assert_eq!(fixture.repo.resolve("refs/heads/qd/work").await.unwrap(), None);
    }
    fixture.repo.undo_discard(&receipt).await.unwrap();
    assert_eq!(content(&worktree), before);
}

#[tokio::test]
async fn work_that_goes_on_after_the_save_stops_the_discard() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    let receipt = fixture.repo.prepare_discard(&worktree, "qd/work", "s1").await.unwrap();
    write(&worktree, "late", "late\n");
    let file = fixture.repo.finish_discard(&receipt).await;
    assert!(matches!(file, Err(DiscardError::ChangedMeanwhile)));
    fixture.commit_all(&worktree, "late");
    let commit = fixture.repo.finish_discard(&receipt).await;
    assert!(matches!(commit, Err(DiscardError::ChangedMeanwhile)));
    assert_eq!(crate::fixture::read(&worktree, "late"), "late\n");
}
