//! Commands on sessions: start, cancel, messages, and what hosts report.

use super::landing::holds_work;
use super::{Context, agents, edit_session, edit_task, not_allowed, project, session, task};
use crate::blob::{self, AttachedImage};
use crate::command::{
    AnswerRequest, ChooseOffer, EndSession, InterruptTurn, OnSession, ReportSession, SendMessage, SettleMessage,
    StartSession,
};
use crate::event::{Ending, Request};
use crate::ids::{AgentId, MessageId, Millis, SessionId, v7_time};
use crate::op::{Op, Reject, RejectCode};
use crate::row::{Adopted, Agent, JobState, Message, MessageBody, MessageState, Row, Session, Task};
use crate::state::State;
use crate::status::{Kind, Status};

/// How far back the time in a session's id is believed, in milliseconds: as long as a start may be on its way.
const BELIEVED: u64 = 120_000;
/// How far ahead a session may be told to go on, in milliseconds: the longest limits of providers are a week.
const LATEST: u64 = 8 * 24 * 3_600_000;

pub(super) fn start(state: &State, c: &StartSession, cx: Context) -> Result<Vec<Op>, Reject> {
    if matches!(c.kind, Kind::Implement | Kind::Plan) {
        holds_work(task(state, c.task)?)?;
    }
    Ok(vec![Op::put(Row::Session(begun(state, c, cx)?))])
}

/// Starts one that resolves what conflicts when `target` is merged in.
pub(super) fn start_to_resolve(state: &State, c: &StartSession, target: &str, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = Session { resolves: Some(target.to_owned()), ..begun(state, c, cx)? };
    Ok(vec![Op::put(Row::Session(row))])
}

fn begun(state: &State, c: &StartSession, cx: Context) -> Result<Session, Reject> {
    if state.session(c.id).is_some() {
        return Err(Reject::new(RejectCode::IdTaken, "A session of this id exists already."));
    }
    let task = task(state, c.task)?;
    startable(state, task)?;
    free(state, task, c.kind)?;
    if c.kind == Kind::Verify && task.standing().is_none() {
        return Err(not_allowed("There is nothing to verify yet: implement it first."));
    }
    let agent = choose_agent(state, c.start.agent.as_deref())?;
    if let Some(adopted) = &c.start.adopted {
        adoptable(adopted)?;
    }
    let clicked = clicked(c.id, cx);
    Ok(Session {
        id: c.id,
        ver: 0,
        project: task.project,
        task: c.task,
        kind: c.kind,
        agent: agent.name.clone(),
        model: c.start.model.clone(),
        instructions: c.start.instructions.clone(),
        adopted: c.start.adopted.clone(),
        resolves: None,
        origin: None,
        permission: c.start.permission.unwrap_or_default(),
        status: first_status(state, cx),
        attempt: 1,
        created: clicked,
        since: clicked,
        not_before: None,
        ended: None,
        ending: None,
        requests: Vec::new(),
        conversation: None,
        spent: None,
        output_end: None,
        activity: None,
        seen: false,
    })
}

/// Refuses what can be no conversation: its id becomes an argument of a program.
fn adoptable(adopted: &Adopted) -> Result<(), Reject> {
    let letters = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let id = adopted.conversation.as_str();
    if id.is_empty() || id.len() > 100 || id.starts_with('-') || !letters(id) {
        return Err(Reject::new(RejectCode::Invalid, "This is not the id of a conversation."));
    }
    Ok(())
}

pub(super) fn cancel(state: &State, c: &OnSession, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.id)?;
    Ok(match row.status {
        Status::Queued => {
            let mut ops = close(state, row, &Ending::Cancelled, cx);
            ops.extend(edit_session(row, |s| {
                s.status = Status::Cancelled;
                s.ended = Some(cx.now);
                s.ending = Some(Ending::Cancelled);
                s.seen = true;
            }));
            ops
        }
        Status::Cancelling | Status::Completed | Status::Failed | Status::Cancelled | Status::Interrupted => Vec::new(),
        Status::Starting
        | Status::Running
        | Status::NeedsApproval
        | Status::NeedsAnswer
        | Status::Paused
        | Status::Waiting => edit_session(row, |s| {
            s.status = Status::Cancelling;
            s.requests.clear();
        })
        .into_iter()
        .collect(),
    })
}

