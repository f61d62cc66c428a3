//! The files that a person may name to an agent.

use crate::fixture::{Fixture, ODD_NAMES, write};
use qd_git::ListingStamp;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

#[tokio::test]
async fn tracked_and_untracked_files_are_listed_and_ignored_and_deleted_ones_are_not() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/b.txt", "b\n");
    fixture.commit_all(&worktree, "second");
    write(&worktree, "new/file.rs", "n\n");
    write(&worktree, "x.ignored", "not seen");
    write(&worktree, "tasks/one.md", "# One, edited\n");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    let files = fixture.repo.list_files(&worktree).await.unwrap();
    let seen: Vec<_> = files.iter().map(|file| (file.path.to_string(), file.changed, file.touched)).collect();
    let expected = [
        (".gitignore", false, Some(1)),
        ("new/file.rs", true, None),
        ("src/a.txt", false, Some(3)),
        ("src/b.txt", false, Some(0)),
        ("tasks/one.md", true, Some(4)),
    ];
    assert_eq!(seen, expected.map(|(path, changed, touched)| (path.to_owned(), changed, touched)));
}

#[tokio::test]
async fn odd_names_are_listed_whole() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    for name in ODD_NAMES {
        std::fs::write(worktree.join(OsStr::from_bytes(name)), "odd").unwrap();
    }
    let files = fixture.repo.list_files(&worktree).await.unwrap();
    for name in ODD_NAMES {
        assert!(files.iter().any(|file| file.path.as_bytes() == name), "{:?}", OsStr::from_bytes(name));
    }
    let plain: Vec<&str> = files.iter().filter(|file| file.changed).filter_map(|file| file.plain()).collect();
    assert_eq!(plain, [":(top)star*[a].c", "emoji \u{1f642}.md", "quote\"and'tick", "with space.txt"]);
}

#[tokio::test]
async fn a_repository_without_a_commit_lists_what_lies_in_it() {
    let fixture = Fixture::new().await;
    fixture.git(&fixture.root(), &["checkout", "-q", "--orphan", "empty"]);
    let files = fixture.repo.list_files(&fixture.root()).await.unwrap();
    assert_eq!(files.iter().filter(|file| file.changed).count(), 4);
}

#[tokio::test]
async fn the_stamp_of_a_linked_worktree_is_another_after_a_commit_and_the_same_after_a_look() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    let before = ListingStamp::of(&worktree);
    fixture.repo.list_files(&worktree).await.unwrap();
    assert_eq!(ListingStamp::of(&worktree), before);
    write(&worktree, "more", "m\n");
    fixture.commit_all(&worktree, "more");
    assert_ne!(ListingStamp::of(&worktree), before);
}
