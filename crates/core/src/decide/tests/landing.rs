//! What becomes of work once it was kept.

use super::*;
use crate::command::{JudgeWork, Pair, ProposeWork, TellMeetings};
use crate::decide::{are_told, comes_first};
use crate::derive::{Phase, phase};
use crate::row::{Landing, Meets, Qa, Reverted, TakingBack, Verdict};

fn landing(commit: &str, at: u64) -> Landing {
    Landing {
        target: "main".into(),
        old: "0".into(),
        new: commit.into(),
        at: Millis(at),
        how: How::default(),
        check: None,
        qa: Qa::default(),
        reverted: None,
    }
}

/// A task whose work was kept as this commit.
fn kept(b: &mut Bench, commit: &str) {
    let mut task = b.state.task(id(2)).unwrap().clone();
    let before = task.landing.replace(landing(commit, 1));
    task.landed_before.extend(before);
    b.state.replace(task.id.into(), Some(std::sync::Arc::new(Row::Task(task))));
}

pub(super) fn judge(verdict: Verdict, note: &str) -> Command {
    Command::JudgeWork(JudgeWork { id: id(2), verdict, note: note.into() })
}

pub(super) fn task_phase(b: &Bench) -> Phase {
    phase(&b.state, b.state.task(id(2)).unwrap())
}

#[test]
fn a_verdict_stands_until_another_is_given_and_only_on_what_stands() {
    let mut b = Bench::new();
    assert_eq!(code(b.person(&judge(Verdict::Passed, ""))), RejectCode::NotAllowed, "nothing was kept");
    assert_eq!(code(b.person(&Command::RevertWork(OnTask { id: id(2) }))), RejectCode::NotAllowed);
    kept(&mut b, "1");
    assert_eq!(task_phase(&b), Phase::Kept);
    b.person(&judge(Verdict::Passed, "")).unwrap();
    assert_eq!(task_phase(&b), Phase::QaPassed);
    b.person(&judge(Verdict::Failed, " broken ")).unwrap();
    assert_eq!(task_phase(&b), Phase::QaFailed);
    assert_eq!(b.state.task(id(2)).unwrap().landing.as_ref().unwrap().qa.note, "broken");
    assert_eq!(code(b.person(&judge(Verdict::Failed, &"x".repeat(20_001)))), RejectCode::Invalid);
    b.person(&judge(Verdict::Pending, "")).unwrap();
    assert_eq!(b.state.task(id(2)).unwrap().landing.as_ref().unwrap().qa, Qa::default());
}

#[test]
fn a_revert_is_told_on_what_it_took_back_and_an_undo_brings_back_what_stood_before() {
    let mut b = Bench::new();
    kept(&mut b, "1");
    let revert = b.person(&Command::RevertWork(OnTask { id: id(2) }));
    assert!(revert.is_ok());
    let job = b.state.jobs_of(id(2)).next().unwrap().clone();
    assert_eq!(job.work, Work::Revert);
    assert_eq!(code(b.person(&Command::UndoKeep(OnTask { id: id(2) }))), RejectCode::NotAllowed, "it is being moved");
    let reverted = Reverted { commit: "9".into(), at: Millis(5) };
    b.server(&Command::JobDone(JobDone { id: job.id, done: Done::Reverted { reverted: reverted.clone() } }));
    assert_eq!(b.state.task(id(2)).unwrap().landing.as_ref().unwrap().reverted, Some(reverted));
    assert_eq!(code(b.person(&judge(Verdict::Passed, ""))), RejectCode::NotAllowed, "it does not stand");
    assert_ne!(task_phase(&b), Phase::Kept);

    kept(&mut b, "2");
    b.person(&Command::UndoKeep(OnTask { id: id(2) })).unwrap();
    let job = b.state.jobs_of(id(2)).next().unwrap().id;
    b.server(&Command::JobDone(JobDone { id: job, done: Done::Unkept }));
    let task = b.state.task(id(2)).unwrap();
    assert_eq!(task.landing.as_ref().map(|landing| landing.new.as_str()), Some("1"));
    assert_eq!(task.landed_before, []);
}