pub(super) fn seen(state: &State, c: &OnSession) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.id)?;
    Ok(edit_session(row, |s| s.seen |= s.status.is_ended()).into_iter().collect())
}

pub(super) fn delete(state: &State, c: &OnSession) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.id)?;
    if row.status.is_active() {
        return Err(not_allowed("This session still runs. Cancel it first."));
    }
    Ok(state.messages_of(c.id).map(|m| Op::delete(m.id)).chain([Op::delete(c.id)]).collect())
}

pub(super) fn message(state: &State, c: &SendMessage, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.session)?;
    if c.text.trim().is_empty() && c.images.is_empty() {
        return Err(Reject::new(RejectCode::Invalid, "The message is empty."));
    }
    images_fit(&c.images)?;
    if row.status == Status::Cancelling {
        return Err(not_allowed("This session is being cancelled. Send it once that is done: it is resumed then."));
    }
    if c.at.is_some() && row.status.is_active() {
        return Err(not_allowed("This session runs or waits already: a message to it needs no time."));
    }
    if c.at.is_some_and(|at| at.since(cx.now) > LATEST) {
        return Err(Reject::new(RejectCode::Invalid, "The time is more than eight days ahead."));
    }
    let body = MessageBody::Prompt { text: c.text.clone(), images: c.images.clone(), steer: c.steer };
    let mut ops = vec![queued(state, c.id, row, body, cx)?];
    if row.status.is_ended() {
        let task = task(state, row.task)?;
        startable(state, task)?;
        free(state, task, row.kind)?;
        usable_agent(state, &row.agent)?;
        let later = c.at.filter(|at| *at > cx.now);
        let status = if later.is_some() { Status::Queued } else { first_status(state, cx) };
        ops.extend(edit_session(row, |s| {
            next_attempt(s, status, cx);
            s.not_before = later;
        }));
    }
    Ok(ops)
}

pub(super) fn images_fit(images: &[AttachedImage]) -> Result<(), Reject> {
    let too_large = |message: String| Err(Reject::new(RejectCode::TooLarge, message));
    if images.len() > blob::MOST_IMAGES {
        return too_large(format!(
            "A message carries {} images at most; this one has {}.",
            blob::MOST_IMAGES,
            images.len()
        ));
    }
    if images.iter().map(AttachedImage::size).fold(0, u64::saturating_add) > blob::LARGEST_TOGETHER {
        let most = blob::LARGEST_TOGETHER / (1024 * 1024);
        return too_large(format!("The images of a message may have {most} MB together. Send some with the next one."));
    }
    Ok(())
}

pub(super) fn answer(state: &State, c: &AnswerRequest, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.session)?;
    let Some(request) = row.requests.iter().find(|r| r.id == c.request) else {
        return Err(not_allowed("This was answered already, or the agent no longer asks it."));
    };
    if !request.options.iter().any(|o| o.id == c.option) {
        return Err(Reject::new(RejectCode::Invalid, "This is none of the options that the agent offers."));
    }
    if c.note.is_some() && !request.takes_note {
        return Err(Reject::new(
            RejectCode::Invalid,
            "This agent takes no words beside the answer. Send them as a message.",
        ));
    }
    if c.input.is_some() && request.input.is_none() {
        return Err(Reject::new(RejectCode::Invalid, "This agent takes no edited input."));
    }
    let (option, note, input) = (c.option.clone(), c.note.clone(), c.input.clone());
    let message = queued(state, c.id, row, MessageBody::Answer { request: c.request, option, note, input }, cx)?;
    let change = edit_session(row, |s| {
        s.requests.retain(|r| r.id != c.request);
        s.status = asking(&s.requests);
    });
    Ok([message].into_iter().chain(change).collect())
}

