//! Archiving and restoring.

use super::*;
use crate::command::ArchiveTask;
use crate::decide::archive_guards;

fn archive(anyway: bool) -> Command {
    Command::ArchiveTask(ArchiveTask { id: id(2), anyway })
}

fn restore() -> Command {
    Command::RestoreTask(OnTask { id: id(2) })
}

fn task(b: &Bench) -> Task {
    b.state.task(id(2)).unwrap().clone()
}

/// The move that is under way.
fn job(b: &Bench) -> Job {
    b.state.jobs_of(id(2)).next().unwrap().clone()
}

#[test]
fn a_task_is_shown_as_archived_at_once_and_lies_there_when_its_file_does() {
    let mut b = Bench::new();
    b.person(&archive(false)).unwrap();
    assert!(task(&b).archived);
    assert_eq!(job(&b).work, Work::MoveDocument { archived: true });
    assert_eq!(code(b.person(&restore())), RejectCode::NotAllowed, "it is being moved");
    assert_eq!(code(b.start(10, Kind::Implement)), RejectCode::NotAllowed);
    let path = "tasks/archive/2026-11/one.md".to_owned();
    let id = job(&b).id;
    b.server(&Command::JobDone(JobDone { id, done: Done::Moved { path: path.clone() } }));
    assert_eq!((task(&b).path, task(&b).archived), (Some(path), true));
    assert_eq!(code(b.person(&archive(false))), RejectCode::NotAllowed, "it is archived already");
    b.person(&restore()).unwrap();
    assert!(!task(&b).archived);
}

#[test]
fn a_move_that_failed_shows_the_task_as_it_is_and_a_retry_as_it_will_be() {
    let mut b = Bench::new();
    b.person(&archive(false)).unwrap();
    let failed = JobFailed { id: job(&b).id, reason: "The disk is full.".into(), files: vec![], conflict: false };
    b.server(&Command::JobFailed(failed));
    assert!(!task(&b).archived);
    let id = job(&b).id;
    b.person(&Command::RetryJob(OnJob { id })).unwrap();
    assert!(task(&b).archived);
}

#[test]
fn what_would_be_put_away_with_it_is_named_and_can_be_passed_over() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    assert!(b.person(&archive(true)).unwrap_err().message.contains("Cancel it first"), "a session runs");
    b.end(10, Ending::Completed);
    let mut row = task(&b);
    row.branch = Some(Branch {
        session: id(10),
        name: "qd/one".into(),
        path: "/w".into(),
        base: "0".into(),
        target: Some("main".into()),
        changed: Some(Changed { files: 2, additions: 1, ..Changed::default() }),
        discarded: None,
        update: None,
        commit: None,
        draft: None,
        port: None,
        taking_back: None,
        meets: Vec::new(),
    });
    b.state.replace(row.id.into(), Some(std::sync::Arc::new(Row::Task(row))));
    assert_eq!(archive_guards(&b.state, &task(&b)).len(), 1);
    let refused = b.person(&archive(false)).unwrap_err();
    assert!(refused.message.contains("2 files changed"), "{}", refused.message);
    assert!(!task(&b).archived);
    b.person(&archive(true)).unwrap();
    assert!(task(&b).archived);
}

#[test]
fn a_document_with_a_conflict_stays_where_it_is() {
    let mut b = Bench::new();
    let mut row = task(&b);
    row.conflict = Some(Conflict { yours: id(5), theirs: id(6) });
    b.state.replace(row.id.into(), Some(std::sync::Arc::new(Row::Task(row))));
    assert_eq!(code(b.person(&archive(true))), RejectCode::NotAllowed);
}
