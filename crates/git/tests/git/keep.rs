//! Keeping: one commit lands, checkouts follow or nothing moves, and it can be undone.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use qd_git::{
    GitError, How, KeepError, KeepOutcome, KeepReceipt, KeepRequest, Landing, Refusal, UndoOutcome, keep::Prepared,
};

use qd_git::revert::{RevertOutcome, RevertPrepared, RevertRequest};

use crate::fixture::{Fixture, ODD_NAMES, content, init, read, tasks, write};

fn request(worktree: &Path) -> KeepRequest {
    KeepRequest {
        worktree: worktree.to_owned(),
        target: "main".into(),
        message: "Add things\n\nAll of them.\n".into(),
        how: How::Squash,
        exclude: tasks(),
        id: "s1".into(),
    }
}

async fn keep(fixture: &Fixture, worktree: &Path) -> KeepReceipt {
    match fixture.repo.keep(&request(worktree)).await.unwrap() {
        KeepOutcome::Kept(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

fn clean(fixture: &Fixture) -> bool {
    fixture.git(&fixture.root(), &["status", "--porcelain"]).is_empty()
}

#[tokio::test]
async fn everything_lands_as_one_commit_and_the_checkout_follows() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    let before = fixture.tip("main");
    write(&worktree, "one", "1\n");
    fixture.commit_all(&worktree, "wip");
    for name in ODD_NAMES {
        write(&worktree, OsStr::from_bytes(name), "odd\n");
    }
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    write(&worktree, "tasks/one.md", "# The agent's copy\n");
    let receipt = keep(&fixture, &worktree).await;
    assert_eq!(fixture.tip("main"), receipt.new);
    assert_eq!(fixture.tip("main~1"), before);
    assert_eq!(fixture.git(&fixture.root(), &["log", "-1", "--format=%an %s"]), "Ann Add things");
    assert!(clean(&fixture));
    assert!(!fixture.root().join("README.md").exists());
    assert_eq!(read(&fixture.root(), "tasks/one.md"), "# One\n");
    let mut expected = content(&worktree);
    expected.insert("tasks/one.md".into(), b"file # One\n".to_vec());
    assert_eq!(content(&fixture.root()), expected);
    assert_eq!(receipt.followed, [fixture.root().canonicalize().unwrap()]);
}

#[tokio::test]
async fn worktree_is_left_as_it_was_and_saved_whole() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "dirty\n");
    write(&worktree, "tasks/two.md", "# Two\n");
    let before = (content(&worktree), fixture.git(&worktree, &["status", "--porcelain"]));
    let receipt = keep(&fixture, &worktree).await;
    let after = (content(&worktree), fixture.git(&worktree, &["status", "--porcelain"]));
    assert_eq!(after, before);
    let saved = receipt.saved.reference;
    assert_eq!(saved, "refs/quarterdeck/saved/s1");
    let shown = fixture.git(&fixture.root(), &["show", &format!("{saved}:tasks/two.md")]);
    assert_eq!(shown, "# Two");
}

#[tokio::test]
async fn unrelated_work_in_the_checkout_stays_untouched() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "changed\n");
    let root = fixture.root();
    write(&root, "README.md", "my own edit\n");
    write(&root, "tasks/one.md", "# Written by the panel\n");
    write(&root, "notes", "untracked\n");
    write(&root, "staged", "staged\n");
    fixture.git(&root, &["add", "staged"]);
    let before = fixture.git(&root, &["status", "--porcelain"]);
    keep(&fixture, &worktree).await;
    assert_eq!(fixture.git(&root, &["status", "--porcelain"]), before);
    assert_eq!(read(&root, "src/a.txt"), "changed\n");
    assert_eq!(read(&root, "README.md"), "my own edit\n");
}