/// A task with a worktree that has this work.
pub(super) fn worked(b: &mut Bench, task: u128, changed: Changed) {
    let mut row = b.state.task(id(task)).unwrap().clone();
    row.branch = Some(Branch {
        session: id(90),
        name: "qd/one".into(),
        path: "/w".into(),
        base: "0".into(),
        target: Some("main".into()),
        changed: Some(changed),
        discarded: None,
        update: None,
        commit: None,
        draft: None,
        port: None,
        taking_back: None,
        meets: Vec::new(),
    });
    b.state.replace(row.id.into(), Some(std::sync::Arc::new(Row::Task(row))));
}

fn keep(task: u128) -> Command {
    Command::KeepWork(KeepWork::squash(id(task), ""))
}

fn only_job(b: &Bench, task: u128) -> Job {
    b.state.jobs_of(id(task)).next().unwrap().clone()
}

fn waiting(b: &Bench) -> Vec<TaskId> {
    let lane = (id(1), "main".to_owned());
    crate::decide::queue(&b.state, &lane).into_iter().map(|job| job.task).collect()
}

#[test]
fn what_waits_for_a_branch_stands_in_the_order_that_a_person_gave_it() {
    let mut b = Bench::new();
    for task in [3, 4, 5] {
        b.observe(task, "# Another\n");
    }
    for task in [2, 3, 4] {
        worked(&mut b, task, Changed { files: 1, ..Changed::default() });
        b.person(&keep(task)).unwrap();
    }
    assert_eq!(waiting(&b), [id(2), id(3), id(4)]);
    let job = |b: &Bench, task| only_job(b, task).id;
    let before = Some(job(&b, 2));
    b.person(&Command::OrderJob(OrderJob { id: job(&b, 4), before })).unwrap();
    assert_eq!(waiting(&b), [id(4), id(2), id(3)]);
    b.person(&Command::OrderJob(OrderJob { id: job(&b, 4), before: None })).unwrap();
    assert_eq!(waiting(&b), [id(2), id(3), id(4)]);
    // Whoever comes later stands behind all.
    worked(&mut b, 5, Changed { files: 1, ..Changed::default() });
    b.person(&keep(5)).unwrap();
    assert_eq!(waiting(&b).last(), Some(&id(5)));
    let gone = OrderJob { id: job(&b, 4), before: Some(id(77)) };
    assert_eq!(code(b.person(&Command::OrderJob(gone))), RejectCode::NotAllowed);
}

#[test]
fn work_with_conflicts_is_not_kept_tried_or_committed_until_each_is_resolved() {
    let mut b = Bench::new();
    let conflicts = vec!["a".to_owned(), "b".to_owned()];
    worked(&mut b, 2, Changed { files: 2, merging: true, conflicts, ..Changed::default() });
    let commit = Command::CommitWork(CommitWork { id: id(2), message: String::new(), files: None, hunks: Vec::new() });
    for command in [keep(2), commit.clone(), Command::TryWork(OnTask { id: id(2) })] {
        let refused = b.person(&command).unwrap_err();
        assert_eq!(refused.message, "2 files have conflicts that nobody has resolved.");
    }
    assert_eq!(crate::derive::attention(&b.state, b.state.task(id(2)).unwrap()), crate::derive::Attention::Conflicted);
    for path in ["a", "b"] {
        // The second one does not wait for the first.
        b.person(&Command::ResolveFile(ResolveFile { id: id(2), path: path.into(), side: Side::Ours })).unwrap();
    }
    let again = ResolveFile { id: id(2), path: "a".into(), side: Side::Ours };
    assert_eq!(b.person(&Command::ResolveFile(again)).unwrap_err().message, "This file has no conflict (any more).");
    for job in b.state.jobs_of(id(2)).map(|job| job.id).collect::<Vec<_>>() {
        b.server(&Command::JobDone(JobDone { id: job, done: Done::Resolved }));
    }
    b.person(&commit).unwrap();
}

