//! Everything that changed shows, whoever changed it and however; and looking changes nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use qd_git::{Changes, FileChange, GitPath, Status};

use crate::fixture::{Fixture, ODD_NAMES, init, make_executable, tasks, write};

async fn changes(fixture: &Fixture, worktree: &Path) -> Changes {
    fixture.repo.changes(worktree, &fixture.tip("main"), &tasks()).await.unwrap()
}

fn summary(changes: &Changes) -> Vec<(String, Status, u64, u64)> {
    let line = |file: &FileChange| (file.path.to_string(), file.status, file.additions, file.deletions);
    changes.files.iter().map(line).collect()
}

#[tokio::test]
async fn committed_staged_unstaged_and_untracked_changes_all_show() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "committed", "a\n");
    fixture.commit_all(&worktree, "c");
    write(&worktree, "staged", "b\n");
    fixture.git(&worktree, &["add", "staged"]);
    write(&worktree, "src/a.txt", "1\n2\n3\n4\n5\n6\n7\nEIGHT\n9\n");
    write(&worktree, "untracked/deep", "d\n");
    write(&worktree, "x.ignored", "not seen");
    write(&worktree, "tasks/one.md", "# One, edited\n");
    write(&worktree, "tasks/two.md", "# Two\n");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    let found = changes(&fixture, &worktree).await;
    let expected = [
        ("README.md", Status::Deleted, 0, 1),
        ("committed", Status::Added, 1, 0),
        ("src/a.txt", Status::Modified, 2, 1),
        ("staged", Status::Added, 1, 0),
        ("untracked/deep", Status::Added, 1, 0),
    ];
    assert_eq!(summary(&found), expected.map(|(path, status, plus, minus)| { (path.to_owned(), status, plus, minus) }));
}

#[tokio::test]
async fn unchanged_worktree_has_the_tree_of_its_base() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "tasks/one.md", "# One, edited\n");
    let found = changes(&fixture, &worktree).await;
    assert_eq!(found.files, []);
    assert_eq!(found.tree.as_str(), fixture.tip_tree("main"));
}

#[tokio::test]
async fn every_kind_of_change_has_its_name() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    std::fs::rename(worktree.join("src/a.txt"), worktree.join("moved.txt")).unwrap();
    make_executable(&worktree.join("README.md"));
    write(&worktree, "pic", [0, 159, 146, 150]);
    std::fs::remove_file(worktree.join(".gitignore")).unwrap();
    std::os::unix::fs::symlink("elsewhere", worktree.join(".gitignore")).unwrap();
    let found = changes(&fixture, &worktree).await;
    let statuses: Vec<_> = found.files.iter().map(|file| (file.path.to_string(), file.status, file.binary)).collect();
    let expected = [
        (".gitignore", Status::TypeChanged, false),
        ("README.md", Status::ModeChanged, false),
        ("moved.txt", Status::Renamed, false),
        ("pic", Status::Added, true),
    ];
    assert_eq!(statuses, expected.map(|(path, status, binary)| (path.to_owned(), status, binary)));
    assert_eq!(found.files[2].old_path, Some("src/a.txt".into()));
    assert_eq!((found.files[1].old_mode, found.files[1].new_mode), (0o100_644, 0o100_755));
    assert_eq!(found.files[0].new_mode, 0o120_000);
}

#[tokio::test]
async fn odd_names_come_through_and_have_a_diff() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    for name in ODD_NAMES {
        write(&worktree, OsStr::from_bytes(name), "line\n");
    }
    let base = fixture.tip("main");
    let snapshot = fixture.repo.snapshot(&worktree, &base, &[]).await.unwrap();
    let found = snapshot.changes().await.unwrap();
    let mut expected: Vec<_> = ODD_NAMES.iter().map(|name| GitPath::new(*name)).collect();
    expected.sort();
    assert_eq!(found.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), expected);
    for file in &found.files {
        let diff = snapshot.diff(file).await.unwrap();
        assert!(diff.text.ends_with("+line\n"), "{:?}: {}", file.path, diff.text);
        assert_eq!(diff.text.matches("diff --git").count(), 1);
    }
}

#[tokio::test]
async fn diff_of_a_rename_shows_only_what_changed_and_crlf_stays() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    std::fs::remove_file(worktree.join("src/a.txt")).unwrap();
    write(&worktree, "b.txt", "1\n2\n3\n4\n5\n6\n7\n8\r\n");
    let base = fixture.tip("main");
    let diff = fixture.repo.file_diff(&worktree, &base, &"b.txt".into()).await.unwrap().unwrap();
    assert!(diff.text.contains("rename from src/a.txt"));
    assert!(diff.text.ends_with("-8\n+8\r\n"));
    assert!(!diff.truncated);
    assert_eq!(fixture.repo.file_diff(&worktree, &base, &"README.md".into()).await.unwrap(), None);
}

#[tokio::test]
async fn huge_diff_is_cut_and_says_so() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "huge", "a line of text\n".repeat(700_000));
    let base = fixture.tip("main");
    let diff = fixture.repo.file_diff(&worktree, &base, &"huge".into()).await.unwrap().unwrap();
    assert!(diff.truncated);
    assert_eq!(diff.text.len(), 8 << 20);
}

