//! `decide`: the one place that says what a command does. The server runs it to decide; the page runs it to
//! predict. Pure: time and ids are arguments; a refusal names what to do.

mod agents;
mod archive;
mod comments;
mod jobs;
mod landing;
mod proposing;
mod retry;
mod sessions;
mod tasks;

#[cfg(test)]
mod tests;

pub use archive::archive_guards;
pub use jobs::theirs_version;
pub use landing::{Lane, comes_first, did_not_come, lane, queue, taken_back};
pub use sessions::{default_agent as default_agent_of, kind_name};
pub use tasks::are_told;

use crate::command::Command;
use crate::ids::{Mid, Millis, ProjectId, SessionId, TaskId};
use crate::op::{Actor, Op, Reject, RejectCode};
use crate::row::{Job, JobState, Project, Row, Session, Settings, Task, Work};
use crate::state::State;

/// What a decision depends on besides state and command.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The mutation.
    pub mid: Mid,
    /// When it is decided (on the page: when it was clicked).
    pub now: Millis,
    /// Who acts.
    pub actor: Actor,
}

/// What a command changes, or why it is refused.
pub fn decide(state: &State, command: &Command, cx: Context) -> Result<Vec<Op>, Reject> {
    if command.is_servers() && cx.actor != Actor::Server {
        return Err(Reject::new(RejectCode::Forbidden, "Only the server itself reports this."));
    }
    match command {
        Command::CreateTask(c) => tasks::create(state, c, cx),
        Command::RenameTask(c) => tasks::rename(state, c, cx),
        Command::SaveDocument(c) => tasks::save(state, c, cx),
        Command::ResolveConflict(c) => tasks::resolve(state, c, cx),
        Command::ArchiveTask(c) => archive::archive(state, c, cx),
        Command::RestoreTask(c) => archive::restore(state, c, cx),
        Command::ObserveFile(c) => tasks::observe(state, c, cx),
        Command::ObserveGone(c) => tasks::gone(state, c),
        Command::CountChanges(c) => tasks::count(state, c),
        Command::TellMeetings(c) => Ok(tasks::meetings(state, c)),
        Command::DraftMessage(c) => landing::draft(state, c),
        Command::StartSession(c) => sessions::start(state, c, cx),
        Command::CancelSession(c) => sessions::cancel(state, c, cx),
        Command::MarkSeen(c) => sessions::seen(state, c),
        Command::DeleteSession(c) => sessions::delete(state, c),
        Command::RetryFrom(c) => retry::retry(state, c, cx),
        Command::SendMessage(c) => sessions::message(state, c, cx),
        Command::AnswerRequest(c) => sessions::answer(state, c, cx),
        Command::InterruptTurn(c) => sessions::interrupt(state, c, cx),
        Command::ChooseOffer(c) => sessions::choose(state, c, cx),
        Command::ReportSession(c) => sessions::report(state, c),
        Command::EndSession(c) => sessions::end(state, c, cx),
        Command::SettleMessage(c) => Ok(sessions::settle(state, c)),
        Command::CommitWork(c) => landing::commit(state, c, cx),
        Command::UpdateWork(c) => landing::update(state, c, cx),
        Command::UndoUpdate(c) => landing::undo_update(state, c, cx),
        Command::ResolveFile(c) => landing::resolve(state, c, cx),
        Command::TryWork(c) => landing::put_in(state, c, cx),
        Command::UntryWork(c) => landing::take_out(state, c, cx),
        Command::KeepWork(c) => landing::keep(state, c, cx),
        Command::ProposeWork(c) => proposing::propose(state, c, cx),
        Command::LookAtProposal(c) => proposing::look(state, c, cx),
        Command::SendRemarks(c) => proposing::send(state, c, cx),
        Command::UndoKeep(c) => jobs::undo_keep(state, c, cx),
        Command::RevertWork(c) => jobs::revert(state, c, cx),
        Command::TakeBack(c) => landing::take_back(state, c, cx),
        Command::JudgeWork(c) => jobs::judge(state, c, cx),
        Command::DiscardWork(c) => jobs::discard(state, c, cx),
        Command::UndoDiscard(c) => jobs::undo_discard(state, c, cx),
        Command::AddComment(c) => comments::add(state, c, cx),
        Command::EditComment(c) => comments::change(state, c),
        Command::ResolveComment(c) => comments::resolve(state, c),
        Command::DropComment(c) => comments::drop(state, c),
        Command::SendComments(c) => comments::send(state, c, cx),
        Command::OrderJob(c) => landing::order(state, c),
        Command::RetryJob(c) => jobs::retry(state, c),
        Command::DropJob(c) => jobs::drop(state, c),
        Command::JobDone(c) => jobs::done(state, c, cx),
        Command::JobDoing(c) => Ok(jobs::doing(state, c)),
        Command::JobFailed(c) => Ok(jobs::failed(state, c)),
        Command::SetDefaultAgent(c) => {
            if let Some(name) = &c.agent {
                sessions::usable_agent(state, name)?;
            }
            Ok(settings(state, |s| s.default_agent.clone_from(&c.agent)))
        }
        Command::Configure(c) => Ok(settings(state, |s| {
            s.max_sessions = c.max_sessions.max(1);
            s.demo = c.demo;
        })),
        Command::TakePlaces(_) => Ok(sessions::take_places(state, None, cx)),
        Command::AttachProject(c) => {
            let row = Row::Project(Project {
                id: c.id,
                ver: 0,
                name: c.name.clone(),
                path: c.path.clone(),
                tasks_dir: c.tasks_dir.clone(),
                branch: c.branch.clone(),
                problem: c.problem.clone(),
                watched: c.watched,
                demo: c.demo,
                remote: c.remote,
                commits: c.commits,
            });
            Ok(put_or_change(state, row))
        }
        Command::AgentsFound(c) => Ok(agents::found(state, c)),
        Command::AddAgent(c) => agents::add(state, c, cx),
        Command::RemoveAgent(c) => agents::remove(state, c),
        Command::InstallAgent(c) => agents::install(state, c),
        Command::LookForAgents(_) => Ok(agents::look(state, cx)),
    }
}

