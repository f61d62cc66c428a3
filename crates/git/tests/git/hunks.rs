//! Committing parts of files: exactly those, and nothing is lost of what is staged or stands in the worktree.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use qd_git::{ChosenHunks, CommitOutcome, CommitRequest, GitPath};

use crate::fixture::{Fixture, content, write};

const FILE: &str = "src/long.txt";
/// The lines that are changed, each a hunk of its own.
const CHANGED: [usize; 4] = [3, 30, 60, 99];

/// Lines of which those at `changed` are others.
fn lines(end: &str, changed: &[usize]) -> String {
    let line = |n| if changed.contains(&n) { format!("changed {n}{end}") } else { format!("line {n}{end}") };
    (0..100).map(line).collect()
}

/// A worktree in which four places of a long file are changed.
async fn changed(end: &str) -> (Fixture, PathBuf) {
    let fixture = Fixture::new().await;
    write(&fixture.root(), FILE, lines(end, &[]));
    fixture.commit_all(&fixture.root(), "long");
    let worktree = fixture.worktree().await;
    write(&worktree, FILE, lines(end, &CHANGED));
    (fixture, worktree)
}

async fn ids(fixture: &Fixture, worktree: &Path, file: &str) -> Vec<String> {
    let hunks = fixture.repo.uncommitted_hunks(worktree, &GitPath::new(file)).await.unwrap();
    hunks.into_iter().map(|hunk| hunk.id).collect()
}

fn request(worktree: &Path, files: &[&str], ids: &[&String]) -> CommitRequest {
    CommitRequest {
        worktree: worktree.to_owned(),
        message: "Some of it".to_owned(),
        files: Some(files.iter().map(|file| GitPath::new(*file)).collect()),
        hunks: vec![ChosenHunks { path: GitPath::new(FILE), ids: ids.iter().map(|id| (*id).clone()).collect() }],
        exclude: Vec::new(),
    }
}

fn committed(fixture: &Fixture, worktree: &Path, file: &str) -> String {
    fixture.git(worktree, &["show", &format!("HEAD:{file}")])
}

#[tokio::test]
async fn exactly_the_chosen_hunks_are_committed_whatever_the_line_ends() {
    for end in ["\n", "\r\n"] {
        for chosen in 1..1_u32 << CHANGED.len() {
            let is_chosen = |at: &usize| chosen & (1 << at) != 0;
            let (fixture, worktree) = changed(end).await;
            let before = content(&worktree);
            let all = ids(&fixture, &worktree, FILE).await;
            assert_eq!(all.len(), CHANGED.len());
            let some: Vec<&String> = (0..all.len()).filter(is_chosen).map(|at| &all[at]).collect();
            let outcome = fixture.repo.commit(&request(&worktree, &[], &some)).await.unwrap();
            assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
            let expected: Vec<usize> = (0..all.len()).filter(is_chosen).map(|at| CHANGED[at]).collect();
            assert_eq!(committed(&fixture, &worktree, FILE), lines(end, &expected).trim_end());
            assert_eq!(content(&worktree), before, "the files are not touched");
            assert_eq!(fixture.git(&worktree, &["diff", "--cached", "--name-only"]), "", "nothing is left staged");
            assert_eq!(ids(&fixture, &worktree, FILE).await.len(), all.len() - some.len());
        }
    }
}

#[tokio::test]
async fn what_else_is_staged_stays_staged_and_out_of_it() {
    let (fixture, worktree) = changed("\n").await;
    write(&worktree, "README.md", "staged\n");
    write(&worktree, "new.txt", "new\n");
    write(&worktree, "src/a.txt", "whole\n");
    fixture.git(&worktree, &["add", "README.md"]);
    let all = ids(&fixture, &worktree, FILE).await;
    let outcome = fixture.repo.commit(&request(&worktree, &["src/a.txt", "new.txt"], &[&all[1]])).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    let names = fixture.git(&worktree, &["show", "--name-only", "--format=", "HEAD"]);
    assert_eq!(names, "new.txt\nsrc/a.txt\nsrc/long.txt");
    assert_eq!(fixture.git(&worktree, &["diff", "--cached", "--name-only"]), "README.md");
}