/// Each way in which landed files may meet the user's own: nothing may move and nothing may change.
#[tokio::test]
async fn overlap_with_the_checkout_is_refused_and_nothing_moves() {
    type Set = fn(&Path);
    let cases: [(&str, Set, Set); 6] = [
        (
            "src/a.txt",
            |own| write(own, "src/a.txt", "agent\n"),
            |own| {
                write(own, "src/a.txt", "user\n");
            },
        ),
        ("new", |own| write(own, "new", "agent\n"), |own| write(own, "new", "user\n")),
        (
            "folder/x",
            |own| write(own, "folder/x", "agent\n"),
            |own| {
                write(own, "folder", "a file of the user\n");
            },
        ),
        ("file", |own| write(own, "file", "agent\n"), |own| write(own, "file/x", "user\n")),
        (
            "secret.ignored",
            |own| {
                write(own, ".gitignore", "");
                write(own, "secret.ignored", "agent\n");
            },
            |own| write(own, "secret.ignored", "user\n"),
        ),
        (
            "target/x",
            |own| {
                write(own, ".gitignore", "");
                write(own, "target/x", "agent\n");
            },
            |own| write(own, "target/x", "user\n"),
        ),
    ];
    for (path, agent, user) in cases {
        let fixture = Fixture::new().await;
        let worktree = fixture.worktree().await;
        agent(&worktree);
        user(&fixture.root());
        let before = (fixture.tip("main"), content(&fixture.root()));
        let outcome = fixture.repo.keep(&request(&worktree)).await.unwrap();
        let KeepOutcome::CheckoutRefused(Refusal::Overlap { paths, .. }) = outcome else {
            panic!("{path}: {outcome:?}");
        };
        assert_eq!(paths, [path.into()]);
        assert_eq!((fixture.tip("main"), content(&fixture.root())), before, "{path}");
    }
}

#[tokio::test]
async fn target_that_moved_is_merged() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "ONE\n2\n3\n4\n5\n6\n7\n8\n");
    write(&fixture.root(), "src/a.txt", "1\n2\n3\n4\n5\n6\n7\nEIGHT\n");
    fixture.commit_all(&fixture.root(), "main goes on");
    let receipt = keep(&fixture, &worktree).await;
    assert_eq!(read(&fixture.root(), "src/a.txt"), "ONE\n2\n3\n4\n5\n6\n7\nEIGHT\n");
    assert_eq!(fixture.tip("main"), receipt.new);
    assert!(clean(&fixture));
}

#[tokio::test]
async fn conflict_names_its_files_and_moves_nothing() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "agent\n");
    write(&worktree, "fine", "fine\n");
    std::fs::remove_file(worktree.join("README.md")).unwrap();
    write(&fixture.root(), "src/a.txt", "user\n");
    write(&fixture.root(), "README.md", "user\n");
    fixture.commit_all(&fixture.root(), "main goes on");
    let before = (fixture.tip("main"), content(&fixture.root()));
    let outcome = fixture.repo.keep(&request(&worktree)).await.unwrap();
    let KeepOutcome::Conflicts { files, saved } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(files, ["README.md".into(), "src/a.txt".into()]);
    assert_eq!((fixture.tip("main"), content(&fixture.root())), before);
    assert_eq!(fixture.tip(&saved.reference), saved.commit);
}

#[tokio::test]
async fn branch_without_a_checkout_moves_alone() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    fixture.git(&fixture.root(), &["checkout", "-q", "-b", "other"]);
    write(&fixture.root(), "new", "user\n");
    write(&worktree, "new", "agent\n");
    let receipt = keep(&fixture, &worktree).await;
    assert_eq!(receipt.followed, [] as [&Path; 0]);
    assert_eq!(fixture.tip("main"), receipt.new);
    assert_eq!(read(&fixture.root(), "new"), "user\n");
}

#[tokio::test]
async fn target_that_moves_between_preparing_and_landing_is_left_alone() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "agent\n");
    let Prepared::Ready(prepared) = fixture.repo.prepare_keep(&request(&worktree)).await.unwrap() else {
        panic!("nothing prepared");
    };
    fixture.git(&fixture.root(), &["commit", "-q", "--allow-empty", "-m", "meanwhile"]);
    let found = fixture.tip("main");
    let landing = fixture.repo.land(&prepared).await.unwrap();
    assert_eq!(landing, Landing::TargetMoved(Some(found.clone())));
    assert_eq!(fixture.tip("main"), found);
    assert!(clean(&fixture));
}

