//! Worktrees made ahead: taken, they are what would have been made; nobody's work is taken with them.

use std::path::PathBuf;

use qd_git::CreateError;

use crate::fixture::{Fixture, content, write};

/// A repository with a spare, and where that is.
async fn with_spare() -> (Fixture, PathBuf) {
    let fixture = Fixture::new().await;
    let spare = fixture.dir.path().join("spare");
    assert!(fixture.repo.make_spare(&spare, &fixture.tip("main")).await.unwrap());
    (fixture, spare)
}

fn place(fixture: &Fixture) -> PathBuf {
    fixture.dir.path().join("work")
}

#[tokio::test]
async fn taken_it_is_the_worktree_that_would_have_been_made() {
    let (fixture, spare) = with_spare().await;
    // The branch went on since.
    write(&fixture.root(), "src/b.txt", "new\n");
    fixture.commit_all(&fixture.root(), "second");
    let (path, base) = (place(&fixture), fixture.tip("main"));
    let taken = fixture.repo.take_spare(&spare, &path, "qd/work", &base).await.unwrap().unwrap();
    assert_eq!((taken.branch.as_deref(), taken.head.as_ref()), (Some("qd/work"), Some(&base)));
    assert_eq!(content(&path), content(&fixture.root()));
    assert_eq!(fixture.git(&path, &["status", "--porcelain", "--ignored"]), "");
    assert_eq!(fixture.git(&path, &["symbolic-ref", "HEAD"]), "refs/heads/qd/work");
    assert!(!spare.exists());
    assert!(!fixture.git(&fixture.root(), &["config", "--local", "--list"]).contains("branch."), "it tracks nothing");
    assert!(fixture.repo.take_spare(&spare, &path, "qd/other", &base).await.unwrap().is_none(), "there is none");
}

#[tokio::test]
async fn one_in_which_somebody_works_is_left_to_them() {
    let (fixture, spare) = with_spare().await;
    write(&spare, "src/a.txt", "mine\n");
    let (before, path) = (content(&spare), place(&fixture));
    let taken = fixture.repo.take_spare(&spare, &path, "qd/work", &fixture.tip("main")).await.unwrap();
    assert!(taken.is_none() && !path.exists());
    assert_eq!(content(&spare), before);
    assert_eq!(fixture.repo.resolve("refs/heads/qd/work").await.unwrap(), None);
    assert!(!fixture.repo.drop_spare(&spare).await.unwrap());
    assert_eq!(content(&spare), before);
}

#[tokio::test]
async fn what_a_crash_left_half_taken_is_taken() {
    let (fixture, spare) = with_spare().await;
    fixture.git(&spare, &["checkout", "-q", "-b", "qd/work"]);
    let path = place(&fixture);
    let other = fixture.repo.take_spare(&spare, &path, "qd/other", &fixture.tip("main")).await.unwrap();
    assert!(other.is_none(), "it is on its way to somebody else");
    assert!(!fixture.repo.finish_spare(&spare, &path, "qd/other", &fixture.tip("main")).await.unwrap());
    assert!(fixture.repo.finish_spare(&spare, &path, "qd/work", &fixture.tip("main")).await.unwrap());
    assert_eq!(content(&path), content(&fixture.root()));
}

#[tokio::test]
async fn where_it_cannot_be_taken_nothing_of_it_is_left() {
    let (fixture, spare) = with_spare().await;
    let base = fixture.tip("main");
    let taken = fixture.repo.take_spare(&spare, &fixture.dir.path().join("home"), "qd/work", &base).await;
    assert!(matches!(taken, Err(CreateError::PathTaken { .. })));
    assert!(fixture.repo.take_spare(&spare, &place(&fixture), "main", &base).await.unwrap().is_none());
    assert_eq!(fixture.repo.resolve("refs/heads/qd/work").await.unwrap(), None);
    assert!(fixture.repo.take_spare(&spare, &place(&fixture), "qd/work", &base).await.unwrap().is_some());
}

#[tokio::test]
async fn submodules_are_as_empty_as_in_one_that_is_made() {
    let fixture = Fixture::new().await;
    fixture.git(&fixture.root(), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./", "sub"]);
    fixture.commit_all(&fixture.root(), "submodule");
    let (spare, made, base) = (fixture.dir.path().join("spare"), fixture.dir.path().join("made"), fixture.tip("main"));
    assert!(fixture.repo.make_spare(&spare, &base).await.unwrap());
    assert!(fixture.repo.take_spare(&spare, &place(&fixture), "qd/work", &base).await.unwrap().is_some());
    fixture.repo.create_worktree(&made, "qd/made", &base).await.unwrap();
    assert_eq!(content(&place(&fixture)), content(&made));
    assert_eq!(fixture.git(&place(&fixture), &["status", "--porcelain"]), "");
}

#[tokio::test]
async fn where_git_does_not_move_it_one_is_made() {
    let (fixture, spare) = with_spare().await;
    fixture.git(&fixture.root(), &["worktree", "lock", &spare.display().to_string()]);
    let taken = fixture.repo.take_spare(&spare, &place(&fixture), "qd/work", &fixture.tip("main")).await.unwrap();
    assert!(taken.is_none() && spare.exists());
    assert_eq!(fixture.repo.resolve("refs/heads/qd/work").await.unwrap(), None);
}

#[tokio::test]
async fn a_sparse_checkout_has_none() {
    let fixture = Fixture::new().await;
    let spare = fixture.dir.path().join("spare");
    fixture.git(&fixture.root(), &["sparse-checkout", "set", "src"]);
    assert!(!fixture.repo.make_spare(&spare, &fixture.tip("main")).await.unwrap());
    assert!(!spare.exists());
}