pub(super) fn interrupt(state: &State, c: &InterruptTurn, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.session)?;
    if !matches!(row.status, Status::Running | Status::NeedsApproval | Status::NeedsAnswer) {
        return Err(not_allowed("No turn runs that could be interrupted."));
    }
    let message = queued(state, c.id, row, MessageBody::Interrupt, cx)?;
    // What it asks is withdrawn with the turn.
    let change = edit_session(row, |s| {
        s.requests.clear();
        s.status = Status::Running;
    });
    Ok([message].into_iter().chain(change).collect())
}

pub(super) fn choose(state: &State, c: &ChooseOffer, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.session)?;
    if !row.status.is_active() || row.status == Status::Cancelling {
        return Err(not_allowed("This can be chosen while the agent runs."));
    }
    let body = MessageBody::Choose { offer: c.offer.clone(), value: c.value.clone() };
    Ok(vec![queued(state, c.id, row, body, cx)?])
}

/// A message that waits for the session's host.
pub(super) fn queued(
    state: &State,
    id: MessageId,
    row: &Session,
    body: MessageBody,
    cx: Context,
) -> Result<Op, Reject> {
    if state.message(id).is_some() {
        return Err(Reject::new(RejectCode::IdTaken, "A message of this id exists already."));
    }
    let message = Message { id, ver: 0, session: row.id, at: cx.now, body, state: MessageState::Queued };
    Ok(Op::put(Row::Message(message)))
}

pub(super) fn report(state: &State, c: &ReportSession) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.id)?;
    if row.attempt != c.attempt || row.status.is_ended() {
        return Ok(Vec::new());
    }
    let answered = |request: &Request| {
        state.messages_of(c.id).any(|m| matches!(&m.body, MessageBody::Answer { request: r, .. } if *r == request.id))
    };
    // What is asked in a turn that a person has just ended is withdrawn with it.
    let interrupted =
        state.messages_of(c.id).any(|m| m.body == MessageBody::Interrupt && m.state == MessageState::Queued);
    let open = |request: &&Request| !interrupted && !answered(request);
    let requests: Vec<Request> = c.requests.iter().filter(open).cloned().collect();
    let status = match c.status {
        Status::NeedsApproval | Status::NeedsAnswer => asking(&requests),
        other => other,
    };
    let mut ops: Vec<Op> = edit_session(row, |s| {
        if s.status.may_become(status) && !status.is_ended() {
            s.status = status;
            s.requests = requests;
        }
        if c.conversation.is_some() {
            s.conversation.clone_from(&c.conversation);
        }
    })
    .into_iter()
    .collect();
    if let (Some(branch), Some(task)) = (&c.branch, state.task(row.task)) {
        ops.extend(edit_task(task, |t| t.branch = Some(branch.clone())));
    }
    Ok(ops)
}

pub(super) fn end(state: &State, c: &EndSession, cx: Context) -> Result<Vec<Op>, Reject> {
    let row = session(state, c.id)?;
    if row.attempt != c.attempt || row.status.is_ended() {
        return Ok(Vec::new());
    }
    // Whatever a cancelled session's processes did at the end, it ended because a person said so.
    let ending = if row.status == Status::Cancelling { Ending::Cancelled } else { c.ending.clone() };
    let unheard = state.messages_of(c.id).any(is_queued_prompt);
    // A turn that was interrupted ends cancelled, for the sake of the message that follows.
    let over = matches!(c.ending, Ending::Completed | Ending::Cancelled) && row.status != Status::Cancelling;
    let goes_on = over && unheard;
    let mut ops: Vec<Op> = edit_session(row, |s| {
        s.requests.clear();
        s.output_end = Some(c.output_end);
        s.activity = Some(c.activity.clone());
        s.spent = c.activity.usage.conversation_usd.or(s.spent);
        if c.conversation.is_some() {
            s.conversation.clone_from(&c.conversation);
        }
        if goes_on {
            next_attempt(s, Status::Starting, cx);
        } else {
            s.status = match &ending {
                Ending::Completed => Status::Completed,
                Ending::Failed { .. } => Status::Failed,
                Ending::Cancelled => Status::Cancelled,
                Ending::Interrupted { .. } => Status::Interrupted,
            };
            s.ended = Some(cx.now);
            s.seen = ending == Ending::Cancelled;
            s.ending = Some(ending.clone());
        }
    })
    .into_iter()
    .collect();
    if !goes_on {
        ops.extend(close(state, row, &ending, cx));
    }
    if ending == Ending::Completed {
        ops.extend(agents::proved(state, &row.agent));
    }
    Ok(ops)
}