#[tokio::test]
async fn locked_checkout_is_busy_and_the_branch_goes_back() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "agent\n");
    write(&fixture.root(), ".git/index.lock", "");
    let before = fixture.tip("main");
    let outcome = fixture.repo.keep(&request(&worktree)).await.unwrap();
    assert!(matches!(outcome, KeepOutcome::CheckoutRefused(Refusal::Busy { .. })), "{outcome:?}");
    assert_eq!(fixture.tip("main"), before);
}

#[tokio::test]
async fn nothing_changed_is_nothing_to_keep() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "tasks/one.md", "# Only the document\n");
    let outcome = fixture.repo.keep(&request(&worktree)).await.unwrap();
    assert!(matches!(outcome, KeepOutcome::Nothing(_)));
}

#[tokio::test]
async fn missing_author_missing_branch_and_strange_history_say_so() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "new", "agent\n");
    let nowhere = KeepRequest { target: "nowhere".into(), ..request(&worktree) };
    assert!(matches!(fixture.repo.keep(&nowhere).await, Err(KeepError::NoTarget { .. })));
    fixture.git(&fixture.root(), &["checkout", "-q", "--orphan", "strange"]);
    fixture.git(&fixture.root(), &["commit", "-qm", "another root"]);
    let strange = KeepRequest { target: "strange".into(), ..request(&worktree) };
    assert!(matches!(fixture.repo.keep(&strange).await, Err(KeepError::Unrelated { .. })));
    std::fs::write(fixture.dir.path().join("home/.gitconfig"), "").unwrap();
    let refused = fixture.repo.keep(&request(&worktree)).await;
    assert!(matches!(refused, Err(KeepError::NoAuthor)));
}

#[tokio::test]
async fn undo_takes_the_commit_off_and_keeps_it_reachable() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "agent\n");
    write(&worktree, "new/file", "agent\n");
    write(&fixture.root(), "notes", "untracked\n");
    let before = (fixture.tip("main"), content(&fixture.root()));
    let receipt = keep(&fixture, &worktree).await;
    let undone = fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    assert_eq!((fixture.tip("main"), content(&fixture.root())), before);
    let UndoOutcome::Undone { kept_at } = undone else {
        panic!("{undone:?}");
    };
    assert_eq!(fixture.tip(&kept_at), receipt.new);
    let again = fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    assert!(matches!(again, UndoOutcome::Undone { .. }));
    assert_eq!((fixture.tip("main"), content(&fixture.root())), before);
}

#[tokio::test]
async fn undo_is_refused_where_work_went_on() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "agent\n");
    let receipt = keep(&fixture, &worktree).await;
    write(&fixture.root(), "src/a.txt", "edited after landing\n");
    let refused = fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    assert!(matches!(refused, UndoOutcome::CheckoutRefused(Refusal::Overlap { .. })));
    fixture.commit_all(&fixture.root(), "goes on");
    let moved = fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    assert_eq!(moved, UndoOutcome::TargetMoved(Some(fixture.tip("main"))));
    assert_eq!(read(&fixture.root(), "src/a.txt"), "edited after landing\n");
}

fn revert_of(receipt: &KeepReceipt) -> RevertRequest {
    let KeepReceipt { old, new, .. } = receipt.clone();
    RevertRequest { target: "main".into(), old, new, message: "Revert it".into() }
}

async fn reverted(fixture: &Fixture, receipt: &KeepReceipt) {
    let prepared = fixture.repo.prepare_revert(&revert_of(receipt)).await.unwrap();
    let RevertPrepared::Ready(prepared) = prepared else { panic!("{prepared:?}") };
    assert_eq!(fixture.repo.land_revert(&prepared).await.unwrap(), RevertOutcome::Reverted);
    assert_eq!(
        fixture.repo.land_revert(&prepared).await.unwrap(),
        RevertOutcome::Reverted,
        "repeated it changes nothing"
    );
    assert_eq!(fixture.tip("main"), prepared.new);
}

