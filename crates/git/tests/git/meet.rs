//! Where the work in two worktrees meets.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use qd_git::{GitPath, Snapshot};

use crate::fixture::{Fixture, ODD_NAMES, tasks, write};

async fn two(fixture: &Fixture) -> [PathBuf; 2] {
    let other = fixture.dir.path().join("other");
    fixture.repo.create_worktree(&other, "qd/other", &fixture.tip("main")).await.unwrap();
    [fixture.worktree().await, other]
}

async fn seen(fixture: &Fixture, worktree: &std::path::Path) -> Snapshot {
    fixture.repo.snapshot(worktree, &fixture.tip("main"), &tasks()).await.unwrap()
}

/// The files that both changed, and those in which they conflict.
async fn meeting(fixture: &Fixture, [one, other]: &[PathBuf; 2]) -> (Vec<GitPath>, Vec<GitPath>) {
    let (one, other) = (seen(fixture, one).await, seen(fixture, other).await);
    let shared = one.changes().await.unwrap().meets(&other.changes().await.unwrap());
    // Also more than one git is given.
    let pairs: Vec<[usize; 2]> = [[0, 1], [1, 0], [0, 0]].into_iter().cycle().take(9).collect();
    let found = fixture.repo.conflicts(&[&one, &other], &pairs).await.unwrap();
    let conflicts = found.first().cloned().unwrap();
    for three in found.chunks(3) {
        assert_eq!(three, [conflicts.clone(), conflicts.clone(), vec![]], "a conflict has no direction");
    }
    (shared, conflicts)
}

#[tokio::test]
async fn same_file_in_different_places_meets_and_does_not_conflict() {
    let fixture = Fixture::new().await;
    let trees = two(&fixture).await;
    write(&trees[0], "src/a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n");
    write(&trees[1], "src/a.txt", "1\n2\n3\n4\n5\n6\n7\neight\n");
    write(&trees[0], "only", "x");
    write(&trees[0], "tasks/one.md", "# Mine\n");
    write(&trees[1], "tasks/one.md", "# Yours\n");
    let before = fixture.git_directory();
    assert_eq!(meeting(&fixture, &trees).await, (vec!["src/a.txt".into()], vec![]));
    assert_eq!(fixture.git_directory(), before, "looking wrote into the repository");
}

#[tokio::test]
async fn same_lines_conflict_whether_committed_or_not_and_under_any_name() {
    let fixture = Fixture::new().await;
    let trees = two(&fixture).await;
    let odd = OsStr::from_bytes(ODD_NAMES[4]);
    for (tree, text) in trees.iter().zip(["one\n", "other\n"]) {
        write(tree, "src/a.txt", text);
        write(tree, odd, text);
    }
    fixture.commit_all(&trees[0], "one");
    let both = || vec![GitPath::new(ODD_NAMES[4]), "src/a.txt".into()];
    assert_eq!(meeting(&fixture, &trees).await, (both(), both()));
}

#[tokio::test]
async fn a_file_that_one_moved_and_the_other_changed_meets() {
    let fixture = Fixture::new().await;
    let trees = two(&fixture).await;
    fixture.git(&trees[0], &["mv", "src/a.txt", "src/moved.txt"]);
    write(&trees[1], "src/a.txt", "1\n2\n3\n4\n5\n6\n7\neight\n");
    assert_eq!(meeting(&fixture, &trees).await, (vec!["src/a.txt".into()], vec![]));
}

#[tokio::test]
async fn worktrees_that_left_at_different_times_are_merged_from_where_the_earlier_one_left() {
    let fixture = Fixture::new().await;
    let early = fixture.worktree().await;
    write(&fixture.root(), "README.md", "hello\nall\n");
    fixture.commit_all(&fixture.root(), "second");
    let late = fixture.dir.path().join("late");
    fixture.repo.create_worktree(&late, "qd/late", &fixture.tip("main")).await.unwrap();
    write(&early, "src/a.txt", "one\n");
    write(&late, "README.md", "hello\nall of you\n");
    assert_eq!(meeting(&fixture, &[early, late]).await, (vec![], vec![]));
}
