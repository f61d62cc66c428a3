//! Claims about proposed work: pushed once, by whatever way there is, and never over what is somebody else's.

use super::{Work, done_work};
use crate::testing::{git, on};
use qd_core::command::{Command, OnJob, ProposeWork};
use qd_core::ids::Mid;
use qd_core::row::{Checks, Fate, Proposal};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A `gh` that writes down what it is asked, and opens one pull request.
const GH: &str = r#"#!/bin/sh
cd "$HOME" || exit 9
printf '%s\n' "$*" >> gh.log
case "$1 $2" in
"auth status") test ! -e gh.out ;;
"pr list") cat gh.open 2>/dev/null || echo '[]' ;;
"pr create")
  test ! -e gh.broken || { echo "GraphQL: it is not to be" >&2; exit 1; }
  cat > gh.body
  echo '[{"number":7,"url":"https://github.com/ada/deck/pull/7"}]' > gh.open
  echo https://github.com/ada/deck/pull/7 ;;
"pr view") cat gh.view ;;
"api --hostname") cat gh.lines ;;
*) echo "not expected: $*" >&2; exit 2 ;;
esac
"#;

const VIEW: &str = r#"{"state":"OPEN","number":7,"url":"https://github.com/ada/deck/pull/7","mergeCommit":null,
 "statusCheckRollup":[
  {"__typename":"CheckRun","name":"build","status":"COMPLETED","conclusion":"SUCCESS"},
  {"__typename":"CheckRun","name":"lint","status":"COMPLETED","conclusion":"FAILURE"},
  {"__typename":"CheckRun","name":"slow","status":"IN_PROGRESS","conclusion":""},
  {"__typename":"StatusContext","context":"old/ci","state":"PENDING"}],
 "reviews":[
  {"id":"R1","author":{"login":"bob"},"body":"Not yet.","state":"CHANGES_REQUESTED","submittedAt":"2026-02-01T10:00:00Z"},
  {"id":"R2","author":{"login":"cat"},"body":"","state":"APPROVED","submittedAt":"2026-02-01T11:00:00Z"}],
 "comments":[
  {"id":"C1","author":null,"body":"Who needs this?","createdAt":"2026-02-01T09:00:00Z","url":"https://github.com/ada/deck/pull/7#1"}]}"#;

const LINES: &str = r#"[{"id":5,"user":{"login":"bob"},"body":"Rename it.","path":"lib.rs","line":2,"html_url":"https://github.com/ada/deck/pull/7#5","created_at":"2026-02-01T10:00:01Z"}]"#;

impl Work {
    fn beside(&self, name: &str) -> PathBuf {
        self.bench.deck().parent().unwrap().join(name)
    }

    fn remote(&self) -> PathBuf {
        self.beside("origin.git")
    }

