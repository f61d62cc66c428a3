//! What is told of a worktree before it is taken away.

use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use qd_git::facts::size;
use qd_git::{GitPath, Size};

use crate::fixture::{Fixture, ODD_NAMES, write};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn commits_files_and_names_of_any_bytes_are_counted() {
    let fixture = Fixture::new().await;
    let path = fixture.worktree().await;
    let fresh = fixture.repo.worktree_facts(&path, Some("main")).await.unwrap();
    assert_eq!((fresh.branch.as_deref(), fresh.head.as_ref()), (Some("qd/work"), Some(&fixture.tip("main"))));
    assert_eq!((fresh.dirty, fresh.ahead, fresh.behind, fresh.unmerged), (0, Some(0), Some(0), 0));
    write(&path, "src/b.txt", "b\n");
    fixture.commit_all(&path, "one");
    write(&path, "src/b.txt", "bb\n");
    fixture.commit_all(&path, "two");
    write(&fixture.root(), "c.txt", "c\n");
    fixture.commit_all(&fixture.root(), "theirs");
    for name in ODD_NAMES {
        write(&path, std::ffi::OsStr::from_bytes(name), "x");
    }
    fixture.git(&path, &["mv", "README.md", "MOVED.md"]);
    write(&path, "target/deep/x.o", "object");
    write(&path, "x.ignored", "x");
    let before = fixture.git_directory();
    let facts = fixture.repo.worktree_facts(&path, Some("main")).await.unwrap();
    // A rename is a file that is gone and a file that is new.
    assert_eq!(facts.dirty, ODD_NAMES.len() as u64 + 2);
    assert_eq!((facts.ahead, facts.behind, facts.unmerged), (Some(2), Some(1), 2));
    assert_eq!(facts.ignored, ["target/", "x.ignored"].map(GitPath::from));
    assert_eq!(fixture.git_directory(), before, "asking wrote into the repository");
}

#[tokio::test]
async fn commits_that_something_else_keeps_are_not_unmerged() {
    let fixture = Fixture::new().await;
    let path = fixture.worktree().await;
    write(&path, "b", "b\n");
    fixture.commit_all(&path, "one");
    let unmerged = async || fixture.repo.worktree_facts(&path, None).await.unwrap().unmerged;
    assert_eq!(unmerged().await, 1);
    fixture.repo.save(&path, "t1", &[]).await.unwrap();
    assert_eq!(unmerged().await, 0, "a save keeps it");
    write(&path, "b", "bb\n");
    fixture.commit_all(&path, "two");
    assert_eq!(unmerged().await, 1);
    fixture.git(&path, &["tag", "v1"]);
    assert_eq!(unmerged().await, 0, "a tag keeps it");
    fixture.git(&path, &["tag", "-d", "v1"]);
    fixture.git(&path, &["checkout", "-q", "--detach"]);
    let detached = fixture.repo.worktree_facts(&path, Some("gone")).await.unwrap();
    assert_eq!((detached.branch, detached.ahead, detached.unmerged), (None, None, 0), "its former branch keeps it");
}

#[tokio::test]
async fn size_is_that_of_the_files_without_the_link_and_without_what_links_point_to() {
    let fixture = Fixture::new().await;
    let path = fixture.worktree().await;
    let before = size(&path, LONG).bytes;
    write(&path, "target/big", vec![0; 100_000]);
    write(&path, std::ffi::OsStr::from_bytes(ODD_NAMES[4]), "12345");
    std::os::unix::fs::symlink(fixture.root(), path.join("l")).unwrap();
    let link = fixture.root().as_os_str().len() as u64;
    assert_eq!(size(&path, LONG), Size { bytes: before + 100_005 + link, whole: true });
    assert!(!size(&path, Duration::ZERO).whole, "a count that was cut says so");
    assert!(!size(&fixture.dir.path().join("nothing"), LONG).whole);
}
