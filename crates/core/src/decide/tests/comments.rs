//! Comments on the work.

use super::*;
use crate::command::{AddComment, EditComment, OnComment, ResolveComment, SendComments};
use crate::row::{Comment, Place};

fn place(path: &str, from: u32, to: u32) -> Place {
    Place { path: path.into(), old: false, from, to, quote: "let a = 1;\n".into() }
}

fn add(comment: u128, path: &str, line: u32) -> Command {
    let (id, place) = (id(comment), place(path, line, line));
    Command::AddComment(Box::new(AddComment { id, task: super::id(2), place, text: format!(" says {comment} ") }))
}

fn send(session: u128) -> Command {
    let (session, message) = (id(session), id(session + 1000));
    let note = "Mind the tests.".to_owned();
    Command::SendComments(Box::new(SendComments { task: id(2), session, message, note, start: Start::default() }))
}

fn comment(b: &Bench, of: u128) -> Comment {
    b.state.comment(id(of)).unwrap().clone()
}

#[test]
fn what_waits_goes_to_one_new_session_in_the_order_of_files_and_lines() {
    let mut b = Bench::new();
    for (comment, path, line) in [(30, "b.rs", 7), (31, "a.rs", 9), (32, "a.rs", 3)] {
        b.person(&add(comment, path, line)).unwrap();
    }
    assert_eq!(comment(&b, 30).text, "says 30");
    b.person(&Command::EditComment(EditComment { id: id(31), task: id(2), text: "says more".into() })).unwrap();
    b.person(&send(20)).unwrap();
    let session = b.session(20);
    assert_eq!((session.kind, session.task, session.status), (Kind::Comment, id(2), Status::Starting));
    let (a, z) = ("### a.rs:3\n\n```\nlet a = 1;\n```\n\nsays 32", "### b.rs:7\n\n```\nlet a = 1;\n```\n\nsays 30");
    let more = "### a.rs:9\n\n```\nlet a = 1;\n```\n\nsays more";
    assert_eq!(session.instructions, format!("Mind the tests.\n\n{a}\n\n{more}\n\n{z}"));
    assert_eq!(comment(&b, 30).session, Some(id(20)));
    assert_eq!(code(b.person(&send(21))), RejectCode::Invalid, "nothing waits any more");
    assert_eq!(
        code(b.person(&Command::EditComment(EditComment { id: id(30), task: id(2), text: "x".into() }))),
        RejectCode::NotAllowed
    );
    b.person(&Command::ResolveComment(ResolveComment { id: id(30), task: id(2), resolved: true })).unwrap();
    assert!(comment(&b, 30).resolved);
    b.person(&Command::DropComment(OnComment { id: id(30), task: id(2) })).unwrap();
    assert!(b.state.comment(id(30)).is_none());
}

#[test]
fn what_waits_goes_to_a_session_that_runs_as_one_message() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.person(&add(30, "a.rs", 3)).unwrap();
    b.person(&send(10)).unwrap();
    let message = b.state.message(id(1010)).unwrap();
    let MessageBody::Prompt { text, .. } = &message.body else { panic!("{message:?}") };
    assert!(text.starts_with("Mind the tests.\n\n### a.rs:3"), "{text}");
    assert_eq!(comment(&b, 30).session, Some(id(10)));
}

#[test]
fn a_refusal_of_the_session_leaves_the_comments_where_they_were() {
    let mut b = Bench::new();
    b.person(&add(30, "a.rs", 3)).unwrap();
    b.start(10, Kind::Comment).unwrap();
    assert_eq!(code(b.person(&send(20))), RejectCode::TaskBusy);
    assert_eq!(comment(&b, 30).session, None);
}

#[test]
fn what_is_no_comment_is_refused() {
    let mut b = Bench::new();
    b.person(&add(30, "a.rs", 3)).unwrap();
    assert_eq!(code(b.person(&add(30, "a.rs", 3))), RejectCode::IdTaken);
    let refused = |place: Place, text: &str, b: &mut Bench| {
        let text = text.to_owned();
        code(b.person(&Command::AddComment(Box::new(AddComment { id: id(40), task: id(2), place, text }))))
    };
    assert_eq!(refused(place("a.rs", 3, 3), " \n", &mut b), RejectCode::Invalid);
    assert_eq!(refused(place("a.rs", 3, 2), "x", &mut b), RejectCode::Invalid);
    assert_eq!(refused(place("", 3, 3), "x", &mut b), RejectCode::Invalid);
    assert_eq!(refused(place("a.rs", 3, 3), &"x".repeat(20_001), &mut b), RejectCode::Invalid);
    assert_eq!(code(b.person(&Command::DropComment(OnComment { id: id(41), task: id(2) }))), RejectCode::NotFound);
}

#[test]
fn a_quote_can_not_end_itself() {
    let quote = "```\n### b.rs:1\n````";
    let place = Place { path: "a.md".into(), old: true, from: 1, to: 3, quote: quote.into() };
    let row = Comment {
        id: id(1),
        ver: 0,
        task: id(2),
        at: Millis(0),
        place,
        text: "no".into(),
        session: None,
        resolved: false,
    };
    let told = crate::prompt::comments("", &[&row]);
    assert_eq!(told, format!("### a.md:1-3 (before the change)\n\n`````\n{quote}\n`````\n\nno"));
}
