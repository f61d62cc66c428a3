//! Claims about jobs: what they do, and that a crash at any point does it once.

use crate::receipts;
use crate::testing::{Bench, fresh, git, on};
use crate::work::ensure_worktree;
use qd_core::command::{Command, JudgeWork, KeepWork, OnJob, ReportSession, StartSession};
use qd_core::decide;
use qd_core::event::{Activity, Ending};
use qd_core::ids::{Mid, Millis, SessionId, TaskId};
use qd_core::row::{Job, JobState, Row, RowKind, Start, Task, Verdict};
use qd_core::state::State;
use qd_core::status::{Kind, Status};
use qd_git::revert::{RevertPrepared, RevertRequest};
use qd_git::{CommitId, PreparedKeep, Repo};
use std::fs;
use std::path::{Path, PathBuf};

mod landing;
mod proposing;

struct Work {
    bench: Bench,
    task: Task,
    worktree: PathBuf,
}

/// A task whose session ended with a change of `lib.rs` and a ticked box.
async fn done_work() -> Work {
    checked_work(None).await
}

/// The same, where what is kept must pass a check.
async fn checked_work(check: Option<&'static str>) -> Work {
    let bench = Bench::checked(check).await;
    bench.start();
    bench.wait(|state| state.of_kind(RowKind::Task).nth(1).map(drop)).await;
    bench.engine.detect_agents().await;
    let task = bench.task("tasks/one.md");
    let session = SessionId(fresh());
    let start = Start { agent: Some("demo".into()), ..Start::default() };
    bench
        .person(Command::StartSession(StartSession { id: session, task: task.id, kind: Kind::Implement, start }))
        .await;
    let branch = ensure_worktree(&bench.engine, session, task.id).await.unwrap().branch;
    let worktree = PathBuf::from(&branch.path);
    let report = ReportSession {
        id: session,
        attempt: 1,
        status: Status::Running,
        requests: vec![],
        conversation: None,
        branch: Some(branch),
    };
    bench.server(Command::ReportSession(report)).await;
    fs::write(worktree.join("lib.rs"), "fn a() {}\nfn b() {}\n").unwrap();
    fs::write(worktree.join("tasks/one.md"), "# One\n- [x] a\n").unwrap();
    let end = qd_core::command::EndSession {
        id: session,
        attempt: 1,
        ending: Ending::Completed,
        output_end: 0,
        activity: Activity::default(),
        conversation: None,
    };
    bench.server(Command::EndSession(end)).await;
    Work { bench, task, worktree }
}

impl Work {
    async fn keep(&self) -> Mid {
        self.bench.person(Command::KeepWork(KeepWork::squash(self.task.id, "Add b"))).await
    }

    async fn failure(&self, job: Mid) -> (String, Vec<String>) {
        let state =
            self.bench.wait(|state| state.job(job).map(|j| j.state.clone()).filter(|s| *s != JobState::Pending)).await;
        let JobState::Failed { reason, files, .. } = state else { panic!("not failed") };
        (reason, files)
    }

    fn row(&self) -> Task {
        self.bench.task("tasks/one.md")
    }

    fn main(&self) -> String {
        self.bench.git(&["rev-parse", "main"]).trim().to_owned()
    }
}