pub(super) fn settle(state: &State, c: &SettleMessage) -> Vec<Op> {
    let Some(row) = state.message(c.id) else {
        return Vec::new();
    };
    if row.state == MessageState::Delivered {
        return Vec::new();
    }
    let next = Message { state: c.state.clone(), ..row.clone() };
    Op::change(&Row::Message(row.clone()), &Row::Message(next)).into_iter().collect()
}

/// What the end of a session means for others: its unheard messages failed, a queued session takes its place.
fn close(state: &State, row: &Session, ending: &Ending, cx: Context) -> Vec<Op> {
    let why = match ending {
        Ending::Completed | Ending::Cancelled => "The session ended before this reached the agent.",
        Ending::Failed { .. } | Ending::Interrupted { .. } => "The agent stopped before this reached it.",
    };
    let mut ops: Vec<Op> = state
        .messages_of(row.id)
        .filter(|m| m.state == MessageState::Queued)
        .filter_map(|m| {
            let next = Message { state: MessageState::Failed { reason: why.to_owned() }, ..m.clone() };
            Op::change(&Row::Message(m.clone()), &Row::Message(next))
        })
        .collect();
    ops.extend(take_places(state, Some(row.id), cx));
    ops
}

/// Starts the sessions of the queue for which there is room, now that `gone` takes none.
pub(super) fn take_places(state: &State, gone: Option<SessionId>, cx: Context) -> Vec<Op> {
    let others = || state.active_sessions().filter(|s| Some(s.id) != gone);
    let busy = others().filter(|s| s.status.takes_a_place()).count();
    let room = (state.settings().max_sessions as usize).saturating_sub(busy);
    let mut queue: Vec<&Session> = others().filter(|s| s.status == Status::Queued && is_time(s, cx)).collect();
    queue.sort_by_key(|s| (s.since, s.id));
    let moved = queue.into_iter().enumerate().filter_map(|(place, s)| {
        edit_session(s, |s| {
            s.not_before = None;
            if place < room {
                s.status = Status::Starting;
                s.since = cx.now;
            }
        })
    });
    moved.collect()
}

/// Whether a queued session waits for nothing but a place.
fn is_time(row: &Session, cx: Context) -> bool {
    row.not_before.is_none_or(|at| at <= cx.now)
}

/// When a start was clicked: its id says so, and a card that was shown at the click goes on counting from there. A clock
/// that contradicts the decider's is not believed.
pub(super) fn clicked(id: SessionId, cx: Context) -> Millis {
    v7_time(id.0).filter(|at| *at <= cx.now && cx.now.since(*at) < BELIEVED).unwrap_or(cx.now)
}

fn is_queued_prompt(m: &Message) -> bool {
    m.state == MessageState::Queued && matches!(m.body, MessageBody::Prompt { .. })
}

fn next_attempt(s: &mut Session, status: Status, cx: Context) {
    s.attempt += 1;
    s.status = status;
    s.since = cx.now;
    s.not_before = None;
    s.ended = None;
    s.ending = None;
    s.output_end = None;
    s.activity = None;
    s.requests.clear();
    s.seen = false;
}

