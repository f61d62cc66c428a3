//! What is derived from the rows, in one place: phase, attention, which actions are allowed and why not. Page, CLI,
//! notifications and API read the same.

use crate::command::{
    ArchiveTask, Command, CommitWork, KeepWork, OnSession, OnTask, ProposeWork, SaveDocument, StartSession, UpdateWork,
};
use crate::decide::{allowed, default_agent_of};
use crate::ids::{Millis, SessionId};
use crate::row::{Agent, Fate, Landing, Proposal, Session, Start, Task, Verdict};
use crate::state::State;
use crate::status::{Kind, Status};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

pub use crate::decide::kind_name;

/// Where a task stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Phase {
    Draft,
    Running,
    Review,
    Kept,
    Merged,
    QaPassed,
    QaFailed,
    Done,
    Archived,
    NotOnBranch,
}

/// What a task wants of a person, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Attention {
    NeedsAnswer,
    NeedsApproval,
    Failed,
    ReviewReady,
    Conflicted,
    Running,
    Idle,
}

/// An action of a task or a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Action {
    /// Name of the action.
    pub name: &'static str,
    /// The word on its button.
    pub label: &'static str,
    /// Whether it may be done now.
    pub enabled: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl Action {
    fn of(state: &State, name: &'static str, label: &'static str, command: &Command) -> Self {
        let reason = allowed(state, command, Millis(0)).err().map(|reject| reject.message);
        Self { name, label, enabled: reason.is_none(), reason }
    }
}

/// The command that starts a session of `kind` on `task` with the defaults. Its id is minted by who sends it.
fn start(task: &Task, kind: Kind) -> Command {
    Command::StartSession(StartSession { id: SessionId(Uuid::nil()), task: task.id, kind, start: Start::default() })
}

/// The command that merges the target in; a session resolves what conflicts.
fn update(task: &Task, session: Option<SessionId>) -> Command {
    Command::UpdateWork(Box::new(UpdateWork { id: task.id, session, start: Start::default() }))
}

/// The command that takes it back in the worktree; a session resolves what conflicts.
fn take_back(task: &Task, session: Option<SessionId>) -> Command {
    Command::TakeBack(Box::new(UpdateWork { id: task.id, session, start: Start::default() }))
}

fn propose(task: &Task) -> Command {
    Command::ProposeWork(ProposeWork { id: task.id, message: String::new() })
}

/// The actions of a task.
pub fn task_actions(state: &State, task: &Task) -> Vec<Action> {
    let on = || OnTask { id: task.id };
    let save = SaveDocument { id: task.id, base: task.document.version, text: String::new() };
    vec![
        Action::of(state, "implement", "Implement", &start(task, Kind::Implement)),
        Action::of(state, "plan", "Plan", &start(task, Kind::Plan)),
        Action::of(state, "verify", "Verify", &start(task, Kind::Verify)),
        Action::of(state, "rewrite", "Rewrite", &start(task, Kind::Rewrite)),
        Action::of(state, "keep", "Keep", &Command::KeepWork(KeepWork::squash(task.id, ""))),
        Action::of(
            state,
            "commit",
            "Commit",
            &Command::CommitWork(CommitWork { id: task.id, message: String::new(), files: None, hunks: Vec::new() }),
        ),
        Action::of(state, "update", "Update", &update(task, None)),
        Action::of(state, "resolve", "Ask an agent", &update(task, Some(SessionId(Uuid::nil())))),
        Action::of(state, "undo_update", "Undo", &Command::UndoUpdate(on())),
        Action::of(state, "try", "Test here", &Command::TryWork(on())),
        Action::of(state, "untry", "Put back", &Command::UntryWork(on())),
        Action::of(state, "propose", "Pull request", &propose(task)),
        Action::of(state, "look_at_proposal", "Refresh", &Command::LookAtProposal(on())),
        Action::of(state, "undo_keep", "Undo", &Command::UndoKeep(on())),
        Action::of(state, "revert", "Revert", &Command::RevertWork(on())),
        Action::of(state, "take_back", "By hand", &take_back(task, None)),
        Action::of(state, "take_back_by_agent", "Ask an agent", &take_back(task, Some(SessionId(Uuid::nil())))),
        Action::of(state, "discard", "Discard", &Command::DiscardWork(on())),
        Action::of(state, "undo_discard", "Undo", &Command::UndoDiscard(on())),
        Action::of(state, "archive", "Archive", &Command::ArchiveTask(ArchiveTask { id: task.id, anyway: true })),
        Action::of(state, "restore", "Restore", &Command::RestoreTask(on())),
        Action::of(state, "edit", "Edit", &Command::SaveDocument(save)),
    ]
}