#[tokio::test]
async fn looking_writes_nothing_into_the_repository() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "other\n");
    write(&worktree, "new", "never seen before\n");
    fixture.git(&fixture.root(), &["config", "core.splitIndex", "true"]);
    let before = fixture.git_directory();
    let found = changes(&fixture, &worktree).await;
    assert_eq!(found.files.len(), 2);
    fixture.repo.file_diff(&worktree, &fixture.tip("main"), &"new".into()).await.unwrap();
    assert_eq!(fixture.git_directory(), before);
    let scratch = std::fs::read_dir(fixture.dir.path().join("scratch")).unwrap();
    assert_eq!(scratch.count(), 0);
}

#[tokio::test]
async fn edit_in_the_same_instant_as_the_index_is_seen() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    for round in 0..20 {
        // Same length, same inode, written at once after git wrote the index.
        fixture.git(&worktree, &["reset", "-q", "--hard"]);
        write(&worktree, "README.md", "hellO\n");
        assert_eq!(changes(&fixture, &worktree).await.files.len(), 1, "round {round}");
    }
}

#[tokio::test]
async fn only_what_happened_since_the_branch_left_its_target_counts() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "mine", "m\n");
    write(&fixture.root(), "theirs", "t\n");
    fixture.commit_all(&fixture.root(), "main goes on");
    let found = changes(&fixture, &worktree).await;
    assert_eq!(summary(&found), [("mine".to_owned(), Status::Added, 1, 0)]);
    assert_eq!(found.merge_base, fixture.tip("main~1"));
}

#[tokio::test]
async fn settings_of_the_user_do_not_change_the_answer() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "1\n2\n3\n4\n5\n6\n7\nx\n");
    let base = fixture.tip("main");
    let path = GitPath::from("src/a.txt");
    let plain = fixture.repo.file_diff(&worktree, &base, &path).await.unwrap();
    let settings = [
        ("diff.external", "false"),
        ("diff.noprefix", "true"),
        ("diff.renames", "false"),
        ("diff.context", "0"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
        ("core.pager", "false"),
        ("status.showUntrackedFiles", "no"),
        ("core.safecrlf", "true"),
        ("core.fsmonitor", "true"),
    ];
    for (name, value) in settings {
        fixture.git(&worktree, &["config", "--global", name, value]);
    }
    write(&worktree, "mixed", "a\r\nb\n");
    fixture.git(&worktree, &["config", "--global", "core.autocrlf", "input"]);
    assert_eq!(fixture.repo.file_diff(&worktree, &base, &path).await.unwrap(), plain);
    assert_eq!(changes(&fixture, &worktree).await.files.len(), 2);
}

#[tokio::test]
async fn moved_submodule_shows() {
    let fixture = Fixture::new().await;
    let root = fixture.root();
    init(fixture.dir.path(), "other");
    let other = fixture.dir.path().join("other");
    write(&other, "x", "x");
    fixture.commit_all(&other, "x");
    fixture.git(&root, &["submodule", "--quiet", "add", other.to_str().unwrap(), "sub"]);
    fixture.commit_all(&root, "with submodule");
    let worktree = fixture.worktree().await;
    assert_eq!(changes(&fixture, &worktree).await.files, [], "an empty submodule is no change");
    fixture.git(&worktree, &["submodule", "--quiet", "update", "--init"]);
    write(&worktree.join("sub"), "x", "y");
    fixture.commit_all(&worktree.join("sub"), "y");
    let found = changes(&fixture, &worktree).await;
    assert_eq!(found.files.len(), 1);
    assert_eq!((found.files[0].path.to_string().as_str(), found.files[0].new_mode), ("sub", 0o160_000));
}

#[tokio::test]
async fn half_done_merge_shows_the_files_as_they_are() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "README.md", "ours\n");
    fixture.commit_all(&worktree, "ours");
    write(&fixture.root(), "README.md", "theirs\n");
    fixture.commit_all(&fixture.root(), "theirs");
    fixture.git(&worktree, &["config", "alias.try", "!git merge main >/dev/null || true"]);
    fixture.git(&worktree, &["try"]);
    let found = changes(&fixture, &worktree).await;
    assert_eq!(found.files.len(), 1);
    let base = fixture.tip("main");
    let diff = fixture.repo.file_diff(&worktree, &base, &"README.md".into()).await.unwrap();
    assert!(diff.unwrap().text.contains("+<<<<<<< HEAD"));
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_the_rest_shows() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "inner/x", "x");
    fixture.git(&worktree.join("inner"), &["init", "-q"]);
    write(&worktree, "new", "n\n");
    let found = changes(&fixture, &worktree).await;
    assert_eq!(summary(&found), [("new".to_owned(), Status::Added, 1, 0)]);
    assert_eq!(found.unseen, ["inner/".into()]);
}

#[tokio::test]
async fn excluded_folder_need_not_exist() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    let exclude = ["no/such/folder".into(), "tasks".into()];
    std::fs::remove_dir_all(worktree.join("tasks")).unwrap();
    let base = fixture.tip("main");
    let found = fixture.repo.changes(&worktree, &base, &exclude).await.unwrap();
    assert_eq!(found.files, []);
}
