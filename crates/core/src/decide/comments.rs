//! Comments on the work: written one by one, sent together.

use super::sessions;
use super::{Context, edited, task};
use crate::command::{AddComment, EditComment, OnComment, ResolveComment, SendComments, SendMessage, StartSession};
use crate::ids::{CommentId, TaskId};
use crate::op::{Op, Reject, RejectCode};
use crate::prompt;
use crate::row::{Comment, Row, Start};
use crate::state::State;
use crate::status::Kind;

/// How much a comment says at most, in bytes.
const LONGEST: usize = 20_000;
/// How much it quotes at most.
const LONGEST_QUOTE: usize = 20_000;
/// So many may wait to be sent together.
const MOST: usize = 200;

fn comment(state: &State, id: CommentId) -> Result<&Comment, Reject> {
    state.comment(id).ok_or_else(|| Reject::new(RejectCode::NotFound, "This comment does not exist (any more)."))
}

fn edit(row: &Comment, edit: impl FnOnce(&mut Comment)) -> Vec<Op> {
    edited(row, Row::Comment, edit).into_iter().collect()
}

fn fits(text: &str) -> Result<(), Reject> {
    match text.trim().len() {
        0 => Err(Reject::new(RejectCode::Invalid, "The comment is empty.")),
        length if length > LONGEST => Err(Reject::new(RejectCode::Invalid, "The comment is longer than 20 kB.")),
        _ => Ok(()),
    }
}

pub(super) fn add(state: &State, c: &AddComment, cx: Context) -> Result<Vec<Op>, Reject> {
    if state.comment(c.id).is_some() {
        return Err(Reject::new(RejectCode::IdTaken, "A comment of this id exists already."));
    }
    task(state, c.task)?;
    fits(&c.text)?;
    if c.place.path.is_empty() || c.place.to < c.place.from || c.place.quote.len() > LONGEST_QUOTE {
        return Err(Reject::new(RejectCode::Invalid, "These are no lines of a file, or too many."));
    }
    if drafts(state, c.task).len() >= MOST {
        return Err(Reject::new(RejectCode::NotAllowed, "200 comments wait already. Send them first."));
    }
    let row = Comment {
        id: c.id,
        ver: 0,
        task: c.task,
        at: cx.now,
        place: c.place.clone(),
        text: c.text.trim().to_owned(),
        session: None,
        resolved: false,
    };
    Ok(vec![Op::put(Row::Comment(row))])
}

pub(super) fn change(state: &State, c: &EditComment) -> Result<Vec<Op>, Reject> {
    let row = comment(state, c.id)?;
    fits(&c.text)?;
    if row.session.is_some() {
        return Err(Reject::new(RejectCode::NotAllowed, "This comment was sent. Write another one."));
    }
    Ok(edit(row, |row| c.text.trim().clone_into(&mut row.text)))
}

pub(super) fn resolve(state: &State, c: &ResolveComment) -> Result<Vec<Op>, Reject> {
    Ok(edit(comment(state, c.id)?, |row| row.resolved = c.resolved))
}

pub(super) fn drop(state: &State, c: &OnComment) -> Result<Vec<Op>, Reject> {
    Ok(vec![Op::delete(comment(state, c.id)?.id)])
}

/// The comments of a task that wait to be sent, in the order of files and lines.
fn drafts(state: &State, task: TaskId) -> Vec<&Comment> {
    let mut drafts: Vec<_> = state.comments_of(task).filter(|row| row.waits()).collect();
    drafts.sort_by_key(|row| (&row.place.path, row.place.from, row.id));
    drafts
}

pub(super) fn send(state: &State, c: &SendComments, cx: Context) -> Result<Vec<Op>, Reject> {
    task(state, c.task)?;
    let drafts = drafts(state, c.task);
    if drafts.is_empty() {
        return Err(Reject::new(RejectCode::Invalid, "There is no comment to send."));
    }
    let mut ops = told(state, c, prompt::comments(&c.note, &drafts), cx)?;
    ops.extend(drafts.into_iter().flat_map(|row| edit(row, |row| row.session = Some(c.session))));
    Ok(ops)
}

/// Tells a session of the task, or a new one.
pub(super) fn told(state: &State, c: &SendComments, text: String, cx: Context) -> Result<Vec<Op>, Reject> {
    match state.session(c.session) {
        Some(row) if row.task == c.task => sessions::message(state, &SendMessage::new(c.message, c.session, text), cx),
        Some(_) => Err(Reject::new(RejectCode::NotAllowed, "This session works on another task.")),
        None => {
            let start = Start { instructions: text, ..c.start.clone() };
            sessions::start(state, &StartSession { id: c.session, task: c.task, kind: Kind::Comment, start }, cx)
        }
    }
}
