//! Opening what a person may point at, and where HEAD is.

use qd_git::{Head, OpenError, Repo};

use crate::fixture::{Fixture, env, folder, git, init, write};

#[tokio::test]
async fn folder_below_the_top_opens_the_repository() {
    let fixture = Fixture::new().await;
    let root = fixture.root();
    let repo = Repo::open(&root.join("src"), env(fixture.dir.path())).await.unwrap();
    assert_eq!(repo.root(), root.canonicalize().unwrap());
    let commit = fixture.tip("HEAD");
    assert_eq!(repo.head().await.unwrap(), Head::Branch { name: "main".into(), commit });
}

#[tokio::test]
async fn linked_worktree_and_submodule_open_as_themselves() {
    let fixture = Fixture::new().await;
    let worktree = fixture.worktree().await;
    let linked = Repo::open(&worktree, env(fixture.dir.path())).await.unwrap();
    assert_eq!(linked.root(), worktree.canonicalize().unwrap());
    assert_eq!(linked.common_dir(), fixture.repo.common_dir());

    init(fixture.dir.path(), "other");
    let other = fixture.dir.path().join("other");
    write(&other, "x", "x");
    fixture.commit_all(&other, "x");
    fixture.git(&fixture.root(), &["submodule", "--quiet", "add", other.to_str().unwrap(), "sub"]);
    let sub = Repo::open(&fixture.root().join("sub"), env(fixture.dir.path())).await.unwrap();
    assert_eq!(sub.root(), fixture.root().join("sub").canonicalize().unwrap());
}

#[tokio::test]
async fn head_may_be_unborn_or_detached() {
    let dir = folder();
    init(dir.path(), "empty");
    let repo = Repo::open(&dir.path().join("empty"), env(dir.path())).await.unwrap();
    assert_eq!(repo.head().await.unwrap(), Head::Unborn { branch: "main".into() });

    let fixture = Fixture::new().await;
    fixture.git(&fixture.root(), &["checkout", "-q", "--detach"]);
    let commit = fixture.tip("HEAD");
    assert_eq!(fixture.repo.head().await.unwrap(), Head::Detached { commit });
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let dir = folder();
    let env = env(dir.path());
    write(dir.path(), "file", "");
    std::fs::create_dir(dir.path().join("plain")).unwrap();
    git(dir.path(), dir.path(), &["init", "-q", "--bare", "bare"]);
    init(dir.path(), "broken");
    write(dir.path(), "broken/.git/HEAD", "nonsense");
    init(dir.path(), "good");
    let open = async |name: &str| Repo::open(&dir.path().join(name), env.clone()).await.unwrap_err();
    assert!(matches!(open("absent").await, OpenError::Missing { .. }));
    assert!(matches!(open("file").await, OpenError::NotAFolder { .. }));
    assert!(matches!(open("plain").await, OpenError::NotARepository { .. }));
    assert!(matches!(open("bare").await, OpenError::Bare { .. }));
    assert!(matches!(open("broken").await, OpenError::Broken { .. }));
    assert!(matches!(open("good/.git").await, OpenError::InsideGitDirectory { .. }));
    let nobody = env.clone().program("/no/such/git");
    assert!(matches!(Repo::open(dir.path(), nobody).await.unwrap_err(), OpenError::Git(_)));
}

#[tokio::test]
async fn repository_of_another_user_is_named_as_such() {
    let fixture = Fixture::new().await;
    // Git's own switch for testing that check.
    let env = env(fixture.dir.path()).variable("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let refused = Repo::open(&fixture.root(), env).await.unwrap_err();
    assert!(matches!(refused, OpenError::DubiousOwnership { .. }));
}

#[tokio::test]
async fn an_opened_repository_is_known_again_until_another_one_takes_its_place() {
    let fixture = Fixture::new().await;
    let (root, env) = (fixture.root(), env(fixture.dir.path()));
    let still = || fixture.repo.is_still_at(&root, &env);
    write(&root, "more", "x\n");
    fixture.commit_all(&root, "more");
    assert!(still());
    assert!(!fixture.repo.is_still_at(&root.join("src"), &env));
    assert!(!fixture.repo.is_still_at(&root, &env.clone().variable("EMAIL", "x@example.org")));
    fixture.git(&root, &["config", "core.bare", "true"]);
    assert!(!still(), "it may be something else now");
    std::fs::remove_dir_all(root.join(".git")).unwrap();
    assert!(!still());
    init(fixture.dir.path(), "repo");
    assert!(!still());
}

#[tokio::test]
async fn the_tip_of_a_branch_is_found_wherever_git_keeps_it() {
    let fixture = Fixture::new().await;
    let tip = async |name: &str| fixture.repo.tip(name).await.unwrap();
    assert_eq!(tip("main").await, Some(fixture.tip("main")));
    assert_eq!(tip("none").await, None);
    fixture.git(&fixture.root(), &["pack-refs", "--all", "--prune"]);
    assert_eq!(tip("main").await, Some(fixture.tip("main")));
    fixture.git(&fixture.root(), &["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    assert_eq!(tip("alias").await, Some(fixture.tip("main")));
}