#[tokio::test]
async fn a_hook_that_refuses_leaves_all_as_it_was() {
    let (fixture, worktree) = changed("\n").await;
    write(&worktree, "README.md", "staged\n");
    fixture.git(&worktree, &["add", "README.md"]);
    let hook = fixture.root().join(".git/hooks/pre-commit");
    // It sees what would be committed.
    write(&fixture.root(), ".git/hooks/pre-commit", "#!/bin/sh\ngit diff --cached --stat\nexit 1\n");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let all = ids(&fixture, &worktree, FILE).await;
    let staged = fixture.git(&worktree, &["ls-files", "--stage"]);
    let outcome = fixture.repo.commit(&request(&worktree, &["src/a.txt"], &[&all[0], &all[3]])).await.unwrap();
    let CommitOutcome::Refused { said } = outcome else { panic!("{outcome:?}") };
    assert!(said.contains("long.txt | 4 ++--") && !said.contains("README"), "{said}");
    assert_eq!(fixture.git(&worktree, &["ls-files", "--stage"]), staged);
    assert_eq!(ids(&fixture, &worktree, FILE).await, all);
}

#[tokio::test]
async fn what_changed_since_is_not_committed() {
    let (fixture, worktree) = changed("\n").await;
    let all = ids(&fixture, &worktree, FILE).await;
    write(&worktree, FILE, lines("\n", &[3, 30]).replace("changed 30", "changed again"));
    let outcome = fixture.repo.commit(&request(&worktree, &[], &[&all[0], &all[1]])).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Changed { path: GitPath::new(FILE) });
    assert_eq!(fixture.git(&worktree, &["log", "--format=%s", "-1"]), "long");
    let outcome = fixture.repo.commit(&request(&worktree, &[], &[&all[0]])).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "what did not change is: {outcome:?}");
}

#[tokio::test]
async fn a_staged_hunk_is_committed_and_one_that_does_not_go_with_it_is_refused() {
    let (fixture, worktree) = changed("\n").await;
    let all = ids(&fixture, &worktree, FILE).await;
    fixture.git(&worktree, &["add", FILE]);
    let outcome = fixture.repo.commit(&request(&worktree, &[], &[&all[2]])).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    assert_eq!(committed(&fixture, &worktree, FILE), lines("\n", &[60]).trim_end());
    // The rest is staged as it was.
    assert_eq!(fixture.git(&worktree, &["diff", "--cached", "--numstat"]), "3\t3\tsrc/long.txt");

    let (fixture, worktree) = changed("\n").await;
    let all = ids(&fixture, &worktree, FILE).await;
    let now = fs::read(worktree.join(FILE)).unwrap();
    write(&worktree, FILE, lines("\n", &[3]).replace("changed 3\n", "something else\n"));
    fixture.git(&worktree, &["add", FILE]);
    fs::write(worktree.join(FILE), now).unwrap();
    let staged = fixture.git(&worktree, &["ls-files", "--stage"]);
    assert_eq!(fixture.repo.commit(&request(&worktree, &[], &[&all[0]])).await.unwrap(), CommitOutcome::Staged);
    assert_eq!(fixture.git(&worktree, &["ls-files", "--stage"]), staged);
}

#[tokio::test]
async fn a_mode_and_bytes_that_are_no_text_go_their_own_way() {
    let (fixture, worktree) = changed("\n").await;
    let path = worktree.join(FILE);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    // Latin-1 in a line, and no newline at the end.
    let at = bytes.windows(9).position(|line| line == b"changed 3").unwrap();
    bytes[at] = 0xe9;
    bytes.pop();
    fs::write(&path, &bytes).unwrap();
    let all = ids(&fixture, &worktree, FILE).await;
    assert_eq!(all.len(), 4);
    let outcome = fixture.repo.commit(&request(&worktree, &[], &[&all[0], &all[3]])).await.unwrap();
    assert!(matches!(outcome, CommitOutcome::Committed { .. }), "{outcome:?}");
    let listed = fixture.git(&worktree, &["ls-tree", "HEAD", FILE]);
    assert!(listed.starts_with("100644 "), "the mode is not a hunk: {listed}");
    fixture.git(&worktree, &["stash", "-q"]);
    let mut expected = lines("\n", &[3, 99]).into_bytes();
    expected[at] = 0xe9;
    expected.pop();
    assert_eq!(fs::read(&path).unwrap(), expected);
}

#[tokio::test]
async fn what_is_new_gone_or_binary_is_committed_whole() {
    let (fixture, worktree) = changed("\n").await;
    write(&worktree, "new.txt", "new\n");
    fixture.git(&worktree, &["add", "-N", "new.txt"]);
    fs::remove_file(worktree.join("src/a.txt")).unwrap();
    fs::write(worktree.join("README.md"), [0, 1, 2, 255]).unwrap();
    for file in ["new.txt", "src/a.txt", "README.md", "none"] {
        assert_eq!(ids(&fixture, &worktree, file).await, [""; 0], "{file}");
    }
}