fn asking(requests: &[Request]) -> Status {
    match requests.first() {
        None => Status::Running,
        Some(r) if r.question => Status::NeedsAnswer,
        Some(_) => Status::NeedsApproval,
    }
}

pub(super) fn first_status(state: &State, cx: Context) -> Status {
    let waits = |s: &Session| s.status == Status::Queued && is_time(s, cx);
    let taken = state.active_sessions().filter(|s| s.status.takes_a_place() || waits(s)).count();
    if taken < state.settings().max_sessions as usize { Status::Starting } else { Status::Queued }
}

/// Refuses where the task can't have sessions now.
pub(super) fn startable(state: &State, task: &Task) -> Result<(), Reject> {
    let project = project(state, task.project)?;
    if let Some(problem) = &project.problem {
        return Err(not_allowed(problem.clone()));
    }
    if let Some(problem) = &task.problem {
        return Err(not_allowed(format!("This task's document can't be given to an agent: {problem}")));
    }
    if task.archived {
        return Err(not_allowed("This task is archived. Restore it first."));
    }
    if !task.on_branch {
        return Err(not_allowed("This task's file is not on the branch that is checked out."));
    }
    let git = state.jobs_of(task.id).any(|j| j.state == JobState::Pending && j.work.moves_work());
    if git {
        return Err(not_allowed("This task's work is being moved. Wait until that is done."));
    }
    Ok(())
}

/// Refuses where another session writes into the task's worktree.
pub(super) fn free(state: &State, task: &Task, kind: Kind) -> Result<(), Reject> {
    let busy = state.sessions_of(task.id).find(|s| s.status.is_active() && s.kind.holds_the_worktree());
    match busy {
        Some(other) if kind.holds_the_worktree() => {
            let message =
                format!("{} runs on this task already. One at a time writes into its worktree.", kind_name(other.kind));
            Err(Reject::new(RejectCode::TaskBusy, message))
        }
        _ => Ok(()),
    }
}

/// The agent of this name, where it can be started.
pub(super) fn usable_agent<'a>(state: &'a State, name: &str) -> Result<&'a Agent, Reject> {
    let missing = |message: String| Reject::new(RejectCode::AgentMissing, message);
    let Some(agent) = state.agent(AgentId::named(name)) else {
        return Err(missing(format!("There is no agent called {name}. Settings lists those there are.")));
    };
    if agent.found {
        return Ok(agent);
    }
    let mend = agent.mend.as_deref().unwrap_or("Install it, then look again in Settings.");
    Err(missing(format!("{} was not found on this machine. {mend}", agent.title)))
}

fn choose_agent<'a>(state: &'a State, name: Option<&str>) -> Result<&'a Agent, Reject> {
    if let Some(name) = name {
        return usable_agent(state, name);
    }
    default_agent(state).ok_or_else(|| {
        Reject::new(RejectCode::AgentMissing, "No agent was found on this machine. Settings says how to install one.")
    })
}

/// The agent that is taken where none is chosen: the set one, else the first usable, a scripted one last.
pub fn default_agent(state: &State) -> Option<&Agent> {
    let set = state.settings().default_agent.and_then(|name| state.agent(AgentId::named(&name))).filter(|a| a.found);
    set.or_else(|| {
        let mut all = state.agents();
        all.retain(|a| a.found);
        all.sort_by_key(|a| (a.scripted, a.logged_in == Some(false)));
        all.first().copied()
    })
}

/// The word for a kind in sentences.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Plan => "Plan",
        Kind::Debug => "Debug",
        Kind::Implement => "Implement",
        Kind::Verify => "Verify",
        Kind::Review => "Review",
        Kind::Rewrite => "Rewrite",
        Kind::Comment => "Comment",
        Kind::Synthesise => "Synthesise",
        Kind::Debate => "Debate",
        Kind::Chat => "Chat",
        Kind::CommitMessage => "Commit message",
    }
}
