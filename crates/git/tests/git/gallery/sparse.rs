//! A checkout of which the user has taken a part only.

use qd_git::KeptIndex;

use crate::fixture::{content, write};
use crate::gallery::{Place, told};

/// Sparse checkout in the user's checkout, which its worktrees inherit.
async fn sparse(options: &[&str]) -> Place {
    let options = options.to_vec();
    Place::new(move |fixture, root| {
        write(root, "in/a.txt", "in\n");
        write(root, "out/b.txt", "out\n");
        write(root, "out/deep/c.txt", "1\n2\n3\n4\n5\n");
        fixture.commit_all(root, "folders");
        fixture.git(root, &[&["sparse-checkout", "set"], &options[..]].concat());
        assert!(!root.join("out").exists());
    })
    .await
}

const KINDS: [&[&str]; 3] =
    [&["--cone", "in", "src"], &["--cone", "--sparse-index", "in", "src"], &["--no-cone", "/*", "!/out/"]];

#[tokio::test]
async fn what_is_left_out_stays_and_work_within_goes_the_whole_way() {
    for kind in KINDS {
        let place = sparse(kind).await;
        place.write("in/a.txt", "edited\n");
        place.write("in/new", "new\n");
        assert_eq!(place.walk().await, ["M in/a.txt", "A in/new"], "{kind:?}");
        let left_out = place.git(&["ls-files", "-t", "--", "out"]);
        assert_eq!(left_out, "S out/b.txt\nS out/deep/c.txt");
    }
}

#[tokio::test]
async fn work_on_what_is_left_out_is_seen_and_lands_and_comes_back_from_a_discard() {
    for kind in KINDS {
        let place = sparse(kind).await;
        place.write("out/b.txt", "written all the same\n");
        place.write("out/new", "new\n");
        let changes = place.look().await;
        assert_eq!(told(&changes), ["M out/b.txt", "A out/new"], "{kind:?}");
        let before = content(&place.root);
        let receipt = place.keep().await;
        assert_eq!(place.fixture.tip_tree("main"), changes.tree.as_str());
        assert_eq!(content(&place.root), before, "the checkout of the user stays sparse");
        assert_eq!(place.fixture.git(&place.root, &["status", "--porcelain"]), "");
        place.fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
        let before = content(&place.worktree);
        let receipt = place.fixture.repo.discard(&place.worktree, "qd/work", "s1").await.unwrap();
        place.fixture.repo.undo_discard(&receipt).await.unwrap();
        assert_eq!(content(&place.worktree), before);
        assert_eq!(told(&place.look().await), ["M out/b.txt", "A out/new"], "{kind:?}");
        place.is_sound();
    }
}

#[tokio::test]
async fn going_back_deletes_nothing_that_is_left_out() {
    for kind in KINDS {
        let place = sparse(kind).await;
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptIndex::in_folder(folder.path());
        place.write("out/new", "new\n");
        let repo = &place.fixture.repo;
        let moment = repo.keep_moment(&place.worktree, &kept, "refs/quarterdeck/turns/1").await.unwrap();
        assert_eq!(told(&place.look().await), ["A out/new"]);
        place.write("in/a.txt", "edited\n");
        place.remove("out");
        repo.go_back(&place.worktree, &kept, &moment, "refs/quarterdeck/back/1", &[]).await.unwrap();
        assert_eq!(told(&place.look().await), ["A out/new"], "{kind:?}");
    }
}