/// The actions of a session.
pub fn session_actions(state: &State, session: &Session) -> Vec<Action> {
    let on = OnSession { id: session.id };
    let mut actions = Vec::new();
    if session.status.is_active() {
        let cancelling = session.status == Status::Cancelling;
        let reason = cancelling.then(|| "It is being cancelled.".to_owned());
        actions.push(Action { name: "cancel", label: "Cancel", enabled: !cancelling, reason });
    } else {
        if let Some(task) = state.task(session.task) {
            let again = match session.resolves {
                Some(_) => update(task, Some(SessionId(Uuid::nil()))),
                None => start(task, session.kind),
            };
            actions.push(Action::of(state, "retry", "Retry", &again));
        }
        actions.push(Action::of(state, "delete", "Dismiss", &Command::DeleteSession(on)));
    }
    actions
}

/// What the play button of a task does: implement, else verify when all its boxes are ticked.
pub fn next_step(state: &State, task: &Task) -> (Kind, Action) {
    let all_done = task.progress.total > 0 && task.progress.done == task.progress.total;
    if all_done {
        let verify = Action::of(state, "verify", "Verify", &start(task, Kind::Verify));
        if verify.enabled {
            return (Kind::Verify, verify);
        }
    }
    (Kind::Implement, Action::of(state, "implement", "Implement", &start(task, Kind::Implement)))
}

/// The phase of a task.
pub fn phase(state: &State, task: &Task) -> Phase {
    if task.archived {
        Phase::Archived
    } else if !task.on_branch {
        Phase::NotOnBranch
    } else if state.sessions_of(task.id).any(|s| s.status.is_active()) {
        Phase::Running
    } else if review_ready(state, task) {
        Phase::Review
    } else if let Some(landing) = task.landed() {
        match landing.qa.verdict {
            Verdict::Pending => Phase::Kept,
            Verdict::Passed => Phase::QaPassed,
            Verdict::Failed => Phase::QaFailed,
        }
    } else if let Some(proposal) = merged(task) {
        match proposal.qa.verdict {
            Verdict::Pending => Phase::Merged,
            Verdict::Passed => Phase::QaPassed,
            Verdict::Failed => Phase::QaFailed,
        }
    } else if task.progress.total > 0 && task.progress.done == task.progress.total {
        Phase::Done
    } else {
        Phase::Draft
    }
}

/// What a task wants of a person.
pub fn attention(state: &State, task: &Task) -> Attention {
    let mut most = Attention::Idle;
    let mut failed = false;
    for session in state.sessions_of(task.id) {
        let now = match session.status {
            // Whoever is paused asks whether it shall go on.
            Status::NeedsAnswer | Status::Paused => Attention::NeedsAnswer,
            Status::NeedsApproval => Attention::NeedsApproval,
            Status::Queued | Status::Starting | Status::Running | Status::Waiting | Status::Cancelling => {
                Attention::Running
            }
            Status::Failed | Status::Interrupted => {
                failed = !session.seen;
                continue;
            }
            Status::Completed => {
                failed = false;
                continue;
            }
            Status::Cancelled => continue,
        };
        most = most.min(now);
    }
    if failed || state.jobs_of(task.id).any(|j| matches!(j.state, crate::row::JobState::Failed { .. })) {
        most = most.min(Attention::Failed);
    }
    if most > Attention::ReviewReady && most != Attention::Running && review_ready(state, task) {
        most = Attention::ReviewReady;
    }
    if task.conflict.is_some() || in_conflict(task) {
        most = most.min(Attention::Conflicted);
    }
    most
}