#[tokio::test]
async fn what_was_landed_is_taken_back_from_below_what_came_later_and_lands_again() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "agent\n");
    write(&worktree, "new/file", "agent\n");
    let before = read(&fixture.root(), "src/a.txt");
    let receipt = keep(&fixture, &worktree).await;
    write(&fixture.root(), "later", "of somebody else\n");
    fixture.commit_all(&fixture.root(), "later");
    write(&fixture.root(), "notes", "untracked\n");
    reverted(&fixture, &receipt).await;
    assert_eq!(
        (read(&fixture.root(), "src/a.txt"), read(&fixture.root(), "later")),
        (before, "of somebody else\n".into())
    );
    assert!(!fixture.root().join("new/file").exists());
    assert_eq!(read(&fixture.root(), "notes"), "untracked\n");
    assert_eq!(fixture.repo.prepare_revert(&revert_of(&receipt)).await.unwrap(), RevertPrepared::Nothing);
    keep(&fixture, &worktree).await;
    assert_eq!(
        (read(&fixture.root(), "src/a.txt"), read(&fixture.root(), "new/file")),
        ("agent\n".into(), "agent\n".into())
    );
}

#[tokio::test]
async fn a_revert_that_meets_later_changes_or_the_users_own_moves_nothing() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "src/a.txt", "agent\n");
    let receipt = keep(&fixture, &worktree).await;
    let RevertPrepared::Ready(prepared) = fixture.repo.prepare_revert(&revert_of(&receipt)).await.unwrap() else {
        panic!()
    };
    write(&fixture.root(), "src/a.txt", "mine\n");
    let refused = fixture.repo.land_revert(&prepared).await.unwrap();
    assert!(matches!(refused, RevertOutcome::CheckoutRefused(Refusal::Overlap { .. })), "{refused:?}");
    fixture.commit_all(&fixture.root(), "mine");
    let tip = fixture.tip("main");
    assert_eq!(fixture.repo.land_revert(&prepared).await.unwrap(), RevertOutcome::TargetMoved(Some(tip.clone())));
    let conflict = fixture.repo.prepare_revert(&revert_of(&receipt)).await.unwrap();
    assert_eq!(conflict, RevertPrepared::Conflicts { files: vec!["src/a.txt".into()] });
    assert_eq!((fixture.tip("main"), read(&fixture.root(), "src/a.txt")), (tip, "mine\n".into()));
}