/// Whether `decide` would accept: what enables a button, with the reason where it would not.
pub fn allowed(state: &State, command: &Command, now: Millis) -> Result<(), Reject> {
    decide(state, command, Context { mid: Mid(uuid::Uuid::nil()), now, actor: Actor::Person }).map(|_| ())
}

/// A put where the row is new, else the patch that leads to it, else nothing.
fn put_or_change(state: &State, row: Row) -> Vec<Op> {
    match state.get(row.key()) {
        None => vec![Op::put(row)],
        Some(old) => Op::change(old, &row).into_iter().collect(),
    }
}

fn settings(state: &State, edit: impl FnOnce(&mut Settings)) -> Vec<Op> {
    let mut row = state.settings();
    edit(&mut row);
    put_or_change(state, Row::Settings(row))
}

/// The patch that `edit` makes of a row of a kind.
fn edited<R: Clone>(row: &R, kind: fn(R) -> Row, edit: impl FnOnce(&mut R)) -> Option<Op> {
    let mut next = row.clone();
    edit(&mut next);
    Op::change(&kind(row.clone()), &kind(next))
}

/// The patch that `edit` makes of a task.
fn edit_task(task: &Task, edit: impl FnOnce(&mut Task)) -> Option<Op> {
    edited(task, Row::Task, edit)
}

/// The patch that `edit` makes of a session.
fn edit_session(session: &Session, edit: impl FnOnce(&mut Session)) -> Option<Op> {
    edited(session, Row::Session, edit)
}

fn task(state: &State, id: TaskId) -> Result<&Task, Reject> {
    state.task(id).ok_or_else(|| Reject::new(RejectCode::NotFound, "This task does not exist (any more)."))
}

fn session(state: &State, id: SessionId) -> Result<&Session, Reject> {
    state.session(id).ok_or_else(|| Reject::new(RejectCode::NotFound, "This session does not exist (any more)."))
}

fn project(state: &State, id: ProjectId) -> Result<&Project, Reject> {
    state.project(id).ok_or_else(|| Reject::new(RejectCode::NotFound, "This project is not open."))
}

fn not_allowed(message: impl Into<String>) -> Reject {
    Reject::new(RejectCode::NotAllowed, message)
}

/// The op that asks for a job.
fn job(cx: Context, task: TaskId, work: Work) -> Op {
    Op::put(Row::Job(Job {
        id: cx.mid,
        ver: 0,
        task,
        at: cx.now,
        work,
        state: JobState::Pending,
        rank: 0,
        doing: None,
    }))
}
