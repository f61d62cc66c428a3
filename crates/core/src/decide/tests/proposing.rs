//! Work that is proposed by a pull request.

use super::landing::{judge, task_phase, worked};
use super::*;
use crate::decide::archive_guards;
use crate::derive::Phase;
use crate::row::{Checks, Fate, Proposal, Qa, Reception, Remark, Verdict};

fn propose() -> Command {
    Command::ProposeWork(ProposeWork { id: id(2), message: String::new() })
}

fn look() -> Command {
    Command::LookAtProposal(OnTask { id: id(2) })
}

fn remark(name: &str, text: &str) -> Remark {
    let (author, path) = ("ann".to_owned(), Some("lib.rs".to_owned()));
    Remark { id: name.into(), author, text: text.into(), path, line: Some(7), link: None, session: None }
}

fn reception(fate: Fate, remarks: Vec<Remark>) -> Reception {
    let checks = Checks { passed: 3, ..Checks::default() };
    Reception { at: Millis(9), fate, merge: None, checks, approvals: 1, objections: 0, remarks, older: 0 }
}

fn proposal(commit: &str, number: Option<u32>, reception: Option<Reception>) -> Proposal {
    Proposal {
        remote: "origin".into(),
        branch: "qd/one".into(),
        base: "main".into(),
        commit: commit.into(),
        tree: Some("t1".into()),
        at: Millis(5),
        link: Some("https://example.org/ada/deck/pull/7".into()),
        number,
        note: None,
        said: String::new(),
        reception,
        qa: Qa::default(),
    }
}

/// One file is changed, and nothing is proposed.
fn changed() -> Bench {
    let mut b = Bench::new();
    worked(&mut b, 2, Changed { files: 1, tree: "t1".into(), ..Changed::default() });
    b
}

fn finish(b: &mut Bench, done: Done) {
    let job = b.state.jobs_of(id(2)).next().unwrap().id;
    b.server(&Command::JobDone(JobDone { id: job, done }));
}

fn proposed(b: &mut Bench, proposal: Proposal) {
    b.person(&propose()).unwrap();
    finish(b, Done::Proposed { proposal: Box::new(proposal), commit: None });
}

fn seen(b: &mut Bench, reception: Reception) {
    b.person(&look()).unwrap();
    finish(b, Done::ProposalSeen { reception: Box::new(reception) });
}

fn told(b: &Bench) -> Proposal {
    *b.state.task(id(2)).unwrap().proposal.clone().unwrap()
}

#[test]
fn only_work_that_is_there_and_whole_is_proposed_and_with_its_message() {
    let mut b = Bench::new();
    let refused = b.person(&propose()).unwrap_err();
    assert_eq!(refused.message, "There is no work to propose yet: implement it first.");
    worked(&mut b, 2, Changed::default());
    assert_eq!(b.person(&propose()).unwrap_err().message, "The worktree has no changes to propose.");
    worked(&mut b, 2, Changed { files: 1, conflicts: vec!["a".into()], ..Changed::default() });
    assert_eq!(b.person(&propose()).unwrap_err().message, "A file has a conflict that nobody has resolved.");
    let mut b = changed();
    b.person(&propose()).unwrap();
    assert_eq!(b.state.jobs_of(id(2)).next().unwrap().work, Work::Propose { message: "One".into() });
    assert_eq!(code(b.person(&propose())), RejectCode::NotAllowed, "it is being done");
    assert_eq!(code(b.start(10, Kind::Implement)), RejectCode::NotAllowed, "nobody writes meanwhile");
}

#[test]
fn a_look_hinders_nothing_and_replaces_one_that_failed() {
    let mut b = changed();
    proposed(&mut b, proposal("1", None, None));
    assert_eq!(b.person(&look()).unwrap_err().message, "No pull request of this work is known.");
    proposed(&mut b, proposal("1", Some(7), None));
    b.person(&look()).unwrap();
    assert_eq!(b.person(&look()).unwrap_err().message, "This is being looked at already.");
    let asked = b.state.jobs_of(id(2)).next().unwrap().id;
    let failed = JobFailed { id: asked, reason: "away".into(), files: vec![], conflict: false };
    b.server(&Command::JobFailed(failed));
    b.person(&look()).unwrap();
    assert_eq!(b.state.jobs_of(id(2)).count(), 1);
    b.start(10, Kind::Implement).unwrap();
}

