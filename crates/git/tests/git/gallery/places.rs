//! Projects that are not a plain checkout of a branch.

use qd_git::{CreateError, KeepOutcome, KeepRequest, OpenError, Repo};

use crate::fixture::{Fixture, content, env, write};
use crate::gallery::{OWN, Place, told};

/// The same place with `root` as the project.
async fn opened_at(mut place: Place, root: std::path::PathBuf) -> Place {
    place.fixture.repo = Repo::open(&root, env(place.fixture.dir.path())).await.unwrap();
    Place { root, ..place }
}

#[tokio::test]
async fn a_shallow_clone_goes_the_whole_way() {
    let place = Place::new(|fixture, root| {
        write(root, "README.md", "later\n");
        fixture.commit_all(root, "later");
        let full = fixture.dir.path().join("full");
        std::fs::rename(root, &full).unwrap();
        let address = format!("file://{}", full.display());
        fixture.git(fixture.dir.path(), &["clone", "-q", "--depth=1", &address, "repo"]);
    })
    .await;
    assert!(place.root.join(".git/shallow").exists());
    place.write("README.md", "edited\n");
    place.write("new", "n\n");
    assert_eq!(place.walk().await, ["M README.md", "A new"]);
}

#[tokio::test]
async fn a_worktree_as_the_project_goes_the_whole_way() {
    let place = Place::new(|_, _| ()).await;
    let project = place.fixture.dir.path().join("project");
    place.fixture.git(&place.root, &["checkout", "-q", "--detach"]);
    place.fixture.git(&place.root, &["worktree", "add", "-q", project.to_str().unwrap(), "main"]);
    let main = (place.root.clone(), content(&place.root));
    let place = opened_at(place, project).await;
    place.write("src/a.txt", "edited\n");
    assert_eq!(place.walk().await, ["M src/a.txt"]);
    assert_eq!(content(&main.0), main.1);
}

#[tokio::test]
async fn a_bare_origin_and_its_branches_are_left_alone() {
    let place = Place::new(|fixture, root| {
        fixture.git(fixture.dir.path(), &["clone", "-q", "--bare", "repo", "origin.git"]);
        let origin = fixture.dir.path().join("origin.git");
        fixture.git(root, &["remote", "add", "origin", origin.to_str().unwrap()]);
        fixture.git(root, &["fetch", "-q", "origin"]);
        fixture.git(root, &["branch", "-q", "--set-upstream-to=origin/main"]);
    })
    .await;
    let origin = content(&place.fixture.dir.path().join("origin.git"));
    place.write("src/a.txt", "edited\n");
    assert_eq!(place.walk().await, ["M src/a.txt"]);
    assert_eq!(content(&place.fixture.dir.path().join("origin.git")), origin);
}

#[tokio::test]
async fn a_worktree_of_a_bare_repository_goes_the_whole_way() {
    let place = Place::new(|_, _| ()).await;
    let dir = place.fixture.dir.path().to_owned();
    let (hub, project) = (dir.join("hub.git"), dir.join("project"));
    place.fixture.git(&dir, &["clone", "-q", "--bare", "repo", "hub.git"]);
    place.fixture.git(&hub, &["worktree", "add", "-q", project.to_str().unwrap(), "main"]);
    let repo = Repo::open(&project, env(&dir)).await.unwrap();
    let worktree = dir.join("second work");
    repo.create_worktree(&worktree, "qd/second", &place.fixture.tip("main")).await.unwrap();
    write(&worktree, "src/a.txt", "edited\n");
    let changes = repo.changes(&worktree, &place.fixture.tip("main"), &[]).await.unwrap();
    assert_eq!(told(&changes), ["M src/a.txt"]);
    let request = KeepRequest { worktree: worktree.clone(), ..place.request() };
    let KeepOutcome::Kept(receipt) = repo.keep(&request).await.unwrap() else { panic!() };
    assert_eq!(crate::fixture::read(&project, "src/a.txt"), "edited\n");
    repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    assert_eq!(content(&project), content(&place.root));
    let before = content(&worktree);
    let receipt = repo.discard(&worktree, "qd/second", "s2").await.unwrap();
    repo.undo_discard(&receipt).await.unwrap();
    assert_eq!(content(&worktree), before);
    place.fixture.git(&hub, &["fsck", "--full", "--no-dangling"]);
}

#[tokio::test]
async fn a_branch_without_a_commit_is_refused_as_such() {
    let fixture = Fixture::new().await;
    crate::fixture::init(fixture.dir.path(), "empty");
    let root = fixture.dir.path().join("empty");
    let repo = Repo::open(&root, env(fixture.dir.path())).await.unwrap();
    write(&root, "x", "x\n");
    let refused = repo.create_worktree(&fixture.dir.path().join("w"), "qd/work", &fixture.tip("main")).await;
    assert!(matches!(refused, Err(CreateError::NoCommits)), "{refused:?}");
    let bare = Repo::open(&root.join(".git"), env(fixture.dir.path())).await;
    assert!(matches!(bare, Err(OpenError::InsideGitDirectory { .. })), "{bare:?}");
    assert_eq!(repo.list_files(&root).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_branch_that_lost_its_commits_shows_everything_and_can_be_discarded() {
    let place = Place::new(|_, _| ()).await;
    place.git(&["checkout", "-q", "--orphan", "fresh"]);
    place.git(&["rm", "-q", "--cached", "README.md"]);
    place.write("src/a.txt", "edited\n");
    assert_eq!(told(&place.look().await), ["M src/a.txt"]);
    let refused = place.fixture.repo.keep(&place.request()).await;
    assert!(matches!(refused, Err(qd_git::KeepError::Unrelated { .. })), "{refused:?}");
    place.discard_and_bring_back().await;
    place.is_sound();
}

#[tokio::test]
async fn a_detached_checkout_stays_where_it_is() {
    let place = Place::new(|_, _| ()).await;
    place.fixture.git(&place.root, &["checkout", "-q", "--detach"]);
    for (path, bytes) in OWN {
        write(&place.root, path, bytes);
    }
    write(&place.root, "src/a.txt", "of the user\n");
    let before = (content(&place.root), place.fixture.tip("HEAD"));
    place.write("src/a.txt", "edited\n");
    let changes = place.look().await;
    let outcome = place.fixture.repo.keep(&place.request()).await.unwrap();
    let KeepOutcome::Kept(receipt) = outcome else { panic!("{outcome:?}") };
    assert!(receipt.followed.is_empty());
    assert_eq!(place.fixture.tip_tree("main"), changes.tree.as_str());
    assert_eq!((content(&place.root), place.fixture.tip("HEAD")), before);
    place.fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
    assert_eq!((content(&place.root), place.fixture.tip("HEAD")), before);
    place.discard_and_bring_back().await;
    place.is_sound();
}

#[tokio::test]
async fn work_on_a_detached_head_goes_the_whole_way() {
    let place = Place::new(|_, _| ()).await;
    place.git(&["checkout", "-q", "--detach"]);
    place.write("committed", "c\n");
    place.fixture.commit_all(&place.worktree, "on no branch");
    place.write("more", "m\n");
    assert_eq!(place.walk().await, ["A committed", "A more"]);
}
