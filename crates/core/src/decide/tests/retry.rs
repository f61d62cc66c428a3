//! Going on from an earlier message.

use super::*;

fn retry(session: u128, message: impl Into<Option<MessageId>>, files: Files) -> Command {
    Command::RetryFrom(Box::new(RetryFrom {
        id: id(session),
        prompt: id(session + 1000),
        session: id(10),
        message: message.into(),
        text: "Rather this.".into(),
        images: vec![],
        files,
    }))
}

fn first(session: u128) -> MessageId {
    prompt_id(id(session), 1)
}

#[test]
fn a_retry_is_a_new_session_with_its_message_and_the_old_one_stays_untouched() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    assert_eq!(code(b.person(&retry(20, first(10), Files::Back))), RejectCode::NotAllowed, "it runs");
    b.end(10, Ending::Completed);
    let old = b.session(10).clone();
    b.person(&retry(20, first(10), Files::Back)).unwrap();
    let new = b.session(20);
    assert_eq!((new.status, new.attempt, new.kind, new.task), (Status::Starting, 1, Kind::Implement, id(2)));
    assert_eq!(new.origin, Some(GoesOn { session: id(10), message: Some(first(10)), files: Files::Back }));
    let message = b.state.message(id(1020)).unwrap();
    assert_eq!((message.session, &message.state), (id(20), &MessageState::Queued));
    assert_eq!(*b.session(10), old);
    assert_eq!(code(b.person(&retry(21, first(10), Files::Back))), RejectCode::TaskBusy);
    assert_eq!(code(b.person(&retry(20, first(10), Files::Back))), RejectCode::IdTaken);
}

#[test]
fn only_a_message_of_the_session_can_be_gone_back_to() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.end(10, Ending::Completed);
    assert_eq!(code(b.person(&retry(20, id::<MessageId>(70), Files::Back))), RejectCode::NotFound);
    assert_eq!(code(b.person(&retry(20, first(11), Files::Back))), RejectCode::NotFound);
    assert_eq!(code(b.person(&retry(20, None, Files::Back))), RejectCode::Invalid);
    b.person(&Command::SendMessage(SendMessage::new(id(70), id(10), "more"))).unwrap();
    b.end(10, Ending::Failed { reason: "broke".into(), stderr: None });
    b.person(&retry(20, id::<MessageId>(70), Files::Back)).unwrap();
}

#[test]
fn a_session_that_only_reads_takes_no_worktree_back() {
    let mut b = Bench::new();
    b.start(10, Kind::Chat).unwrap();
    b.end(10, Ending::Completed);
    b.start(11, Kind::Implement).unwrap();
    b.person(&retry(20, first(10), Files::Back)).unwrap();
    assert_eq!(b.session(20).origin.map(|origin| origin.files), Some(Files::Stay));
}

#[test]
fn behind_the_last_message_it_goes_on_with_the_files_as_they_are() {
    let mut b = Bench::new();
    b.start(10, Kind::Implement).unwrap();
    b.end(10, Ending::Completed);
    b.person(&retry(20, None, Files::Stay)).unwrap();
    assert_eq!(b.session(20).status, Status::Starting);
}