    /// The tip of a branch of the remote repository; nothing where it has none.
    fn there(&self, branch: &str) -> String {
        git(&self.remote(), &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{branch}")])
            .trim()
            .to_owned()
    }

    /// The tip of the branch of the work there.
    fn pushed(&self) -> String {
        self.there(&self.row().branch.unwrap().name)
    }

    fn head(&self) -> String {
        git(&self.worktree, &["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn proposal(&self) -> Proposal {
        *self.row().proposal.expect("it is proposed")
    }

    async fn begin(&self) -> Mid {
        let message = "Add b\n\nIt was missing.".to_owned();
        self.bench.person(Command::ProposeWork(ProposeWork { id: self.task.id, message })).await
    }

    async fn propose(&self) -> Proposal {
        self.begin().await;
        self.bench.settled().await;
        assert_eq!(self.bench.jobs(), [], "it went well");
        self.proposal()
    }

    fn edit(&self, text: &str) {
        fs::write(self.worktree.join("lib.rs"), text).unwrap();
    }

    fn said_to_gh(&self) -> Vec<String> {
        let log = fs::read_to_string(self.beside("home/gh.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    fn tell_gh(&self, name: &str, text: &str) {
        fs::write(self.beside("home").join(name), text).unwrap();
    }
}

/// A remote repository in a folder, to which `main` was pushed.
async fn with_remote() -> Work {
    let work = done_work().await;
    let remote = work.remote();
    git(work.remote().parent().unwrap(), &["init", "-q", "--bare", remote.to_str().unwrap()]);
    work.bench.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    work.bench.git(&["push", "-q", "origin", "main"]);
    work
}

/// The same, which is said to lie on GitHub, and a `gh` that knows it.
async fn on_github() -> Work {
    let work = with_remote().await;
    work.bench.git(&["remote", "set-url", "--push", "origin", work.remote().to_str().unwrap()]);
    work.bench.git(&["remote", "set-url", "origin", "git@github.com:ada/deck.git"]);
    work.tell_gh("gh.view", VIEW);
    work.tell_gh("gh.lines", LINES);
    fs::create_dir_all(work.beside("bin")).unwrap();
    executable(&work.beside("bin/gh"), GH);
    work
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn work_is_committed_without_documents_and_pushed_on_its_own_branch_and_nothing_lands() {
    let work = with_remote().await;
    let main = work.main();
    let proposal = work.propose().await;
    assert_eq!((work.pushed(), proposal.commit.clone()), (work.head(), work.head()));
    let shown = git(&work.remote(), &["show", "--format=%an %s %b", "--name-only", &proposal.commit]);
    assert_eq!(shown, "Ada Add b It was missing.\n\n\nlib.rs\n");
    assert_eq!((proposal.remote.as_str(), proposal.base.as_str()), ("origin", "main"));
    assert_eq!((proposal.link, proposal.number, proposal.note), (None, None, None), "a folder has no page");
    assert_eq!((work.main(), work.there("main"), work.row().landing), (main.clone(), main, None));
    assert_eq!(work.row().branch.unwrap().commit.unwrap().subject, "Add b");
    assert_eq!(proposal.tree, Some(work.row().branch.unwrap().changed.unwrap().tree));
    // Again with nothing new, then with more.
    assert_eq!(work.propose().await.commit, work.head());
    work.edit("fn a() {}\nfn b() {}\nfn c() {}\n");
    let more = work.propose().await;
    assert_ne!(more.commit, proposal.commit);
    assert_eq!((work.pushed(), more.commit), (work.head(), work.head()));
}

#[tokio::test]
async fn gh_opens_one_pull_request_and_more_work_goes_to_the_same() {
    let work = on_github().await;
    let proposal = work.propose().await;
    assert_eq!((proposal.number, proposal.link.as_deref()), (Some(7), Some("https://github.com/ada/deck/pull/7")));
    let create = format!(
        "pr create --repo github.com/ada/deck --head {} --base main --title Add b --body-file -",
        proposal.branch
    );
    assert_eq!(work.said_to_gh().iter().filter(|line| **line == create).count(), 1);
    assert_eq!(fs::read_to_string(work.beside("home/gh.body")).unwrap(), "It was missing.");
    work.edit("fn a() {}\nfn b() {}\nfn c() {}\n");
    let more = work.propose().await;
    assert_eq!((more.number, more.commit), (Some(7), work.pushed()));
    assert_eq!(work.said_to_gh().iter().filter(|line| line.starts_with("pr create")).count(), 1);
}

#[tokio::test]
async fn what_became_of_it_is_asked_on_request_and_told_as_it_is() {
    let work = on_github().await;
    let seen = work.propose().await.reception.unwrap();
    let checks = Checks { passed: 1, pending: 2, failed: vec!["lint".into()] };
    assert_eq!((seen.fate, seen.checks, seen.approvals, seen.objections), (Fate::Open, checks, 1, 1));
    let remarks: Vec<_> = seen.remarks.iter().map(|r| (r.author.as_str(), r.text.as_str(), r.place())).collect();
    let line = Some("lib.rs:2".to_owned());
    let expected = [("somebody", "Who needs this?", None), ("bob", "Not yet.", None), ("bob", "Rename it.", line)];
    assert_eq!(remarks, expected, "in the order of time, and none without words");
    let merged = VIEW.replace("OPEN", "MERGED").replace(r#""mergeCommit":null"#, r#""mergeCommit":{"oid":"abc"}"#);
    work.tell_gh("gh.view", &merged);
    work.bench.person(Command::LookAtProposal(on(work.task.id))).await;
    work.bench.settled().await;
    let seen = work.proposal().reception.unwrap();
    assert_eq!((seen.fate, seen.merge.as_deref()), (Fate::Merged, Some("abc")));
    assert_eq!(work.row().landing, None, "it did not land here");
    work.tell_gh("gh.out", "");
    let job = work.bench.person(Command::LookAtProposal(on(work.task.id))).await;
    let (reason, _) = work.failure(job).await;
    assert!(reason.contains("gh auth login --hostname github.com"), "{reason}");
    assert_eq!(work.proposal().reception.unwrap().fate, Fate::Merged, "what was known is known");
}

#[tokio::test]
async fn without_a_login_there_is_the_link_and_the_way_to_log_in() {
    let work = on_github().await;
    work.tell_gh("gh.out", "");
    let proposal = work.propose().await;
    let link = format!("https://github.com/ada/deck/compare/main...{}?expand=1", proposal.branch);
    assert_eq!((proposal.number, proposal.link), (None, Some(link.clone())));
    assert!(proposal.note.unwrap().contains("gh auth login --hostname github.com"));
    assert_eq!(work.pushed(), work.head());
    fs::remove_file(work.beside("home/gh.out")).unwrap();
    work.tell_gh("gh.broken", "");
    let proposal = work.propose().await;
    assert_eq!((proposal.number, proposal.link), (None, Some(link)));
    assert!(proposal.note.unwrap().ends_with("GraphQL: it is not to be"));
}

#[tokio::test]
async fn what_the_other_side_refuses_is_told_in_its_words_and_can_be_tried_again() {
    let work = with_remote().await;
    let hook = work.remote().join("hooks/pre-receive");
    executable(&hook, "#!/bin/sh\necho 'no work on Sundays' >&2\nexit 1\n");
    let job = work.begin().await;
    let (reason, _) = work.failure(job).await;
    assert!(reason.contains("origin did not take the work") && reason.contains("no work on Sundays"), "{reason}");
    assert_eq!((work.pushed().as_str(), work.row().proposal), ("", None));
    fs::remove_file(hook).unwrap();
    let made = work.head();
    work.bench.retry(job).await;
    work.bench.settled().await;
    assert_eq!((work.head(), work.pushed(), work.proposal().commit), (made.clone(), made.clone(), made));
}

#[tokio::test]
async fn what_somebody_else_pushed_is_left_alone_and_what_this_panel_pushed_is_replaced() {
    let work = with_remote().await;
    work.propose().await;
    // Other words for the same commit: only our own is in the way.
    git(&work.worktree, &["commit", "-q", "--amend", "-m", "Add b at last"]);
    assert_eq!((work.propose().await.commit, work.pushed()), (work.head(), work.head()));
    let clone = work.beside("clone");
    let branch = work.proposal().branch;
    git(work.remote().parent().unwrap(), &["clone", "-q", "-b", &branch, "origin.git", "clone"]);
    fs::write(clone.join("theirs.rs"), "theirs\n").unwrap();
    git(&clone, &["add", "-A"]);
    git(&clone, &["commit", "-q", "-m", "Theirs"]);
    git(&clone, &["push", "-q"]);
    let theirs = work.pushed();
    work.edit("fn a() {}\nfn b() {}\nfn c() {}\n");
    let job = work.begin().await;
    let (reason, _) = work.failure(job).await;
    assert!(reason.contains("git pull --no-rebase origin") && reason.contains(&theirs[..8]), "{reason}");
    assert_eq!(work.pushed(), theirs);
    git(&work.worktree, &["pull", "-q", "--no-rebase", "--no-edit", "origin", &branch]);
    work.bench.retry(job).await;
    work.bench.settled().await;
    assert_eq!((work.pushed(), work.proposal().commit), (work.head(), work.head()));
}

/// Kills the engine in the middle of what it does, once that has come so far, and opens its data again.
async fn cut_short(work: Work, so_far: impl Fn(&Work) -> bool) -> Work {
    while !so_far(&work) {
        tokio::task::yield_now().await;
    }
    work.bench.engine.clone().shutdown().await;
    assert_eq!(work.row().proposal, None, "nothing is told");
    Work { bench: work.bench.reopened(), ..work }
}

#[tokio::test]
async fn a_run_that_was_cut_short_behind_its_push_knows_its_own_commit_again() {
    let work = with_remote().await;
    let hook = work.remote().join("hooks/post-receive");
    executable(&hook, "#!/bin/sh\nexec sleep 1000\n");
    work.begin().await;
    let work = cut_short(work, |work| !work.pushed().is_empty()).await;
    fs::remove_file(hook).unwrap();
    let pushed = work.pushed();
    // Even where its branch does not lead on from there any more.
    git(&work.worktree, &["commit", "-q", "--amend", "-m", "Other words"]);
    work.bench.start();
    work.bench.settled().await;
    assert_ne!(work.pushed(), pushed);
    assert_eq!((work.pushed(), work.proposal().commit), (work.head(), work.head()));
    assert_eq!(git(&work.worktree, &["rev-list", "--count", "main..HEAD"]).trim(), "1");
}

#[tokio::test]
async fn a_run_that_was_cut_short_behind_its_pull_request_opens_no_other() {
    let work = on_github().await;
    executable(
        &work.beside("bin/gh"),
        &GH.replace("  echo https", "  test -e gh.awake || exec sleep 1000\n  echo https"),
    );
    work.begin().await;
    let work = cut_short(work, |work| work.beside("home/gh.open").exists()).await;
    work.tell_gh("gh.awake", "");
    let pushed = work.pushed();
    work.bench.start();
    work.bench.settled().await;
    let proposal = work.proposal();
    assert_eq!((proposal.number, proposal.commit, work.head()), (Some(7), pushed.clone(), pushed));
    assert_eq!(work.said_to_gh().iter().filter(|line| line.starts_with("pr create")).count(), 1);
}

#[tokio::test]
async fn what_hangs_can_be_stopped() {
    let work = with_remote().await;
    executable(&work.bench.path(".git/hooks/pre-push"), "#!/bin/sh\ntouch \"$HOME/hangs\"\nexec sleep 1000\n");
    let job = work.begin().await;
    while !work.beside("home/hangs").exists() {
        tokio::task::yield_now().await;
    }
    let doing = work.bench.wait(|state| state.job(job)?.doing.clone()).await;
    assert_eq!(doing, "Pushing to origin");
    work.bench.person(Command::DropJob(OnJob { id: job })).await;
    work.bench.settled().await;
    assert_eq!((work.pushed().as_str(), work.row().proposal), ("", None));
}

#[tokio::test]
async fn what_is_missing_is_told_with_what_to_do() {
    let work = done_work().await;
    let job = work.begin().await;
    let (reason, _) = work.failure(job).await;
    assert!(reason.contains("git remote add origin"), "{reason}");
    assert_eq!(work.head(), work.main(), "nothing was committed for it");
    let remote = work.remote();
    work.bench.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let again = async |job| {
        work.bench.retry(job).await;
        work.bench.settled().await;
        work.failure(job).await.0
    };
    let reason = again(job).await;
    assert!(reason.contains("origin can't be reached"), "{reason}");
    git(remote.parent().unwrap(), &["init", "-q", "--bare", remote.to_str().unwrap()]);
    let reason = again(job).await;
    assert!(reason.contains("git push origin main"), "{reason}");
    work.bench.git(&["push", "-q", "origin", "main"]);
    work.bench.retry(job).await;
    work.bench.settled().await;
    assert_eq!(work.pushed(), work.head());
    assert!(
        work.bench.wait(|state| state.project(work.task.project).map(|p| p.remote)).await,
        "the project has one now"
    );
}