#[test]
fn failed_try_to_keep_gives_way_to_the_session_that_resolves_its_conflict() {
    let mut b = Bench::new();
    worked(&mut b, 2, Changed { files: 1, ..Changed::default() });
    b.person(&keep(2)).unwrap();
    let update = |session: u128| {
        Command::UpdateWork(Box::new(UpdateWork { id: id(2), session: Some(id(session)), start: Start::default() }))
    };
    assert_eq!(code(b.person(&update(10))), RejectCode::NotAllowed, "it is being kept");
    let job = only_job(&b, 2).id;
    let failed = JobFailed { id: job, reason: "Both changed it.".into(), files: vec!["a".into()], conflict: true };
    b.server(&Command::JobFailed(failed));
    b.person(&update(10)).unwrap();
    assert_eq!(only_job(&b, 2).work, Work::Update);
    let session = b.state.session(id(10)).unwrap();
    assert_eq!((session.resolves.as_deref(), session.status), (Some("main"), Status::Starting));
    assert_eq!(code(b.person(&update(11))), RejectCode::TaskBusy, "one at a time");
}

#[test]
fn one_task_is_tried_in_a_checkout_at_a_time_and_given_up_it_stays_there() {
    let mut b = Bench::new();
    b.observe(3, "# Another\n");
    for task in [2, 3] {
        worked(&mut b, task, Changed { files: 1, ..Changed::default() });
    }
    b.person(&Command::TryWork(OnTask { id: id(2) })).unwrap();
    let refused = b.person(&Command::TryWork(OnTask { id: id(3) })).unwrap_err();
    assert_eq!(refused.message, "“One” is being tried in your checkout. Put that back first.");
    let trial = Trial { head: "1".into(), commit: "2".into(), at: Millis(5) };
    let job = only_job(&b, 2).id;
    b.server(&Command::JobDone(JobDone { id: job, done: Done::Tried { trial } }));
    assert_eq!(code(b.person(&keep(2))), RejectCode::NotAllowed);
    assert_eq!(archive_guards(&b.state, b.state.task(id(2)).unwrap()).len(), 2);
    b.person(&Command::UntryWork(OnTask { id: id(2) })).unwrap();
    let job = only_job(&b, 2).id;
    b.server(&Command::JobFailed(JobFailed { id: job, reason: "Edited.".into(), files: vec![], conflict: false }));
    assert!(b.state.task(id(2)).unwrap().trial.is_some());
    b.person(&Command::DropJob(OnJob { id: job })).unwrap();
    assert_eq!(b.state.task(id(2)).unwrap().trial, None);
    b.person(&Command::TryWork(OnTask { id: id(3) })).unwrap();
}

#[test]
fn message_that_is_left_out_is_the_one_suggested_for_exactly_this_work_else_the_title() {
    let mut b = Bench::new();
    let message = |b: &mut Bench| {
        b.person(&keep(2)).unwrap();
        let job = only_job(b, 2);
        let failed = JobFailed { id: job.id, reason: "No.".into(), files: vec![], conflict: false };
        b.server(&Command::JobFailed(failed));
        b.person(&Command::DropJob(OnJob { id: job.id })).unwrap();
        let Work::Keep { message, .. } = job.work else { panic!("{job:?}") };
        message
    };
    let changed = |tree: &str| Changed { files: 1, tree: tree.into(), ..Changed::default() };
    worked(&mut b, 2, changed("t1"));
    assert_eq!(message(&mut b), "One");
    let draft = Draft { text: "Do one\n\n- a".into(), tree: "t1".into(), session: None };
    b.server(&Command::DraftMessage(DraftMessage { task: id(2), draft }));
    assert_eq!(message(&mut b), "Do one\n\n- a");
    b.server(&Command::CountChanges(CountChanges { task: id(2), changed: changed("t2") }));
    assert_eq!(message(&mut b), "One", "it was written for something else");
}