/// Whether the task's worktree has changes that were not kept since they were made.
pub(crate) fn review_ready(state: &State, task: &Task) -> bool {
    let Some(branch) = task.standing() else {
        return false;
    };
    let last = state.sessions_of(task.id).filter(|s| s.kind.holds_the_worktree()).filter_map(|s| s.ended).max();
    if in_conflict(task) || merged(task).is_some() {
        return false;
    }
    let newer = |landing: &Landing| {
        task.taking_back().is_some() || landing.reverted.is_some() || last.is_some_and(|ended| ended > landing.at)
    };
    let newer = task.landing.as_ref().is_none_or(newer);
    newer && branch.changed.as_ref().is_some_and(|changed| changed.files > 0)
}

/// The pull request that brought all of its work to where it belongs. It says nothing of the branch of the same name here.
pub fn merged(task: &Task) -> Option<&Proposal> {
    let proposal = task.proposal.as_deref()?;
    let changed = task.standing().and_then(|branch| branch.changed.as_ref());
    let newer = changed.is_some_and(|now| now.files > 0 && proposal.tree.as_ref() != Some(&now.tree));
    let fate = proposal.reception.as_ref().map(|reception| reception.fate);
    (fate == Some(Fate::Merged) && !newer).then_some(proposal)
}

/// Whether files of its worktree have conflicts that nobody has resolved.
pub fn in_conflict(task: &Task) -> bool {
    let changed = task.standing().and_then(|branch| branch.changed.as_ref());
    changed.is_some_and(|changed| !changed.conflicts.is_empty())
}

/// The agent that is taken where none is chosen.
pub fn default_agent(state: &State) -> Option<&Agent> {
    default_agent_of(state)
}

/// The second line of a card: what it does, else what it waits for, else why it ended.
pub fn card_line(session: &Session, live: Option<&str>) -> String {
    use crate::event::Ending;
    if let Some(request) = session.requests.first() {
        return request.title.clone();
    }
    match (&session.ending, session.status) {
        (Some(Ending::Failed { reason, .. }), _) => return reason.clone(),
        (Some(Ending::Interrupted { why }), _) => return why.clone(),
        (_, Status::Queued) if session.not_before.is_some() => {
            return "Waits for the end of the provider's limit.".to_owned();
        }
        (_, Status::Queued) => return "Waits for a free place.".to_owned(),
        (_, Status::Cancelling) => return "Stopping its processes…".to_owned(),
        _ => {}
    }
    let last = session.activity.as_ref().map(|a| a.line.as_str()).filter(|l| !l.is_empty());
    if let Some(line) = live.filter(|l| !l.is_empty()).or(last) {
        return line.to_owned();
    }
    if session.resolves.is_some() {
        return "Resolving conflicts…".to_owned();
    }
    match session.kind {
        Kind::Plan => "Planning…",
        Kind::Debug => "Debugging…",
        Kind::Implement => "Implementing…",
        Kind::Verify => "Verifying…",
        Kind::Review => "Reviewing…",
        Kind::Rewrite => "Rewriting…",
        Kind::Comment => "Working on the comments…",
        Kind::Synthesise => "Putting the results together…",
        Kind::Debate => "Debating…",
        Kind::Chat => "Answering…",
        Kind::CommitMessage => "Writing the commit message…",
    }
    .to_owned()
}

/// The word for a status.
pub fn status_word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Starting => "starting",
        Status::Running => "running",
        Status::NeedsApproval => "needs approval",
        Status::NeedsAnswer => "needs an answer",
        Status::Paused => "paused",
        Status::Waiting => "waiting for quota",
        Status::Cancelling => "cancelling",
        Status::Completed => "done",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Interrupted => "interrupted",
    }
}
