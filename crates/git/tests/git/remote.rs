//! Which remote repository a branch belongs to, and pushing to it.

use std::path::{Path, PathBuf};

use qd_git::{CommitId, Pushed, Remote, RemoteError, Tips};

use crate::fixture::{Fixture, make_executable, write};

/// A worktree with a commit, and an empty repository that is the remote one.
async fn remote() -> (Fixture, PathBuf) {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "1");
    fixture.commit_all(&worktree, "work");
    add(&fixture, "origin");
    fixture.git(&fixture.root(), &["push", "-q", "origin", "main"]);
    (fixture, worktree)
}

fn add(fixture: &Fixture, name: &str) -> PathBuf {
    let path = fixture.dir.path().join(format!("{name}.git"));
    fixture.git(fixture.dir.path(), &["init", "-q", "--bare", path.to_str().unwrap()]);
    fixture.git(&fixture.root(), &["remote", "add", name, path.to_str().unwrap()]);
    path
}

async fn push(fixture: &Fixture, worktree: &Path, over: Option<&CommitId>) -> Pushed {
    let remote = fixture.repo.remote_of("main").await.unwrap();
    fixture.repo.push(worktree, &remote, "qd/work", &fixture.tip("qd/work"), over).await.unwrap()
}

async fn tip(fixture: &Fixture) -> Option<CommitId> {
    let remote = fixture.repo.remote_of("main").await.unwrap();
    match fixture.repo.tips_at(&remote, &["main", "qd/work"]).await.unwrap() {
        Tips::Found(tips) => tips[1].clone(),
        Tips::Closed { said } => panic!("{said}"),
    }
}

fn names(remote: &Remote) -> (&str, &str) {
    (&remote.name, &remote.branch)
}

#[tokio::test]
async fn a_branch_belongs_to_what_it_follows_else_to_origin_else_to_the_only_one() {
    let fixture = Fixture::new().await;
    assert!(matches!(fixture.repo.remote_of("main").await, Err(RemoteError::None)));
    add(&fixture, "upstream");
    assert_eq!(names(&fixture.repo.remote_of("main").await.unwrap()), ("upstream", "main"));
    add(&fixture, "fork");
    let several = fixture.repo.remote_of("main").await.unwrap_err();
    assert!(matches!(several, RemoteError::Several { names } if names == ["fork", "upstream"]));
    add(&fixture, "origin");
    assert_eq!(names(&fixture.repo.remote_of("main").await.unwrap()), ("origin", "main"));
    fixture.git(&fixture.root(), &["config", "branch.main.remote", "upstream"]);
    fixture.git(&fixture.root(), &["config", "branch.main.merge", "refs/heads/trunk"]);
    assert_eq!(names(&fixture.repo.remote_of("main").await.unwrap()), ("upstream", "trunk"));
}

#[tokio::test]
async fn what_leads_on_is_pushed_and_the_branches_there_are_told() {
    let (fixture, worktree) = remote().await;
    assert_eq!(tip(&fixture).await, None);
    assert!(matches!(push(&fixture, &worktree, None).await, Pushed::Done { .. }));
    assert_eq!(tip(&fixture).await, Some(fixture.tip("qd/work")));
    write(&worktree, "new", "2");
    fixture.commit_all(&worktree, "more");
    assert!(matches!(push(&fixture, &worktree, None).await, Pushed::Done { .. }));
    assert_eq!(tip(&fixture).await, Some(fixture.tip("qd/work")));
}

#[tokio::test]
async fn what_does_not_lead_on_moves_only_over_exactly_what_was_named() {
    let (fixture, worktree) = remote().await;
    push(&fixture, &worktree, None).await;
    let pushed = fixture.tip("qd/work");
    fixture.git(&worktree, &["commit", "-q", "--amend", "-m", "other words"]);
    let Pushed::Refused { said } = push(&fixture, &worktree, None).await else { panic!("it moved") };
    assert!(said.contains("qd/work"), "{said}");
    let wrong = fixture.tip("main");
    assert!(matches!(push(&fixture, &worktree, Some(&wrong)).await, Pushed::Refused { .. }));
    assert_eq!(tip(&fixture).await, Some(pushed.clone()));
    assert!(matches!(push(&fixture, &worktree, Some(&pushed)).await, Pushed::Done { .. }));
    assert_eq!(tip(&fixture).await, Some(fixture.tip("qd/work")));
}

#[tokio::test]
async fn hooks_of_both_sides_run_and_are_heard() {
    let (fixture, worktree) = remote().await;
    let ours = fixture.root().join(".git/hooks/pre-push");
    write(&fixture.root(), ".git/hooks/pre-push", "#!/bin/sh\necho looking at $1 >&2\n");
    make_executable(&ours);
    let theirs = fixture.dir.path().join("origin.git/hooks");
    write(&theirs, "pre-receive", "#!/bin/sh\necho 'no work on Sundays' >&2\nexit 1\n");
    make_executable(&theirs.join("pre-receive"));
    let Pushed::Refused { said } = push(&fixture, &worktree, None).await else { panic!("it moved") };
    assert!(said.contains("looking at origin") && said.contains("no work on Sundays"), "{said}");
    assert_eq!(tip(&fixture).await, None);
    std::fs::remove_file(theirs.join("pre-receive")).unwrap();
    let Pushed::Done { said } = push(&fixture, &worktree, None).await else { panic!("it was refused") };
    assert!(said.contains("looking at origin"), "{said}");
    write(&fixture.root(), ".git/hooks/pre-push", "#!/bin/sh\nexit 3\n");
    write(&worktree, "new", "2");
    fixture.commit_all(&worktree, "more");
    assert!(matches!(push(&fixture, &worktree, None).await, Pushed::Refused { .. }));
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let (fixture, _) = remote().await;
    std::fs::remove_dir_all(fixture.dir.path().join("origin.git")).unwrap();
    let remote = fixture.repo.remote_of("main").await.unwrap();
    let tips = fixture.repo.tips_at(&remote, &["main"]).await.unwrap();
    assert!(matches!(tips, Tips::Closed { said } if said.contains("origin.git")));
}

#[tokio::test]
async fn a_password_in_an_address_is_not_said() {
    let (fixture, worktree) = remote().await;
    fixture.git(&fixture.root(), &["remote", "set-url", "origin", "http://ann:secret@127.0.0.1:1/deck.git"]);
    let remote = fixture.repo.remote_of("main").await.unwrap();
    let Tips::Closed { said } = fixture.repo.tips_at(&remote, &["main"]).await.unwrap() else { panic!("it answered") };
    assert!(said.contains("127.0.0.1") && !said.contains("secret"), "{said}");
    let Pushed::Refused { said } = push(&fixture, &worktree, None).await else { panic!("it moved") };
    assert!(said.contains("127.0.0.1") && !said.contains("secret"), "{said}");
}
