//! Making worktrees, and leaving nothing behind where that fails.

use qd_git::{CommitId, CreateError, RemoveError, Repo};

use crate::fixture::{Fixture, content, env, folder, init, read, write};

#[tokio::test]
async fn worktree_stands_on_its_own_branch_and_is_listed() {
    let fixture = Fixture::new().await;
    let path = fixture.worktree().await;
    assert_eq!(content(&path), content(&fixture.root()));
    let list = fixture.repo.list_worktrees().await.unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[1].branch.as_deref(), Some("qd/work"));
    assert_eq!(list[1].path, path.canonicalize().unwrap());
    assert_eq!(list[1].head, Some(fixture.tip("main")));
}

#[tokio::test]
async fn refused_creation_says_why_and_leaves_nothing() {
    let fixture = Fixture::new().await;
    let (repo, base) = (&fixture.repo, fixture.tip("main"));
    let free = fixture.dir.path().join("free");
    let taken = fixture.dir.path().join("home");
    let before = fixture.git_directory();
    let inside = repo.create_worktree(&fixture.root().join("x/y"), "b", &base).await;
    assert!(matches!(inside, Err(CreateError::InsideCheckout { .. })));
    let occupied = repo.create_worktree(&taken, "b", &base).await;
    assert!(matches!(occupied, Err(CreateError::PathTaken { .. })));
    let branch = repo.create_worktree(&free, "main", &base).await;
    assert!(matches!(branch, Err(CreateError::BranchTaken { .. })));
    for name in ["a..b", "-x", "@{-1}", "a b", ""] {
        let named = repo.create_worktree(&free, name, &base).await;
        assert!(matches!(named, Err(CreateError::BadBranch { .. })), "{name:?}: {named:?}");
    }
    let nothing = CommitId::parse(&"1".repeat(40)).unwrap();
    let unknown = repo.create_worktree(&free, "b", &nothing).await;
    assert!(matches!(unknown, Err(CreateError::NoBase { .. })));
    assert!(!free.exists());
    assert_eq!(fixture.git_directory(), before);
}

#[tokio::test]
async fn failing_checkout_leaves_no_branch_and_no_folder() {
    let fixture = Fixture::new().await;
    write(&fixture.root(), ".gitattributes", "*.bin filter=fails\n");
    write(&fixture.root(), "x.bin", "x");
    fixture.commit_all(&fixture.root(), "filtered");
    fixture.git(&fixture.root(), &["config", "filter.fails.smudge", "false"]);
    fixture.git(&fixture.root(), &["config", "filter.fails.required", "true"]);
    let path = fixture.dir.path().join("w");
    let failed = fixture.repo.create_worktree(&path, "b", &fixture.tip("main")).await;
    assert!(matches!(failed, Err(CreateError::Git(_))));
    assert!(!path.exists());
    assert_eq!(fixture.repo.resolve("refs/heads/b").await.unwrap(), None);
    assert_eq!(fixture.repo.list_worktrees().await.unwrap().len(), 1);
}

#[tokio::test]
async fn repository_without_a_commit_says_so() {
    let dir = folder();
    init(dir.path(), "empty");
    let repo = Repo::open(&dir.path().join("empty"), env(dir.path())).await.unwrap();
    let any = CommitId::parse(&"1".repeat(40)).unwrap();
    let refused = repo.create_worktree(&dir.path().join("w"), "b", &any).await;
    assert!(matches!(refused, Err(CreateError::NoCommits)));
    assert_eq!(repo.list_worktrees().await.unwrap()[0].head, None);
}

#[tokio::test]
async fn hooks_of_the_user_do_not_run() {
    let fixture = Fixture::new().await;
    let hook = fixture.root().join(".git/hooks/post-checkout");
    write(&fixture.root(), ".git/hooks/post-checkout", "#!/bin/sh\n: > \"$HOME/ran\"\n");
    crate::fixture::make_executable(&hook);
    fixture.worktree().await;
    assert!(!fixture.dir.path().join("home/ran").exists());
}

#[tokio::test]
async fn ignored_files_are_copied_by_pattern_and_never_overwrite() {
    let fixture = Fixture::new().await;
    let root = fixture.root();
    write(&root, ".env", "SECRET=1\n");
    write(&root, "deep/er/.env", "SECRET=2\n");
    write(&root, "target/big", "not asked for");
    write(&root, "notes.txt", "untracked, not ignored");
    let path = fixture.worktree().await;
    write(&path, "deep/er/.env", "own\n");
    let patterns = ["**/.env".to_owned(), "notes.txt".to_owned()];
    let copied = fixture.repo.copy_ignored(&path, &patterns).await.unwrap();
    assert_eq!(copied, [".env".into()]);
    assert_eq!(read(&path, ".env"), "SECRET=1\n");
    assert_eq!(read(&path, "deep/er/.env"), "own\n");
    assert!(!path.join("target").exists() && !path.join("notes.txt").exists());
}

#[tokio::test]
async fn only_a_worktree_without_anything_of_its_own_is_removed() {
    let fixture = Fixture::new().await;
    let path = fixture.worktree().await;
    write(&path, "new.txt", "mine");
    let dirty = fixture.repo.remove_worktree(&path).await;
    assert!(matches!(dirty, Err(RemoveError::Changed { .. })));
    fixture.git(&path, &["checkout", "-q", "--detach"]);
    fixture.commit_all(&path, "on no branch");
    let unique = fixture.repo.remove_worktree(&path).await;
    assert!(matches!(unique, Err(RemoveError::UniqueCommits { .. })));
    assert_eq!(read(&path, "new.txt"), "mine");
    fixture.git(&path, &["branch", "holds-it"]);
    fixture.repo.remove_worktree(&path).await.unwrap();
    assert!(!path.exists());
}
