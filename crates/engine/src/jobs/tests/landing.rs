//! Claims about commits, the target brought in, conflicts and trials.

use super::{Work, done_work};
use crate::testing::{git, on};
use qd_core::command::{Command, CommitWork, KeepWork, OnJob, ResolveFile, UpdateWork};
use qd_core::derive::in_conflict;
use qd_core::row::{Branch, Changed, How, JobState, Side, Start};
use std::fs;

impl Work {
    /// Somebody changes the same line on the target.
    fn meanwhile(&self) {
        fs::write(self.bench.deck().join("lib.rs"), "fn a() {}\nfn c() {}\n").unwrap();
        self.bench.git(&["commit", "-qam", "Meanwhile"]);
    }

    fn branch(&self) -> Branch {
        self.row().branch.unwrap()
    }

    fn changed(&self) -> Changed {
        self.branch().changed.unwrap()
    }

    async fn update(&self) {
        let update = UpdateWork { id: self.task.id, session: None, start: Start::default() };
        self.bench.person(Command::UpdateWork(Box::new(update))).await;
        self.bench.settled().await;
    }

    async fn revert(&self) -> JobState {
        let job = self.bench.person(Command::RevertWork(on(self.task.id))).await;
        self.bench.wait(|state| state.job(job).map(|j| j.state.clone()).filter(|s| *s != JobState::Pending)).await
    }

    async fn take_back(&self) {
        let what = UpdateWork { id: self.task.id, session: None, start: Start::default() };
        self.bench.person(Command::TakeBack(Box::new(what))).await;
        self.bench.settled().await;
    }

    /// Kept, and then somebody built upon it on the target.
    async fn kept_and_built_upon(&self) {
        self.keep_as(How::Squash).await;
        fs::write(self.bench.deck().join("lib.rs"), "fn a() {}\nfn b() { c() }\nfn c() {}\n").unwrap();
        self.bench.git(&["commit", "-qam", "Build upon it"]);
        let JobState::Failed { files, conflict: true, .. } = self.revert().await else { panic!("no conflict") };
        assert_eq!(files, ["lib.rs"]);
    }

    async fn keep_as(&self, how: How) {
        self.bench.person(Command::KeepWork(KeepWork { id: self.task.id, message: "Add b".into(), how })).await;
        self.bench.settled().await;
    }

    fn file(&self) -> String {
        fs::read_to_string(self.worktree.join("lib.rs")).unwrap()
    }
}

#[tokio::test]
async fn conflict_is_a_way_on_the_branch_comes_in_a_side_is_taken_and_it_lands() {
    let work = done_work().await;
    work.meanwhile();
    let job = work.keep().await;
    let failed = work.bench.wait(|state| state.job(job).map(|j| j.state.clone()).filter(|s| *s != JobState::Pending));
    let JobState::Failed { files, conflict: true, .. } = failed.await else { panic!("no conflict") };
    assert_eq!(files, ["lib.rs"]);
    work.update().await;
    assert_eq!(work.bench.engine.read(|state| state.job(job).cloned()), None, "the failed try is given up");
    assert!(work.file().contains("<<<<<<< HEAD\nfn b() {}\n=======\nfn c() {}\n>>>>>>> heads/main\n"));
    let changed = work.changed();
    assert_eq!((changed.merging, changed.conflicts), (true, vec!["lib.rs".to_owned()]));
    let refused = work.bench.refused(Command::KeepWork(KeepWork::squash(work.task.id, ""))).await;
    assert_eq!(refused, "A file has a conflict that nobody has resolved.");
    let take = ResolveFile { id: work.task.id, path: "lib.rs".into(), side: Side::Theirs };
    work.bench.person(Command::ResolveFile(take)).await;
    work.bench.settled().await;
    assert_eq!((work.file().as_str(), work.changed().conflicts), ("fn a() {}\nfn c() {}\n", vec![]));
    fs::write(work.worktree.join("lib.rs"), "fn a() {}\nfn b() {}\nfn c() {}\n").unwrap();
    work.bench.engine.count_changes(work.task.id).await;
    work.keep_as(How::Squash).await;
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\nfn b() {}\nfn c() {}\n");
    assert_eq!(work.row().landing.unwrap().how, How::Squash);
}

