//! Files that become something else: names, modes, links, folders, submodules.

use std::path::Path;

use qd_git::{KeepOutcome, Refusal};

use crate::fixture::{Fixture, init, make_executable, write};
use crate::gallery::Place;

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n";

#[tokio::test]
async fn renames_with_edits_go_the_whole_way() {
    let place = Place::new(|_, root| {
        write(root, "lib/one.rs", "fn one() {}\n".repeat(20));
        write(root, "lib/two.rs", LINES.repeat(3));
    })
    .await;
    place.rename("lib/one.rs", "lib/deep/er/uno.rs");
    place.write("lib/deep/er/uno.rs", format!("{}fn two() {{}}\n", "fn one() {}\n".repeat(20)));
    place.git(&["mv", "lib/two.rs", "two.rs"]);
    place.write("two.rs", format!("{}x", LINES.repeat(3)));
    place.rename("src/a.txt", "swap");
    place.rename("README.md", "src/a.txt");
    place.rename("swap", "README.md");
    let expected = ["M README.md", "R lib/one.rs lib/deep/er/uno.rs", "M src/a.txt", "R lib/two.rs two.rs"];
    assert_eq!(place.walk().await, expected);
}

#[tokio::test]
async fn renames_of_case_only_go_the_whole_way() {
    let place = Place::new(|_, root| write(root, "Docs/Guide.md", LINES)).await;
    place.rename("README.md", "Readme.md");
    place.rename("Docs", "docs");
    assert_eq!(place.walk().await, ["R README.md Readme.md", "R Docs/Guide.md docs/Guide.md"]);
}

#[tokio::test]
async fn modes_that_change_go_the_whole_way() {
    let place = Place::new(|_, root| {
        write(root, "runs", "#!/bin/sh\n");
        make_executable(&root.join("runs"));
    })
    .await;
    make_executable(&place.worktree.join("README.md"));
    place.write("both", "#!/bin/sh\n");
    make_executable(&place.worktree.join("both"));
    place.remove("runs");
    place.write("runs", "#!/bin/sh\n");
    assert_eq!(place.walk().await, ["X README.md", "A both", "X runs"]);
}

#[tokio::test]
async fn links_of_every_kind_go_the_whole_way() {
    let place = Place::new(|_, root| {
        write(root, "folder/x", "x\n");
        write(root, "plain", "plain\n");
        std::os::unix::fs::symlink("plain", root.join("was a link")).unwrap();
        std::os::unix::fs::symlink("folder", root.join("link to folder")).unwrap();
    })
    .await;
    place.link("nowhere/at all", "dangling");
    place.link("../../outside", "src/leads outside");
    place.remove("plain");
    place.link("README.md", "plain");
    place.remove("was a link");
    place.write("was a link", "now a file\n");
    place.remove("folder");
    place.link("src", "folder");
    place.remove("link to folder");
    place.write("link to folder/y", "y\n");
    let expected = [
        "A dangling",
        "A folder",
        "D folder/x",
        "D link to folder",
        "A link to folder/y",
        "T plain",
        "A src/leads outside",
        "T was a link",
    ];
    assert_eq!(place.walk().await, expected);
}

#[tokio::test]
async fn files_and_folders_that_take_each_others_place_go_the_whole_way() {
    let place = Place::new(|_, root| {
        write(root, "file", LINES);
        write(root, "file-and-more", "between a file and its folder\n");
        write(root, "folder/one", "one\n");
        write(root, "folder/two/deep", "two\n");
    })
    .await;
    place.remove("file");
    place.write("file/inside", "inside\n");
    place.write("file/other", "other\n");
    place.remove("folder");
    place.write("folder", "a file\n");
    let expected = ["D file", "A file/inside", "A file/other", "A folder", "D folder/one", "D folder/two/deep"];
    assert_eq!(place.walk().await, expected);
}

#[tokio::test]
async fn a_file_that_moves_into_the_folder_of_its_name_is_one_change_and_so_is_the_way_back() {
    let place = Place::new(|_, root| {
        write(root, "module", LINES);
        write(root, "back/here", "way back\n".repeat(9));
        write(root, "back/also", "something else\n");
    })
    .await;
    place.rename("module", "aside");
    place.rename("aside", "module/index");
    place.write("module/sibling", "nothing alike\n");
    place.rename("back/here", "aside");
    place.remove("back");
    place.rename("aside", "back");
    let expected = ["R back/here back", "D back/also", "R module module/index", "A module/sibling"];
    assert_eq!(place.walk().await, expected);
}

