//! What git was told to overlook is seen all the same: an edit there must not be lost.

use qd_git::{DiscardError, GitError, KeepError, KeepOutcome, Refusal, RemoveError};

use crate::fixture::{content, init, write};
use crate::gallery::{Place, told};

const FLAGS: [&str; 2] = ["--assume-unchanged", "--skip-worktree"];

#[tokio::test]
async fn an_edit_in_the_worktree_that_git_overlooks_is_seen_lands_and_comes_back() {
    for flag in FLAGS {
        let place = Place::new(|_, _| ()).await;
        place.git(&["update-index", flag, "src/a.txt", "README.md"]);
        place.write("src/a.txt", "edited\n");
        let changes = place.look().await;
        assert_eq!(told(&changes), ["M src/a.txt"], "{flag}");
        place.keep().await;
        assert_eq!(place.fixture.tip_tree("main"), changes.tree.as_str());
        let before = content(&place.worktree);
        let receipt = place.fixture.repo.discard(&place.worktree, "qd/work", "s1").await.unwrap();
        place.fixture.repo.undo_discard(&receipt).await.unwrap();
        assert_eq!(content(&place.worktree), before, "{flag}");
        place.is_sound();
    }
}

#[tokio::test]
async fn an_edit_of_the_user_that_git_overlooks_refuses_the_landing() {
    for flag in FLAGS {
        let place = Place::new(|_, _| ()).await;
        place.write("src/a.txt", "agent\n");
        place.fixture.git(&place.root, &["update-index", flag, "src/a.txt"]);
        write(&place.root, "src/a.txt", "user\n");
        let before = place.state();
        let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
        assert!(matches!(outcome, KeepOutcome::CheckoutRefused(Refusal::Overlap { .. })), "{flag}: {outcome:?}");
        assert_eq!(place.state(), before, "{flag}");
    }
}

#[tokio::test]
async fn a_landing_on_an_overlooked_file_that_is_as_it_was_brings_it_along() {
    for flag in FLAGS {
        let place = Place::new(|_, _| ()).await;
        place.write("src/a.txt", "agent\n");
        place.fixture.git(&place.root, &["update-index", flag, "src/a.txt"]);
        assert_eq!(place.walk().await, ["M src/a.txt"], "{flag}");
    }
}

#[tokio::test]
async fn entries_that_only_announce_a_file_go_the_whole_way() {
    let place = Place::new(|_, _| ()).await;
    place.write("announced", "in the worktree\n");
    place.git(&["add", "-N", "announced"]);
    write(&place.root, "of the user", "announced\n");
    place.fixture.git(&place.root, &["add", "-N", "of the user"]);
    let changes = place.look().await;
    assert_eq!(told(&changes), ["A announced"]);
    place.keep().await;
    assert_eq!(place.fixture.git(&place.root, &["status", "--porcelain"]), " A \"of the user\"");
    let before = content(&place.worktree);
    let receipt = place.fixture.repo.discard(&place.worktree, "qd/work", "s1").await.unwrap();
    place.fixture.repo.undo_discard(&receipt).await.unwrap();
    assert_eq!(content(&place.worktree), before);
    place.is_sound();
}

#[tokio::test]
async fn what_the_repository_excludes_for_itself_is_no_work_and_is_not_overwritten() {
    let place = Place::new(|_, root| write(root, ".git/info/exclude", "scratch/\n*.local\n")).await;
    place.write("scratch/x", "not seen\n");
    place.write("new", "n\n");
    assert_eq!(told(&place.look().await), ["A new"]);
    place.write("a.local", "forced\n");
    place.git(&["add", "-f", "a.local"]);
    write(&place.root, "a.local", "of the user\n");
    let before = place.state();
    let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
    let KeepOutcome::CheckoutRefused(Refusal::Overlap { paths, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(paths, ["a.local".into()]);
    assert_eq!(place.state(), before);
    std::fs::remove_file(place.root.join("a.local")).unwrap();
    place.remove("scratch");
    assert_eq!(place.walk().await, ["A a.local", "A new"]);
}

#[tokio::test]
async fn a_repository_without_a_commit_is_named_and_nothing_of_it_is_lost() {
    let place = Place::new(|_, _| ()).await;
    place.write("new", "n\n");
    init(&place.worktree, "inner");
    place.write("inner/x", "x\n");
    let changes = place.changes().await;
    assert_eq!((told(&changes), &changes.unseen[..]), (vec!["A new".to_owned()], &["inner/".into()][..]));
    let before = place.state();
    let refused = place.fixture.repo.keep(&place.request()).await;
    assert!(matches!(refused, Err(KeepError::Git(GitError::Unreadable { .. }))), "{refused:?}");
    let refused = place.fixture.repo.discard(&place.worktree, "qd/work", "s1").await;
    assert!(matches!(refused, Err(DiscardError::Git(GitError::Unreadable { .. }))), "{refused:?}");
    assert_eq!(place.state(), before);
    place.is_sound();
}

#[tokio::test]
async fn a_worktree_with_work_that_the_users_status_does_not_show_is_not_removed() {
    let place = Place::new(|_, _| ()).await;
    let not_removed = async || {
        let refused = place.fixture.repo.remove_worktree(&place.worktree).await;
        assert!(matches!(refused, Err(RemoveError::Changed { .. })), "{refused:?}");
    };
    place.git(&["config", "status.showUntrackedFiles", "no"]);
    place.write("new", "n\n");
    not_removed().await;
    place.remove("new");
    for flag in FLAGS {
        place.git(&["update-index", flag, "README.md"]);
        place.write("README.md", "edited\n");
        not_removed().await;
        place.git(&["update-index", &flag.replace("--", "--no-"), "README.md"]);
        place.git(&["checkout", "-q", "README.md"]);
    }
    place.fixture.repo.remove_worktree(&place.worktree).await.unwrap();
    assert!(!place.worktree.exists());
}