#[tokio::test]
async fn update_can_be_undone_to_exactly_what_there_was() {
    let work = done_work().await;
    work.meanwhile();
    let before = work.file();
    work.update().await;
    assert!(work.branch().update.is_some());
    work.bench.person(Command::UndoUpdate(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!((work.file(), work.branch().update, work.changed().merging), (before, None, false));
    let again = work.bench.refused(Command::UndoUpdate(on(work.task.id))).await;
    assert_eq!(again, "Nothing was merged into this worktree (or that was undone already).");
}

#[tokio::test]
async fn merge_and_rebase_land_the_commits_that_were_made_and_what_is_in_none() {
    for how in [How::Merge, How::Rebase] {
        let work = done_work().await;
        fs::write(work.worktree.join("new.rs"), "").unwrap();
        let commit = |files: &[&str]| {
            let files = Some(files.iter().map(|file| (*file).to_owned()).collect());
            Command::CommitWork(CommitWork { id: work.task.id, message: "Add new".into(), files, hunks: Vec::new() })
        };
        assert_eq!(work.bench.engine.uncommitted(work.task.id).await.unwrap().unwrap(), ["lib.rs", "new.rs"]);
        work.bench.person(commit(&["new.rs"])).await;
        work.bench.settled().await;
        assert_eq!(work.branch().commit.unwrap().subject, "Add new");
        assert_eq!(work.bench.engine.uncommitted(work.task.id).await.unwrap().unwrap(), ["lib.rs"]);
        work.keep_as(how).await;
        let subjects = work.bench.git(&["log", "--format=%s", "--no-merges", "--topo-order", "-2", "main"]);
        assert_eq!(subjects, "Add b\nAdd new\n", "{how:?}");
        assert_eq!(work.bench.file("lib.rs"), "fn a() {}\nfn b() {}\n");
        assert_eq!(work.bench.git(&["status", "--porcelain"]), "");
    }
}

#[tokio::test]
async fn trial_comes_into_the_checkout_and_out_again() {
    let work = done_work().await;
    let before = work.main();
    work.bench.person(Command::TryWork(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!(work.bench.file("lib.rs"), "fn a() {}\nfn b() {}\n");
    assert_eq!((work.main(), work.row().trial.unwrap().head), (before.clone(), before));
    let refused = work.bench.refused(Command::KeepWork(KeepWork::squash(work.task.id, ""))).await;
    assert_eq!(refused, "This is being tried in your checkout. Put that back first.");
    work.bench.person(Command::UntryWork(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!((work.bench.file("lib.rs").as_str(), work.row().trial), ("fn a() {}\n", None));
}

#[tokio::test]
async fn what_was_merged_and_taken_back_is_work_again_and_lands_once_more() {
    let work = done_work().await;
    work.keep_as(How::Merge).await;
    work.bench.person(Command::RevertWork(on(work.task.id))).await;
    work.bench.settled().await;
    assert!(work.row().landing.unwrap().reverted.is_some());
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\n");
    assert_eq!((work.changed().files, work.file().as_str()), (1, "fn a() {}\nfn b() {}\n"));
    // What the branch has since, the revert among it, does not take it out of the worktree.
    work.update().await;
    assert_eq!(work.file(), "fn a() {}\nfn b() {}\n");
    work.bench.engine.count_changes(work.task.id).await;
    work.keep_as(How::Merge).await;
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\nfn b() {}\n");
}

#[tokio::test]
async fn revert_that_conflicts_is_resolved_in_the_worktree_and_lands_and_the_work_is_there_again() {
    let work = done_work().await;
    fs::write(work.worktree.join("new.rs"), "new\n").unwrap();
    let before = git(&work.worktree, &["rev-parse", "HEAD"]);
    work.kept_and_built_upon().await;
    work.take_back().await;
    let file = work.file();
    assert!(file.contains("<<<<<<< HEAD\nfn b() { c() }\nfn c() {}\n=======\n>>>>>>> quarterdeck/without/"), "{file}");
    assert!(!work.worktree.join("new.rs").exists(), "what goes back of itself is gone");
    assert_eq!(work.changed().conflicts, ["lib.rs"]);
    let begun = git(&work.worktree, &["status"]);
    assert!(begun.contains("You are currently reverting commit"), "{begun}");
    let refused = work.bench.refused(Command::KeepWork(KeepWork::squash(work.task.id, ""))).await;
    assert_eq!(refused, "A file has a conflict that nobody has resolved.");
    // Nobody says that it is resolved, and no page looks.
    fs::write(work.worktree.join("lib.rs"), "fn a() {}\nfn c() {}\n").unwrap();
    work.bench.person(Command::KeepWork(KeepWork { id: work.task.id, message: String::new(), how: How::Merge })).await;
    work.bench.settled().await;
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\nfn c() {}\n");
    assert_eq!(work.bench.git(&["show", "-s", "--format=%s", "main"]), "Revert \"One\"\n");
    assert_eq!(work.bench.git(&["ls-tree", "--name-only", "main", "new.rs"]), "");
    let landing = work.row().landing.unwrap();
    assert_eq!(landing.reverted.unwrap().commit, work.main());
    // The worktree holds what it held before.
    assert_eq!((work.branch().taking_back, work.changed().merging), (None, false));
    assert_eq!(work.file(), "fn a() {}\nfn b() {}\n");
    assert_eq!(fs::read_to_string(work.worktree.join("new.rs")).unwrap(), "new\n");
    assert_eq!(git(&work.worktree, &["rev-parse", "HEAD"]), before);
}

#[tokio::test]
async fn taking_back_is_given_up_and_nothing_of_the_work_is_touched() {
    let work = done_work().await;
    work.kept_and_built_upon().await;
    let (before, main) = (work.file(), work.main());
    work.take_back().await;
    for refused in [Command::RevertWork(on(work.task.id)), Command::DiscardWork(on(work.task.id))] {
        let told = work.bench.refused(refused).await;
        assert_eq!(told, "What was kept is being taken back in the worktree. Keep that, or undo it, first.");
    }
    work.bench.person(Command::UndoUpdate(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!((work.file(), work.main()), (before, main));
    assert_eq!((work.branch().taking_back, work.changed().merging), (None, false));
    assert!(work.row().landed().is_some());
}

#[tokio::test]
async fn worktree_that_was_discarded_stands_again_for_a_revert_that_conflicts() {
    let work = done_work().await;
    work.keep_as(How::Merge).await;
    work.bench.person(Command::DiscardWork(on(work.task.id))).await;
    work.bench.settled().await;
    fs::write(work.bench.deck().join("lib.rs"), "fn a() {}\nfn b() { c() }\n").unwrap();
    work.bench.git(&["commit", "-qam", "Build upon it"]);
    work.take_back().await;
    let id = work.task.id;
    work.bench.wait(|state| state.task(id).filter(|task| in_conflict(task)).map(drop)).await;
    assert_eq!(work.changed().conflicts, ["lib.rs"]);
    let take = ResolveFile { id: work.task.id, path: "lib.rs".into(), side: Side::Theirs };
    work.bench.person(Command::ResolveFile(take)).await;
    work.bench.settled().await;
    work.keep_as(How::Squash).await;
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\n");
    // Work that was merged and taken back counts as work again.
    assert_eq!((work.changed().files, work.file().as_str()), (1, "fn a() {}\nfn b() {}\n"));
    work.keep_as(How::Squash).await;
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\nfn b() {}\n");
}

#[tokio::test]
async fn target_that_moves_while_something_is_resolved_comes_in_once_more() {
    let work = done_work().await;
    work.meanwhile();
    work.update().await;
    let before = work.branch().update.unwrap();
    fs::write(work.worktree.join("lib.rs"), "fn a() {}\nfn b() {}\nfn c() {}\n").unwrap();
    fs::write(work.bench.deck().join("other.rs"), "other\n").unwrap();
    work.bench.git(&["add", "other.rs"]);
    work.bench.git(&["commit", "-qm", "Still more"]);
    work.bench.engine.count_changes(work.task.id).await;
    work.update().await;
    assert_eq!((work.changed().merging, work.changed().conflicts), (false, vec![]));
    assert_eq!(work.branch().update.unwrap().before, before.before, "the way back leads to before the first");
    assert_eq!(fs::read_to_string(work.worktree.join("other.rs")).unwrap(), "other\n");
    assert_eq!(git(&work.worktree, &["log", "-2", "--merges", "--format=%P"]).split_whitespace().count(), 4);
    work.keep_as(How::Squash).await;
    assert_eq!(work.bench.git(&["show", "main:lib.rs"]), "fn a() {}\nfn b() {}\nfn c() {}\n");
}

#[tokio::test]
async fn worktree_that_was_discarded_stays_so_where_there_is_nothing_to_take_back() {
    let work = done_work().await;
    let before = work.main();
    work.keep_as(How::Squash).await;
    work.bench.person(Command::DiscardWork(on(work.task.id))).await;
    work.bench.settled().await;
    work.bench.git(&["reset", "-q", "--hard", &before]);
    let what = UpdateWork { id: work.task.id, session: None, start: Start::default() };
    let job = work.bench.person(Command::TakeBack(Box::new(what))).await;
    let (reason, _) = work.failure(job).await;
    assert_eq!(reason, "There is nothing to take back: main does not have it any more.");
    assert!(work.branch().discarded.is_some() && !work.worktree.exists());
    work.bench.person(Command::DropJob(OnJob { id: job })).await;
    work.bench.person(Command::UndoDiscard(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!(work.file(), "fn a() {}\nfn b() {}\n");
}