/// A repository `other` with two commits, and its address.
fn other(fixture: &Fixture) -> String {
    init(fixture.dir.path(), "other");
    let other = fixture.dir.path().join("other");
    for text in ["one", "two"] {
        write(&other, "x", text);
        fixture.commit_all(&other, text);
    }
    other.to_str().unwrap().to_owned()
}

fn with_submodule(fixture: &Fixture, root: &Path) {
    let other = other(fixture);
    fixture.git(root, &["submodule", "--quiet", "add", &other, "sub"]);
    fixture.git(&root.join("sub"), &["checkout", "-q", "HEAD~1"]);
    fixture.commit_all(root, "with a submodule");
}

#[tokio::test]
async fn a_submodule_nobody_initialised_is_no_change_and_stays_registered() {
    let place = Place::new(with_submodule).await;
    place.write("new", "n\n");
    assert_eq!(place.walk().await, ["A new"]);
}

#[tokio::test]
async fn a_submodule_that_moved_lands_and_those_of_the_user_are_left_alone() {
    for recurse in ["false", "true"] {
        let place = Place::new(with_submodule).await;
        place.fixture.git(&place.root, &["config", "submodule.recurse", recurse]);
        place.git(&["submodule", "--quiet", "update", "--init"]);
        place.git(&["-C", "sub", "checkout", "-q", "main"]);
        place.write("sub/dirty", "not committed in there\n");
        write(&place.root, "sub/x", "the user works in it\n");
        let before = place.state();
        let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
        let KeepOutcome::CheckoutRefused(Refusal::Overlap { paths, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((paths, place.state()), (vec!["sub".into()], before));
        place.fixture.git(&place.root.join("sub"), &["checkout", "-q", "x"]);
        let before = crate::fixture::content(&place.root);
        let changes = place.look().await;
        assert_eq!(super::told(&changes), ["M sub"]);
        let receipt = place.keep().await;
        assert_eq!(place.fixture.tip_tree("main"), changes.tree.as_str());
        assert_eq!(crate::fixture::content(&place.root), before, "submodule.recurse={recurse}");
        place.fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
        assert_eq!(crate::fixture::content(&place.root), before, "submodule.recurse={recurse}");
        let refused = place.fixture.repo.discard(&place.worktree, "qd/work", "s1").await;
        assert!(matches!(refused, Err(qd_git::DiscardError::HoldsRepositories { .. })), "{refused:?}");
        assert_eq!(crate::fixture::read(&place.worktree, "sub/dirty"), "not committed in there\n");
        place.is_sound();
    }
}

#[tokio::test]
async fn commits_in_a_submodule_that_was_taken_out_of_the_worktree_stop_the_discard() {
    let place = Place::new(with_submodule).await;
    place.git(&["submodule", "--quiet", "update", "--init"]);
    write(&place.worktree, "sub/x", "three");
    place.fixture.commit_all(&place.worktree.join("sub"), "three");
    place.git(&["submodule", "--quiet", "deinit", "-f", "sub"]);
    assert!(!place.worktree.join("sub/.git").exists());
    let refused = place.fixture.repo.discard(&place.worktree, "qd/work", "s1").await;
    let Err(qd_git::DiscardError::HoldsRepositories { paths }) = refused else { panic!("{refused:?}") };
    assert_eq!(paths, ["sub".into()]);
    place.git(&["submodule", "--quiet", "update", "--init"]);
}

#[tokio::test]
async fn a_submodule_that_is_new_lands_and_one_that_goes_goes() {
    let place = Place::new(with_submodule).await;
    place.fixture.git(&place.root, &["submodule", "--quiet", "deinit", "-f", "sub"]);
    place.git(&["rm", "-q", "sub"]);
    let address = place.fixture.dir.path().join("other");
    place.git(&["submodule", "--quiet", "add", address.to_str().unwrap(), "lib/new one"]);
    let changes = place.look().await;
    assert_eq!(super::told(&changes), ["M .gitmodules", "A lib/new one", "D sub"]);
    place.keep().await;
    assert_eq!(place.fixture.tip_tree("main"), changes.tree.as_str());
    assert_eq!(place.fixture.git(&place.root, &["status", "--porcelain"]), "");
    place.is_sound();
}