#[test]
fn what_was_written_is_sent_once_and_again_only_where_it_says_something_else() {
    let mut b = changed();
    let remarks = vec![remark("a", "Why?"), remark("b", "Rename it.")];
    proposed(&mut b, proposal("1", Some(7), Some(reception(Fate::Open, remarks.clone()))));
    let send = |session, message| {
        let (task, session, message) = (id(2), id(session), id(message));
        Command::SendRemarks(Box::new(SendComments {
            task,
            session,
            message,
            note: String::new(),
            start: Start::default(),
        }))
    };
    b.person(&send(20, 21)).unwrap();
    let instructions = b.session(20).instructions.clone();
    assert!(
        instructions.contains("### ann on lib.rs:7\n\nWhy?\n\n### ann on lib.rs:7\n\nRename it."),
        "{instructions}"
    );
    assert!(instructions.contains("https://example.org/ada/deck/pull/7"), "{instructions}");
    assert_eq!(code(b.person(&send(22, 23))), RejectCode::Invalid, "nothing is new");
    let edited = vec![remarks[0].clone(), remark("b", "Rename both."), remark("c", "Good.")];
    seen(&mut b, reception(Fate::Open, edited));
    let waiting: Vec<String> = told(&b).waiting().map(|remark| remark.id.clone()).collect();
    assert_eq!(waiting, ["b", "c"]);
    b.person(&send(20, 24)).unwrap();
    assert_eq!(told(&b).waiting().count(), 0);
}

#[test]
fn what_is_pushed_later_keeps_what_is_known_but_for_the_checks_of_less() {
    let mut b = changed();
    proposed(&mut b, proposal("1", Some(7), Some(reception(Fate::Open, vec![remark("a", "Why?")]))));
    proposed(&mut b, proposal("2", Some(7), None));
    let known = told(&b).reception.unwrap();
    assert_eq!((known.checks, known.remarks.len()), (Checks::default(), 1));
    proposed(&mut b, proposal("3", Some(8), None));
    assert_eq!(told(&b).reception, None, "that is another one");
}

#[test]
fn merged_work_is_judged_and_put_away_and_is_work_again_when_more_is_changed() {
    let mut b = changed();
    proposed(&mut b, proposal("1", Some(7), Some(reception(Fate::Open, vec![]))));
    assert_eq!(task_phase(&b), Phase::Review);
    assert_eq!(code(b.person(&judge(Verdict::Passed, ""))), RejectCode::NotAllowed, "it is not merged");
    seen(&mut b, reception(Fate::Merged, vec![]));
    assert_eq!(task_phase(&b), Phase::Merged);
    assert_eq!(b.state.task(id(2)).unwrap().landing, None, "it did not land here");
    let guards = |b: &Bench| archive_guards(&b.state, b.state.task(id(2)).unwrap());
    assert_eq!(guards(&b), Vec::<String>::new());
    b.person(&judge(Verdict::Failed, "broken")).unwrap();
    assert_eq!((task_phase(&b), told(&b).qa.note.as_str()), (Phase::QaFailed, "broken"));
    worked(&mut b, 2, Changed { files: 2, tree: "t2".into(), ..Changed::default() });
    assert_eq!(task_phase(&b), Phase::Review);
    assert_eq!(guards(&b).len(), 1);
}

#[test]
fn a_row_of_before_has_no_proposal() {
    let b = changed();
    let mut row = serde_json::to_value(b.state.task(id(2)).unwrap()).unwrap();
    row.as_object_mut().unwrap().remove("proposal");
    assert_eq!(serde_json::from_value::<Task>(row).unwrap().proposal, None);
}
