//! Hooks, signatures and locks that stand in the way: what is refused says why, and nothing moves.

use std::os::unix::fs::symlink;

use qd_git::{GitError, KeepError, KeepOutcome, Refusal};

use crate::fixture::{make_executable, write};
use crate::gallery::Place;

const HOOKS: [&str; 12] = [
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-merge-commit",
    "post-merge",
    "post-checkout",
    "post-rewrite",
    "reference-transaction",
    "post-index-change",
    "pre-auto-gc",
    "fsmonitor-watchman",
];

/// Every hook, in the folder of hooks or in one that a setting names.
async fn with_hooks(script: &'static str, folder: Option<&'static str>) -> Place {
    let place = Place::new(|_, _| ()).await;
    let hooks = place.fixture.dir.path().join(folder.unwrap_or("repo/.git/hooks"));
    for name in HOOKS {
        write(&hooks, name, script);
        make_executable(&hooks.join(name));
    }
    if folder.is_some() {
        place.git(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    }
    place
}

#[tokio::test]
async fn hooks_of_the_user_that_fail_or_write_do_not_run() {
    for folder in [None, Some("hooks of the user")] {
        for script in ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hook > written-by-hook\necho x >> README.md\n"] {
            let place = with_hooks(script, folder).await;
            place.write("src/a.txt", "edited\n");
            place.write("new", "n\n");
            assert_eq!(place.walk().await, ["A new", "M src/a.txt"]);
        }
    }
}

#[tokio::test]
async fn a_signature_that_fails_is_told_and_nothing_moves() {
    let place = Place::new(|_, _| ()).await;
    place.git(&["config", "commit.gpgSign", "true"]);
    place.git(&["config", "gpg.program", "false"]);
    place.write("src/a.txt", "edited\n");
    let before = place.state();
    let refused = place.fixture.repo.keep(&place.request()).await;
    let Err(KeepError::Git(GitError::Failed { command, stderr, .. })) = refused else { panic!("{refused:?}") };
    assert_eq!(command, "commit-tree");
    assert!(stderr.contains("gpg failed to sign"), "{stderr}");
    assert_eq!(place.state(), before);
    // Saving is in the product's own name and is not signed.
    place.discard_and_bring_back().await;
    place.is_sound();
}

#[tokio::test]
async fn a_checkout_that_is_locked_refuses_and_follows_when_it_is_not() {
    let place = Place::new(|_, _| ()).await;
    place.write("src/a.txt", "edited\n");
    let before = place.state();
    let lock = place.root.join(".git/index.lock");
    std::fs::write(&lock, "").unwrap();
    let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
    let KeepOutcome::CheckoutRefused(Refusal::Busy { checkout, stderr }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(checkout, place.root.canonicalize().unwrap());
    assert!(stderr.contains("index.lock"), "{stderr}");
    assert!(lock.exists(), "the lock is somebody else's");
    assert_eq!(place.state(), before);
    std::fs::remove_file(lock).unwrap();
    assert_eq!(place.walk().await, ["M src/a.txt"]);
}

#[tokio::test]
async fn a_worktree_that_is_locked_is_looked_at_saved_and_kept_all_the_same() {
    let place = Place::new(|_, _| ()).await;
    place.write("src/a.txt", "edited\n");
    let lock = place.git(&["rev-parse", "--absolute-git-dir"]);
    let lock = std::path::Path::new(&lock).join("index.lock");
    std::fs::write(&lock, "").unwrap();
    let changes = place.look().await;
    place.keep().await;
    assert_eq!(place.fixture.tip_tree("main"), changes.tree.as_str());
    std::fs::remove_file(lock).unwrap();
    place.is_sound();
}

#[tokio::test]
async fn a_branch_that_is_locked_moves_nothing() {
    let place = Place::new(|_, _| ()).await;
    place.write("src/a.txt", "edited\n");
    let before = place.state();
    let lock = place.root.join(".git/refs/heads/main.lock");
    std::fs::write(&lock, "").unwrap();
    let refused = place.fixture.repo.keep(&place.request()).await;
    let Err(KeepError::Git(GitError::Failed { stderr, .. })) = refused else { panic!("{refused:?}") };
    assert!(stderr.contains("main.lock"), "{stderr}");
    std::fs::remove_file(lock).unwrap();
    assert_eq!(place.state(), before);
    place.is_sound();
}

#[tokio::test]
async fn ignored_files_where_something_lands_refuse_it_whatever_they_are() {
    type Lay = fn(&std::path::Path);
    let cases: [(&str, Lay); 4] = [
        ("file", |root| write(root, "target/x", "of the user\n")),
        ("link", |root| {
            std::fs::create_dir(root.join("target")).unwrap();
            symlink("nowhere", root.join("target/x")).unwrap();
        }),
        ("folder", |root| write(root, "target/x/y", "of the user\n")),
        ("link in place of the folder", |root| symlink("src", root.join("target")).unwrap()),
    ];
    for (name, lay) in cases {
        let place = Place::new(|_, _| ()).await;
        place.write("target/x", "agent\n");
        place.git(&["add", "-f", "target/x"]);
        lay(&place.root);
        let before = place.state();
        let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
        assert!(matches!(outcome, KeepOutcome::CheckoutRefused(Refusal::Overlap { .. })), "{name}: {outcome:?}");
        assert_eq!(place.state(), before, "{name}");
        place.is_sound();
    }
}