#[tokio::test]
async fn user_in_the_middle_of_a_merge_is_not_disturbed() {
    let fixture = Fixture::new().await;
    let (root, worktree) = (fixture.root(), fixture.worktree().await);
    write(&worktree, "new", "agent\n");
    fixture.git(&root, &["checkout", "-q", "-b", "side"]);
    write(&root, "README.md", "side\n");
    fixture.commit_all(&root, "side");
    fixture.git(&root, &["checkout", "-q", "main"]);
    write(&root, "README.md", "main\n");
    fixture.commit_all(&root, "main");
    fixture.git(&root, &["config", "alias.try", "!git merge side >/dev/null || true"]);
    fixture.git(&root, &["try"]);
    let before = (fixture.tip("main"), content(&root));
    let outcome = fixture.repo.keep(&request(&worktree)).await.unwrap();
    let KeepOutcome::CheckoutRefused(Refusal::Unmerged { paths, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(paths, ["README.md".into()]);
    assert_eq!((fixture.tip("main"), content(&root)), before);
}

#[tokio::test]
async fn landing_cut_short_by_a_crash_is_finished_by_repeating_it() {
    let fixture = Fixture::new().await;
    let (root, worktree) = (fixture.root(), fixture.worktree().await);
    write(&worktree, "src/a.txt", "agent\n");
    write(&root, "README.md", "my own edit\n");
    let Prepared::Ready(prepared) = fixture.repo.prepare_keep(&request(&worktree)).await.unwrap() else {
        panic!("nothing prepared");
    };
    // The ref moved and the checkout did not follow yet.
    let new = prepared.new.as_str();
    fixture.git(&root, &["update-ref", "refs/heads/main", new]);
    for _ in 0..2 {
        let landing = fixture.repo.land(&prepared).await.unwrap();
        assert!(matches!(landing, Landing::Landed(_)));
        assert_eq!(fixture.git(&root, &["diff", "HEAD", "--name-only"]), "README.md");
        assert_eq!(read(&root, "src/a.txt"), "agent\n");
    }
    write(&root, "src/a.txt", "edited after landing\n");
    fixture.repo.land(&prepared).await.unwrap();
    assert_eq!(read(&root, "src/a.txt"), "edited after landing\n");
}

#[tokio::test]
async fn checkout_follows_late_where_somebody_went_on_from_a_landing_that_was_cut_short() {
    let fixture = Fixture::new().await;
    let (root, worktree) = (fixture.root(), fixture.worktree().await);
    write(&worktree, "src/a.txt", "agent\n");
    let Prepared::Ready(prepared) = fixture.repo.prepare_keep(&request(&worktree)).await.unwrap() else {
        panic!("nothing prepared");
    };
    fixture.git(&root, &["update-ref", "refs/heads/main", prepared.new.as_str()]);
    write(&root, "pulled", "theirs\n");
    write(&root, "README.md", "my own edit\n");
    fixture.git(&root, &["add", "pulled"]);
    fixture.git(&root, &["commit", "-q", "--only", "-m", "Pulled", "--", "pulled"]);
    let tip = fixture.tip("main");
    for _ in 0..2 {
        let landing = fixture.repo.land(&prepared).await.unwrap();
        assert_eq!(landing, Landing::TargetMoved(Some(tip.clone())));
        assert_eq!(fixture.git(&root, &["diff", "HEAD", "--name-only"]), "README.md");
        assert_eq!(read(&root, "src/a.txt"), "agent\n");
    }
}

#[tokio::test]
async fn second_keep_lands_what_came_after_the_first() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "one", "1\n");
    keep(&fixture, &worktree).await;
    write(&worktree, "two", "2\n");
    let second = keep(&fixture, &worktree).await;
    let shown = fixture.git(&fixture.root(), &["show", "--format=", "--name-only"]);
    assert_eq!(shown, "two");
    assert_eq!(fixture.tip("main"), second.new);
}

#[tokio::test]
async fn what_cannot_be_read_is_neither_kept_nor_passed_over() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    write(&worktree, "inner/x", "x");
    fixture.git(&worktree.join("inner"), &["init", "-q"]);
    let refused = fixture.repo.keep(&request(&worktree)).await;
    let Err(KeepError::Git(GitError::Unreadable { paths })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(paths, ["inner/".into()]);
}

#[tokio::test]
async fn clone_inside_the_worktree_is_refused_and_a_submodule_lands() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    init(fixture.dir.path(), "other");
    let other = fixture.dir.path().join("other");
    write(&other, "x", "x");
    fixture.commit_all(&other, "x");
    let other = other.to_str().unwrap();
    fixture.git(&worktree, &["clone", "-q", other, "clone"]);
    let refused = fixture.repo.keep(&request(&worktree)).await;
    let Err(KeepError::LooseRepositories { paths }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(paths, ["clone".into()]);
    std::fs::remove_dir_all(worktree.join("clone")).unwrap();
    fixture.git(&worktree, &["submodule", "--quiet", "add", other, "sub module"]);
    keep(&fixture, &worktree).await;
    let landed = fixture.git(&fixture.root(), &["ls-tree", "HEAD", "sub module"]);
    assert!(landed.starts_with("160000 commit"));
}