#[tokio::test]
async fn kept_work_is_one_commit_without_documents_and_can_be_taken_back() {
    let work = done_work().await;
    let before = work.main();
    work.keep().await;
    work.bench.settled().await;
    let landing = work.row().landing.unwrap();
    assert_eq!((landing.old.as_str(), landing.new.as_str()), (before.as_str(), work.main().as_str()));
    assert_eq!(work.bench.git(&["show", "--format=%an %s", "--name-only", "main"]), "Ada Add b\n\nlib.rs\n");
    assert_eq!(work.bench.file("lib.rs"), "fn a() {}\nfn b() {}\n", "the checkout follows");
    work.bench.person(Command::UndoKeep(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!((work.row().landing, work.main()), (None, before));
    assert_eq!(work.bench.file("lib.rs"), "fn a() {}\n");
}

#[tokio::test]
async fn what_lands_is_what_was_checked_also_where_the_target_moves_meanwhile() {
    // While it is checked for the first time somebody else lands.
    let check = "pwd >> ../../runs; git rev-parse HEAD^{tree} >> ../../runs; cd ../../../deck; test -e ../moved || \
                 { touch ../moved; echo later > later.rs; git add later.rs; git -c user.name=A -c user.email=a@b commit -qm Later; }";
    let work = checked_work(Some(check)).await;
    work.keep().await;
    work.bench.settled().await;
    let landing = work.row().landing.unwrap();
    let runs = work.bench.data("runs");
    let runs: Vec<&str> = runs.lines().collect();
    assert_eq!((runs.len(), runs[0]), (4, runs[2]), "it was checked again, at the same place");
    let landed = work.bench.git(&["rev-parse", "main^{tree}"]);
    let checked = landing.check.unwrap();
    assert_eq!((checked.tree.as_str(), checked.command.as_str()), (landed.trim(), check));
    assert_eq!((runs[3], work.bench.git(&["show", "main:later.rs"]).as_str()), (landed.trim(), "later\n"));
    assert_ne!(runs[1], runs[3]);
}

#[tokio::test]
async fn what_does_not_pass_its_check_moves_nothing_and_says_what_was_printed() {
    let work = checked_work(Some("touch left.txt; echo \"looking at\" >&2; cat lib.rs; ! grep -q 'fn b' lib.rs")).await;
    let before = work.main();
    let job = work.keep().await;
    let (reason, _) = work.failure(job).await;
    assert!(reason.contains("ended with 1") && reason.ends_with("looking at\nfn a() {}\nfn b() {}"), "{reason}");
    assert_eq!((work.main(), work.row().landing), (before, None));
    assert!(!work.bench.deck().join("left.txt").exists(), "it runs in a place of its own");
    fs::write(work.worktree.join("lib.rs"), "fn a() {}\nfn c() {}\n").unwrap();
    work.bench.retry(job).await;
    work.bench.settled().await;
    assert!(work.row().landing.unwrap().check.is_some());
    assert_eq!(
        work.bench.git(&["ls-tree", "--name-only", "main"]),
        "lib.rs\ntasks\n",
        "what the check left does not land"
    );
}

#[tokio::test]
async fn a_check_that_hangs_is_stopped_with_all_that_it_started() {
    let work = checked_work(Some("echo $$ > ../../pid; sleep 1000 & wait")).await;
    let before = work.main();
    let job = work.keep().await;
    let doing = work.bench.wait(|state| state.job(job)?.doing.clone()).await;
    assert!(doing.starts_with("Checking: "), "{doing}");
    while work.bench.data("pid").is_empty() {
        tokio::task::yield_now().await;
    }
    let group: u32 = work.bench.data("pid").trim().parse().unwrap();
    let shell = qd_proc::Identity::of(group).unwrap();
    work.bench.person(Command::DropJob(OnJob { id: job })).await;
    work.bench.settled().await;
    while shell.is_alive() {
        tokio::task::yield_now().await;
    }
    assert_eq!((work.main(), work.row().landing), (before, None));
}

#[tokio::test]
async fn work_that_failed_its_trial_is_reverted_below_what_came_later_and_kept_again() {
    let work = done_work().await;
    let judge =
        |verdict, note: &str| Command::JudgeWork(JudgeWork { id: work.task.id, verdict, note: note.to_owned() });
    work.keep().await;
    work.bench.settled().await;
    work.bench.person(judge(Verdict::Failed, " b is missing ")).await;
    let qa = work.row().landing.unwrap().qa;
    assert_eq!((qa.verdict, qa.note.as_str(), qa.at.is_some()), (Verdict::Failed, "b is missing", true));
    work.bench.write("later.rs", "later\n");
    work.bench.git(&["add", "-A"]);
    work.bench.git(&["commit", "-q", "-m", "Later"]);
    let before = work.main();
    work.bench.person(Command::RevertWork(on(work.task.id))).await;
    work.bench.settled().await;
    let landing = work.row().landing.unwrap();
    assert_eq!(landing.reverted.as_ref().map(|reverted| &reverted.commit), Some(&work.main()));
    assert_eq!(work.bench.git(&["rev-parse", "main^"]).trim(), before);
    assert_eq!((work.bench.file("lib.rs"), work.bench.file("later.rs")), ("fn a() {}\n".into(), "later\n".into()));
    let twice =
        work.bench.engine.read(|state| decide::allowed(state, &Command::RevertWork(on(work.task.id)), Millis(0)));
    assert!(twice.is_err(), "it is taken back already");

    work.keep().await;
    work.bench.settled().await;
    let row = work.row();
    assert_eq!(row.landed_before.len(), 1);
    assert_eq!(row.landing.unwrap().qa.verdict, Verdict::Pending, "nobody has tried this one");
    assert_eq!(work.bench.file("lib.rs"), "fn a() {}\nfn b() {}\n");
    work.bench.person(Command::UndoKeep(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!(work.row().landing.unwrap().new, landing.new, "what was kept before stands as it did");
}

#[tokio::test]
async fn a_revert_that_was_cut_short_behind_its_landing_is_told_once() {
    let work = done_work().await;
    work.keep().await;
    work.bench.settled().await;
    let landing = work.row().landing.unwrap();
    work.bench.engine.clone().shutdown().await;
    let bench = work.bench.reopened();
    let job = bench.person(Command::RevertWork(on(work.task.id))).await;
    let project = bench.engine.read(|state| state.project(bench.project).unwrap().clone());
    let repo = bench.engine.repo(&project).await.unwrap();
    let (old, new) = (CommitId::parse(&landing.old).unwrap(), CommitId::parse(&landing.new).unwrap());
    let request = RevertRequest { target: "main".into(), old, new, message: "Revert".into() };
    let RevertPrepared::Ready(prepared) = repo.prepare_revert(&request).await.unwrap() else { panic!() };
    receipts::store(&bench.engine, &format!("{job}.prepared"), &prepared).unwrap();
    repo.land_revert(&prepared).await.unwrap();
    bench.start();
    bench.settled().await;
    let told = bench.task("tasks/one.md").landing.unwrap().reverted.unwrap();
    assert_eq!(told.commit, prepared.new.to_string());
    assert_eq!(bench.git(&["rev-list", "--count", &format!("{}..main", landing.new)]).trim(), "1");
}

#[tokio::test]
async fn work_that_meets_other_changes_says_which_files_and_moves_nothing() {
    let work = done_work().await;
    work.bench.write("lib.rs", "fn mine() {}\n");
    let (reason, files) = work.failure(work.keep().await).await;
    assert!(reason.contains("changes of your own"), "{reason}");
    assert_eq!(files, ["lib.rs"]);
    work.bench.git(&["commit", "-q", "-a", "-m", "Mine"]);
    let before = work.main();
    let job = work.bench.jobs()[0].id;
    work.bench.retry(job).await;
    let conflict = work
        .bench
        .wait(|state| match &state.job(job)?.state {
            JobState::Failed { reason, files, .. } if reason.contains("same places") => Some(files.clone()),
            _ => None,
        })
        .await;
    assert_eq!((conflict, work.main()), (vec!["lib.rs".to_owned()], before));
    work.bench.person(Command::DropJob(OnJob { id: job })).await;
    assert!(work.row().landing.is_none());
}

/// A Keep whose first run prepared its landing and no more.
async fn prepared(bench: &Bench, task: TaskId, worktree: &Path) -> (Repo, PreparedKeep) {
    let job = bench.person(Command::KeepWork(KeepWork::squash(task, "Add b"))).await;
    let project = bench.engine.read(|state| state.project(bench.project).unwrap().clone());
    let repo = bench.engine.repo(&project).await.unwrap();
    let request = qd_git::KeepRequest {
        worktree: worktree.to_owned(),
        target: "main".into(),
        message: "Add b".into(),
        how: qd_git::How::Squash,
        exclude: crate::work::documents(&project),
        id: task.to_string(),
    };
    let qd_git::keep::Prepared::Ready(prepared) = repo.prepare_keep(&request).await.unwrap() else {
        panic!("nothing to keep")
    };
    receipts::store(&bench.engine, &format!("{job}.prepared"), &prepared).unwrap();
    (repo, prepared)
}

#[tokio::test]
async fn keeping_that_was_cut_short_after_the_landing_tells_that_landing() {
    let work = done_work().await;
    let before = work.main();
    work.bench.engine.clone().shutdown().await;
    let bench = work.bench.reopened();
    let (repo, prepared) = prepared(&bench, work.task.id, &work.worktree).await;
    repo.land(&prepared).await.unwrap();
    bench.start();
    bench.settled().await;
    let landing = bench.task("tasks/one.md").landing.unwrap();
    assert_eq!((landing.old, landing.new), (before.clone(), prepared.new.to_string()));
    assert_eq!(bench.git(&["rev-list", "--count", &format!("{before}..main")]).trim(), "1");
    bench.person(Command::UndoKeep(on(work.task.id))).await;
    bench.settled().await;
    assert_eq!(bench.git(&["rev-parse", "main"]).trim(), before);
}

#[tokio::test]
async fn a_landing_that_somebody_else_forestalled_is_not_told() {
    let work = done_work().await;
    work.bench.engine.clone().shutdown().await;
    let bench = work.bench.reopened();
    prepared(&bench, work.task.id, &work.worktree).await;
    bench.write("lib.rs", "fn a() {}\nfn b() {}\n");
    bench.git(&["commit", "-q", "-a", "-m", "The same by hand"]);
    bench.start();
    let failed = |state: &State| {
        state.of_kind(RowKind::Job).find_map(|row| match row {
            Row::Job(Job { state: JobState::Failed { reason, .. }, .. }) => Some(reason.clone()),
            _ => None,
        })
    };
    let reason = bench.wait(failed).await;
    assert!(reason.contains("nothing to keep"), "{reason}");
    assert_eq!(bench.task("tasks/one.md").landing, None);
}

#[tokio::test]
async fn discarded_work_comes_back_byte_for_byte() {
    let work = done_work().await;
    fs::write(work.worktree.join("raw.bin"), [0, 255, 13, 10]).unwrap();
    work.bench.person(Command::DiscardWork(on(work.task.id))).await;
    work.bench.settled().await;
    let saved = work.row().branch.unwrap().discarded.unwrap();
    assert!(!work.worktree.exists());
    work.bench.git(&["rev-parse", "--verify", &saved]);
    work.bench.person(Command::UndoDiscard(on(work.task.id))).await;
    work.bench.settled().await;
    assert_eq!(work.row().branch.unwrap().discarded, None);
    assert_eq!(fs::read(work.worktree.join("raw.bin")).unwrap(), [0, 255, 13, 10]);
    assert_eq!(fs::read_to_string(work.worktree.join("lib.rs")).unwrap(), "fn a() {}\nfn b() {}\n");
}

#[tokio::test]
async fn a_discard_that_was_cut_short_comes_back_whole() {
    let work = done_work().await;
    work.bench.engine.clone().shutdown().await;
    let bench = work.bench.reopened();
    let job = bench.person(Command::DiscardWork(on(work.task.id))).await;
    let project = bench.engine.read(|state| state.project(bench.project).unwrap().clone());
    let repo = bench.engine.repo(&project).await.unwrap();
    let branch = bench.task("tasks/one.md").branch.unwrap().name;
    let receipt = repo.prepare_discard(&work.worktree, &branch, &work.task.id.to_string()).await.unwrap();
    receipts::store(
        &bench.engine,
        &format!("{}.discarded", work.task.id),
        &serde_json::json!({ "job": job, "receipt": receipt }),
    )
    .unwrap();
    // An earlier run died while git removed the folder.
    fs::remove_file(work.worktree.join(".git")).unwrap();
    fs::remove_file(work.worktree.join("lib.rs")).unwrap();
    bench.start();
    bench.settled().await;
    assert!(bench.task("tasks/one.md").branch.unwrap().discarded.is_some(), "{:?}", bench.jobs());
    bench.person(Command::UndoDiscard(on(work.task.id))).await;
    bench.settled().await;
    assert_eq!(bench.jobs(), []);
    assert_eq!(fs::read_to_string(work.worktree.join("lib.rs")).unwrap(), "fn a() {}\nfn b() {}\n");
    assert_eq!(git(&work.worktree, &["branch", "--show-current"]).trim(), branch);
}

#[tokio::test]
async fn a_commit_needs_to_know_who_makes_it() {
    let work = done_work().await;
    fs::write(work.bench.deck().parent().unwrap().join("home/.gitconfig"), "").unwrap();
    let (reason, _) = work.failure(work.keep().await).await;
    assert!(reason.contains("user.name"), "{reason}");
}