#[test]
fn work_is_taken_back_in_the_worktree_as_one_commit_and_comes_back_into_it_when_that_landed() {
    let mut b = Bench::new();
    worked(&mut b, 2, Changed { files: 1, ..Changed::default() });
    let take = |session: Option<u128>| {
        let session = session.map(id);
        Command::TakeBack(Box::new(UpdateWork { id: id(2), session, start: Start::default() }))
    };
    let refused = b.person(&take(None)).unwrap_err();
    assert_eq!(refused.message, "Nothing of this task was kept (or it was taken back already).");
    b.person(&keep(2)).unwrap();
    let done = |b: &mut Bench, done: Done| {
        let job = only_job(b, 2).id;
        b.server(&Command::JobDone(JobDone { id: job, done }));
    };
    done(&mut b, Done::Kept { landing: landing("2", 1) });
    b.person(&Command::RevertWork(OnTask { id: id(2) })).unwrap();
    let job = only_job(&b, 2).id;
    let failed = JobFailed { id: job, reason: "Changed since.".into(), files: vec!["a".into()], conflict: true };
    b.server(&Command::JobFailed(failed));
    b.person(&take(Some(10))).unwrap();
    assert_eq!(only_job(&b, 2).work, Work::TakeBack, "the revert that failed is given up");
    assert!(comes_first(&only_job(&b, 2)), "the session waits for it");
    done(&mut b, Done::TakingBack { taking: TakingBack { before: "refs/x".into(), at: Millis(7) } });
    b.end(10, Ending::Completed);
    let way = "What was kept is being taken back in the worktree. Keep that, or undo it, first.";
    for command in [
        take(None),
        Command::RevertWork(OnTask { id: id(2) }),
        Command::UndoKeep(OnTask { id: id(2) }),
        Command::DiscardWork(OnTask { id: id(2) }),
        Command::ProposeWork(ProposeWork { id: id(2), message: String::new() }),
    ] {
        assert_eq!(b.person(&command).unwrap_err().message, way, "{command:?}");
    }
    b.person(&Command::KeepWork(KeepWork { id: id(2), message: String::new(), how: How::Merge })).unwrap();
    let message = "Revert \"One\"\n\nThis takes back 2.\n".to_owned();
    assert_eq!(only_job(&b, 2).work, Work::Keep { message, how: How::Squash });
    done(&mut b, Done::Reverted { reverted: Reverted { commit: "3".into(), at: Millis(9) } });
    assert_eq!(only_job(&b, 2).work, Work::UndoUpdate);
    done(&mut b, Done::UpdateUndone);
    let row = b.state.task(id(2)).unwrap();
    assert!(row.landing.as_ref().unwrap().reverted.is_some() && row.standing().unwrap().taking_back.is_none());
    assert_eq!(b.state.jobs_of(id(2)).count(), 0);
}

#[test]
fn works_that_meet_are_told_of_both_and_no_longer_when_they_do_not() {
    let mut b = Bench::new();
    b.observe(3, "# Another\n");
    for task in [2, 3] {
        worked(&mut b, task, Changed { files: 1, ..Changed::default() });
    }
    let told = |pairs: Vec<Pair>| TellMeetings { project: id(1), pairs };
    let pair = Pair { tasks: [id(2), id(3)], files: 4, conflicts: 1 };
    b.server(&Command::TellMeetings(told(vec![pair.clone()])));
    let meets = |b: &Bench, task: u128| b.state.task(id(task)).unwrap().branch.clone().unwrap().meets;
    assert_eq!(meets(&b, 2), [Meets { task: id(3), files: 4, conflicts: 1 }]);
    assert_eq!(meets(&b, 3), [Meets { task: id(2), files: 4, conflicts: 1 }]);
    assert!(are_told(&b.state, &told(vec![pair])));
    assert!(!are_told(&b.state, &told(vec![])));
    b.server(&Command::TellMeetings(told(vec![])));
    assert_eq!((meets(&b, 2), meets(&b, 3)), (vec![], vec![]));
    assert_eq!(code(b.person(&Command::TellMeetings(told(vec![])))), RejectCode::Forbidden);
}
