//! Going on from an earlier message in a new session: the old one stays as it is, with all that came of it.

use super::landing::holds_work;
use super::sessions::{clicked, first_status, free, images_fit, queued, startable, usable_agent};
use super::{Context, not_allowed, session, task};
use crate::command::RetryFrom;
use crate::ids::prompt_id;
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Files, GoesOn, MessageBody, Row, Session};
use crate::state::State;
use crate::status::Kind;

pub(super) fn retry(state: &State, c: &RetryFrom, cx: Context) -> Result<Vec<Op>, Reject> {
    if state.session(c.id).is_some() {
        return Err(Reject::new(RejectCode::IdTaken, "A session of this id exists already."));
    }
    let old = session(state, c.session)?;
    if c.text.trim().is_empty() && c.images.is_empty() {
        return Err(Reject::new(RejectCode::Invalid, "The message is empty."));
    }
    images_fit(&c.images)?;
    if old.status.is_active() {
        return Err(not_allowed("This session still runs. Stop it first: then it can be gone back."));
    }
    if let Some(message) = c.message {
        let rendered = (1..=old.attempt).any(|attempt| prompt_id(old.id, attempt) == message);
        let sent = || state.message(message).is_some_and(|m| m.session == old.id && is_prompt(&m.body));
        if !rendered && !sent() {
            return Err(Reject::new(RejectCode::NotFound, "This message is none of the session's."));
        }
    } else if c.files == Files::Back {
        return Err(Reject::new(RejectCode::Invalid, "Say before which message the worktree goes back."));
    }
    let task = task(state, old.task)?;
    startable(state, task)?;
    free(state, task, old.kind)?;
    if old.kind == Kind::Implement && old.resolves.is_none() {
        holds_work(task)?;
    }
    let agent = usable_agent(state, &old.agent)?;
    let at = clicked(c.id, cx);
    // Whoever only reads has changed nothing, and others may be at work in the worktree.
    let files = if old.kind.holds_the_worktree() { c.files } else { Files::Stay };
    let row = Session {
        id: c.id,
        ver: 0,
        agent: agent.name.clone(),
        adopted: None,
        origin: Some(GoesOn { session: old.id, message: c.message, files }),
        status: first_status(state, cx),
        attempt: 1,
        created: at,
        since: at,
        not_before: None,
        ended: None,
        ending: None,
        requests: Vec::new(),
        conversation: None,
        spent: None,
        output_end: None,
        activity: None,
        seen: false,
        ..old.clone()
    };
    let body = MessageBody::Prompt { text: c.text.clone(), images: c.images.clone(), steer: false };
    let message = queued(state, c.prompt, &row, body, cx)?;
    Ok(vec![Op::put(Row::Session(row)), message])
}

fn is_prompt(body: &MessageBody) -> bool {
    matches!(body, MessageBody::Prompt { .. })
}
