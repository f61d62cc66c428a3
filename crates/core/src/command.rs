//! Commands: everything that changes the state. On the wire `{name, args}` ([`Command::of_wire`]); unknown names and
//! arguments that do not parse are refused and recorded.

mod landing;
mod review;

pub use landing::{CommitWork, KeepWork, OrderJob, ProposeWork, ResolveFile, UpdateWork};
pub use review::{AddComment, ArchiveTask, EditComment, JudgeWork, OnComment, ResolveComment, SendComments};

use crate::blob::{AttachedImage, StoredImage};
use crate::event::{Activity, Ending, Request};
use crate::ids::{AgentId, MessageId, Mid, Millis, ProjectId, RequestId, SessionId, TaskId};
use crate::row::{
    Agent, Branch, Changed, Commit, Document, Draft, Files, Key, Landing, MessageState, Proposal, Reception, Reverted,
    Setup, Start, TakingBack, Trial, Update,
};
use crate::status::{Kind, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
#[ts(tag = "name", content = "args")]
pub enum Command {
    /// Makes a task of a text: the first line is its title, the rest its description.
    CreateTask(CreateTask),
    /// Gives a task another title (its first heading).
    RenameTask(RenameTask),
    /// Saves a document as edited from a version.
    SaveDocument(SaveDocument),
    /// Settles a conflict by saving `text` over both sides.
    ResolveConflict(SaveDocument),
    /// Moves a task's file into the archive.
    ArchiveTask(ArchiveTask),
    /// Moves a task's file out of the archive.
    RestoreTask(OnTask),
    /// Starts a session on a task.
    StartSession(StartSession),
    /// Ends a session.
    CancelSession(OnSession),
    /// Marks the ending of a session as seen.
    MarkSeen(OnSession),
    /// Removes an ended session's card and output.
    DeleteSession(OnSession),
    /// Goes on from an earlier message of an ended session in a new one.
    RetryFrom(Box<RetryFrom>),
    /// Sends a message; an ended session is resumed by it in a new attempt.
    SendMessage(SendMessage),
    /// Answers a request of an agent.
    AnswerRequest(AnswerRequest),
    /// Ends the turn that runs; the agent stays for the next message.
    InterruptTurn(InterruptTurn),
    /// Chooses among what the agent offers: another mode, model or effort.
    ChooseOffer(ChooseOffer),
    /// Commits work of a task in its worktree.
    CommitWork(CommitWork),
    /// Merges the target branch into the worktree of a task; a session may resolve what conflicts.
    UpdateWork(Box<UpdateWork>),
    /// Takes the worktree back to before the target was merged in.
    UndoUpdate(OnTask),
    /// Resolves the conflict of one file.
    ResolveFile(ResolveFile),
    /// Puts the work of a task into the person's own checkout, to be tried.
    TryWork(OnTask),
    /// Takes it out of there again.
    UntryWork(OnTask),
    /// Puts the work of a task onto its target branch.
    KeepWork(KeepWork),
    /// Pushes the work of a task to the remote repository of its target branch, and asks there for it to be taken.
    ProposeWork(ProposeWork),
    /// Asks what became of that.
    LookAtProposal(OnTask),
    /// Sends what was written there: to a session of the task, or to a new one.
    SendRemarks(Box<SendComments>),
    /// Takes back what was kept last.
    UndoKeep(OnTask),
    /// Takes back what was kept by a commit that undoes it.
    RevertWork(OnTask),
    /// Takes it back in the worktree, as far as that goes; a session may resolve what conflicts. Keeping it then lands it,
    /// and the worktree has the work again.
    TakeBack(Box<UpdateWork>),
    /// Says whether what was kept holds.
    JudgeWork(JudgeWork),
    /// Saves the worktree of a task to a ref and removes it.
    DiscardWork(OnTask),
    /// Makes a discarded worktree again.
    UndoDiscard(OnTask),
    /// Writes a comment on lines that the work changed. It waits until it is sent.
    AddComment(Box<AddComment>),
    /// Gives a comment that was not sent another text.
    EditComment(EditComment),
    /// Marks a comment as settled, or not.
    ResolveComment(ResolveComment),
    /// Removes a comment.
    DropComment(OnComment),
    /// Sends all comments that wait, together: to a session of the task, or to a new one.
    SendComments(Box<SendComments>),
    /// Changes the order of what waits to be put onto a branch.
    OrderJob(OrderJob),
    /// Runs a failed job again.
    RetryJob(OnJob),
    /// Gives a failed job up; what was written stays in the store.
    DropJob(OnJob),
    /// Sets the agent that is taken where none is chosen.
    SetDefaultAgent(SetDefaultAgent),
    /// Adds an agent, or changes one that was added.
    AddAgent(Box<AddAgent>),
    /// Removes an agent that was added.
    RemoveAgent(OnAgent),
    /// Installs what an agent needs below the data directory.
    InstallAgent(OnAgent),
    /// Looks again which agents this machine has.
    LookForAgents(LookForAgents),

    /// Server: a project was opened, or what is known of it changed.
    AttachProject(AttachProject),
    /// Server: which agents there are.
    AgentsFound(AgentsFound),
    /// Server: a task's file was seen with this content.
    ObserveFile(ObserveFile),
    /// Server: a task's file is not there (any more).
    ObserveGone(OnTask),
    /// Server: what a session's host reports.
    ReportSession(ReportSession),
    /// Server: an attempt ended.
    EndSession(EndSession),
    /// Server: a message reached the agent, or did not.
    SettleMessage(SettleMessage),
    /// Server: a job is done.
    JobDone(JobDone),
    /// Server: what a job does that may be stopped.
    JobDoing(JobDoing),
    /// Server: a job failed.
    JobFailed(JobFailed),
    /// Server: the changes of a worktree were counted.
    CountChanges(CountChanges),
    /// Reports which works of a project change the same files.
    TellMeetings(TellMeetings),
    /// Server: a message was written for what is in a worktree.
    DraftMessage(DraftMessage),
    /// Server: settings from the configuration.
    Configure(Configure),
    /// Server: a time has come for which a queued session waited.
    TakePlaces(TakePlaces),
}

/// See [`Command::CreateTask`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct CreateTask {
    pub id: TaskId,
    pub project: ProjectId,
    pub text: String,
}

/// See [`Command::RenameTask`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct RenameTask {
    pub id: TaskId,
    pub title: String,
    /// The document as it is after the change of its heading, and the version that it was made from.
    pub base: Option<Mid>,
    pub text: String,
}

/// See [`Command::SaveDocument`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct SaveDocument {
    pub id: TaskId,
    /// The version that was edited.
    pub base: Option<Mid>,
    pub text: String,
}

/// See [`Command::StartSession`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct StartSession {
    pub id: SessionId,
    pub task: TaskId,
    pub kind: Kind,
    #[serde(default)]
    pub start: Start,
}

/// A command on a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct OnSession {
    pub id: SessionId,
}

/// A command on a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct OnTask {
    pub id: TaskId,
}

/// A command on a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct OnJob {
    pub id: Mid,
}

/// See [`Command::SendMessage`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct SendMessage {
    pub id: MessageId,
    pub session: SessionId,
    pub text: String,
    /// Images with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<AttachedImage>,
    /// For the turn that runs, where the agent can take it then; else it waits for the turn's end.
    #[serde(default)]
    pub steer: bool,
    /// To a session that has ended: the time at which it goes on, when the provider's limit ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
}

/// See [`Command::RetryFrom`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct RetryFrom {
    /// The new session.
    pub id: SessionId,
    /// The message that it begins with.
    pub prompt: MessageId,
    /// The session that it goes on from.
    pub session: SessionId,
    /// The message in whose place it goes on; none goes on behind the last one.
    #[serde(default)]
    pub message: Option<MessageId>,
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<AttachedImage>,
    /// What becomes of the worktree.
    #[serde(default)]
    pub files: Files,
}

/// See [`Command::AnswerRequest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct AnswerRequest {
    pub id: MessageId,
    pub session: SessionId,
    pub request: RequestId,
    pub option: String,
    /// Why not, or an answer of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The tool's input as it was edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "unknown")]
    pub input: Option<Value>,
}

impl SendMessage {
    /// A message of mere text, for the end of the turn.
    pub fn new(id: MessageId, session: SessionId, text: impl Into<String>) -> Self {
        Self { id, session, text: text.into(), images: Vec::new(), steer: false, at: None }
    }
}

impl AnswerRequest {
    /// The choice of an option, with nothing beside it.
    pub fn new(id: MessageId, session: SessionId, request: RequestId, option: impl Into<String>) -> Self {
        Self { id, session, request, option: option.into(), note: None, input: None }
    }
}

/// See [`Command::InterruptTurn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct InterruptTurn {
    pub id: MessageId,
    pub session: SessionId,
}

/// See [`Command::ChooseOffer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ChooseOffer {
    pub id: MessageId,
    pub session: SessionId,
    pub offer: String,
    pub value: String,
}

/// See [`Command::SetDefaultAgent`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct SetDefaultAgent {
    pub agent: Option<String>,
}

/// See [`Command::AddAgent`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct AddAgent {
    /// Small letters, digits and hyphens, a letter first.
    pub name: String,
    /// Its name for people; empty takes `name`.
    #[serde(default)]
    pub title: String,
    pub setup: Setup,
}

/// A command on an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct OnAgent {
    pub name: String,
}

/// See [`Command::LookForAgents`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(type = "object")]
pub struct LookForAgents {}

/// See [`Command::AttachProject`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct AttachProject {
    pub id: ProjectId,
    pub name: String,
    pub path: String,
    pub tasks_dir: String,
    pub branch: Option<String>,
    pub problem: Option<String>,
    pub watched: bool,
    pub demo: bool,
    #[serde(default)]
    pub remote: bool,
    #[serde(default)]
    pub commits: bool,
}

/// See [`Command::AgentsFound`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct AgentsFound {
    pub agents: Vec<Agent>,
    /// The look that this answers, of [`crate::row::Settings::looking`].
    #[serde(default)]
    pub looked: Option<Millis>,
}

/// See [`Command::ObserveFile`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ObserveFile {
    pub id: TaskId,
    pub project: ProjectId,
    pub path: String,
    /// Hash and size of the file; `version` is ignored, the mutation's own id becomes the version.
    pub document: Document,
    /// The text; null where it can't be shown (`problem` says why).
    pub text: Option<String>,
    pub problem: Option<String>,
    pub archived: bool,
}

/// See [`Command::ReportSession`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct ReportSession {
    pub id: SessionId,
    pub attempt: u32,
    pub status: Status,
    pub requests: Vec<Request>,
    pub conversation: Option<String>,
    /// The worktree that was made for it; null leaves the task's as it is.
    pub branch: Option<Branch>,
}

/// See [`Command::EndSession`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct EndSession {
    pub id: SessionId,
    pub attempt: u32,
    pub ending: Ending,
    #[ts(type = "number")]
    pub output_end: u64,
    pub activity: Activity,
    pub conversation: Option<String>,
}

/// See [`Command::SettleMessage`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct SettleMessage {
    pub id: MessageId,
    pub state: MessageState,
}

/// See [`Command::JobDone`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct JobDone {
    pub id: Mid,
    pub done: Done,
}

/// What a job that is done leaves in its task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum Done {
    /// The document stands in the file. `text` is what the file has now: the saved text, or the merge of it with
    /// what someone else had written.
    Wrote {
        /// Path relative to the project.
        path: String,
        /// Hash and size; `version` is the version that is now in the file.
        document: Document,
        /// Null where it is exactly the text that was saved.
        text: Option<String>,
        /// Its title and boxes are taken from the text.
        #[serde(default)]
        conflict: Option<ConflictFound>,
    },
    /// The file lies elsewhere.
    Moved {
        /// Path relative to the project.
        path: String,
    },
    /// The task's file is committed, or was.
    DocumentCommitted,
    /// Work was committed in its worktree.
    Committed {
        /// What was made.
        commit: Commit,
    },
    /// The worktree has what the target has, but for what conflicts.
    Updated {
        /// What was brought in; null where it had all of it.
        update: Option<Update>,
    },
    /// It is as it was before that.
    UpdateUndone,
    /// The worktree stands (again) and has what the target has without the work, but for what conflicts.
    TakingBack {
        /// The way back.
        taking: TakingBack,
    },
    /// The conflict of a file is resolved.
    Resolved,
    /// The work stands in the person's checkout.
    Tried {
        /// What is needed to take it out.
        trial: Trial,
    },
    /// The checkout is as it was.
    Untried,
    /// The work was kept.
    Kept {
        /// What moved.
        landing: Landing,
    },
    /// The work was pushed.
    Proposed {
        /// Where, and what can be done with it there.
        proposal: Box<Proposal>,
        /// The commit that was made for it; null where all of it was in one already.
        commit: Option<Commit>,
    },
    /// It was looked at what became of that.
    ProposalSeen {
        /// What.
        reception: Box<Reception>,
    },
    /// What was kept is taken back.
    Unkept,
    /// What was kept is undone by a commit.
    Reverted {
        /// Which.
        reverted: Reverted,
    },
    /// The worktree was saved and removed.
    Discarded {
        /// The ref that holds it.
        saved: String,
    },
    /// The worktree stands again.
    Restored {
        /// Where.
        branch: Branch,
    },
}

/// The file has lines that the saved text contradicts: it was left as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct ConflictFound {
    /// The text that the file has.
    pub theirs: String,
}

/// See [`Command::JobDoing`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct JobDoing {
    pub id: Mid,
    pub doing: Option<String>,
}

/// See [`Command::JobFailed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct JobFailed {
    pub id: Mid,
    pub reason: String,
    pub files: Vec<String>,
    /// Whether the work and its target changed the same places.
    #[serde(default)]
    pub conflict: bool,
}

/// See [`Command::CountChanges`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct CountChanges {
    pub task: TaskId,
    pub changed: Changed,
}

/// See [`Command::TellMeetings`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct TellMeetings {
    pub project: ProjectId,
    /// All that there are.
    pub pairs: Vec<Pair>,
}

/// Two tasks whose work changes the same files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Pair {
    /// Which.
    pub tasks: [TaskId; 2],
    /// How many files.
    pub files: u32,
    /// In how many of them a merge of both would conflict.
    pub conflicts: u32,
}

/// See [`Command::DraftMessage`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct DraftMessage {
    pub task: TaskId,
    pub draft: Draft,
}

/// See [`Command::Configure`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[expect(missing_docs, reason = "the command's documentation names them")]
pub struct Configure {
    pub max_sessions: u32,
    pub demo: bool,
}

/// See [`Command::TakePlaces`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[ts(type = "object")]
pub struct TakePlaces {}

impl Command {
    /// The command of this name with these arguments.
    pub fn of_wire(name: &str, args: &Value) -> Result<Self, serde_json::Error> {
        let name = Value::from(name);
        serde_json::from_str(&format!("{{{name}:{args}}}"))
    }

    /// Its name and its arguments.
    pub fn to_wire(&self) -> (String, Value) {
        match serde_json::to_value(self) {
            Ok(Value::Object(one)) => one.into_iter().next().unwrap_or_default(),
            _ => Default::default(),
        }
    }

    /// The blobs that it names: they have to be there before it.
    pub fn blobs(&self) -> impl Iterator<Item = &StoredImage> {
        let images = match self {
            Self::SendMessage(c) => c.images.as_slice(),
            Self::RetryFrom(c) => c.images.as_slice(),
            _ => &[],
        };
        images.iter().filter_map(AttachedImage::stored)
    }

    /// Whether only the server may submit it.
    pub fn is_servers(&self) -> bool {
        match self {
            Self::CreateTask(_)
            | Self::RenameTask(_)
            | Self::SaveDocument(_)
            | Self::ResolveConflict(_)
            | Self::ArchiveTask(_)
            | Self::RestoreTask(_)
            | Self::StartSession(_)
            | Self::CancelSession(_)
            | Self::MarkSeen(_)
            | Self::DeleteSession(_)
            | Self::RetryFrom(_)
            | Self::SendMessage(_)
            | Self::AnswerRequest(_)
            | Self::InterruptTurn(_)
            | Self::ChooseOffer(_)
            | Self::CommitWork(_)
            | Self::UpdateWork(_)
            | Self::UndoUpdate(_)
            | Self::ResolveFile(_)
            | Self::TryWork(_)
            | Self::UntryWork(_)
            | Self::KeepWork(_)
            | Self::ProposeWork(_)
            | Self::LookAtProposal(_)
            | Self::SendRemarks(_)
            | Self::UndoKeep(_)
            | Self::RevertWork(_)
            | Self::TakeBack(_)
            | Self::JudgeWork(_)
            | Self::DiscardWork(_)
            | Self::UndoDiscard(_)
            | Self::AddComment(_)
            | Self::EditComment(_)
            | Self::ResolveComment(_)
            | Self::DropComment(_)
            | Self::SendComments(_)
            | Self::OrderJob(_)
            | Self::RetryJob(_)
            | Self::DropJob(_)
            | Self::SetDefaultAgent(_)
            | Self::AddAgent(_)
            | Self::RemoveAgent(_)
            | Self::InstallAgent(_)
            | Self::LookForAgents(_) => false,
            Self::AttachProject(_)
            | Self::AgentsFound(_)
            | Self::ObserveFile(_)
            | Self::ObserveGone(_)
            | Self::ReportSession(_)
            | Self::EndSession(_)
            | Self::SettleMessage(_)
            | Self::JobDone(_)
            | Self::JobDoing(_)
            | Self::JobFailed(_)
            | Self::CountChanges(_)
            | Self::TellMeetings(_)
            | Self::DraftMessage(_)
            | Self::Configure(_)
            | Self::TakePlaces(_) => true,
        }
    }

    /// How old it may be when it is accepted, in milliseconds: whatever starts an agent is too late after 2 min.
    pub fn max_age_ms(&self) -> Option<u64> {
        let starts = matches!(self, Self::StartSession(_) | Self::RetryFrom(_) | Self::SendMessage(_))
            || matches!(self, Self::SendComments(_) | Self::SendRemarks(_))
            || matches!(self, Self::UpdateWork(c) | Self::TakeBack(c) if c.session.is_some());
        starts.then_some(120_000)
    }

    /// The rows that it is about: mutations on the same row are sent one after the other.
    pub fn subjects(&self) -> Vec<Key> {
        match self {
            Self::CreateTask(c) => vec![c.id.into()],
            Self::RenameTask(c) => vec![c.id.into()],
            Self::SaveDocument(c) | Self::ResolveConflict(c) => vec![c.id.into()],
            Self::ArchiveTask(c) => vec![c.id.into()],
            Self::StartSession(c) => vec![c.id.into(), c.task.into()],
            Self::RetryFrom(c) => vec![c.id.into(), c.session.into()],
            Self::CancelSession(c) | Self::MarkSeen(c) | Self::DeleteSession(c) => vec![c.id.into()],
            Self::InterruptTurn(c) => vec![c.session.into()],
            Self::SendMessage(c) => vec![c.session.into()],
            Self::AnswerRequest(c) => vec![c.session.into()],
            Self::ChooseOffer(c) => vec![c.session.into()],
            Self::CommitWork(c) => vec![c.id.into()],
            Self::UpdateWork(c) | Self::TakeBack(c) => {
                std::iter::once(c.id.into()).chain(c.session.map(Key::from)).collect()
            }
            Self::ResolveFile(c) => vec![c.id.into()],
            Self::KeepWork(c) => vec![c.id.into()],
            Self::ProposeWork(c) => vec![c.id.into()],
            Self::JudgeWork(c) => vec![c.id.into()],
            Self::UndoKeep(c)
            | Self::UndoUpdate(c)
            | Self::TryWork(c)
            | Self::UntryWork(c)
            | Self::LookAtProposal(c)
            | Self::RestoreTask(c)
            | Self::RevertWork(c)
            | Self::DiscardWork(c)
            | Self::UndoDiscard(c)
            | Self::ObserveGone(c) => vec![c.id.into()],
            Self::AddComment(c) => vec![c.id.into(), c.task.into()],
            Self::EditComment(c) => vec![c.id.into(), c.task.into()],
            Self::ResolveComment(c) => vec![c.id.into(), c.task.into()],
            Self::DropComment(c) => vec![c.id.into(), c.task.into()],
            Self::SendComments(c) | Self::SendRemarks(c) => vec![c.task.into(), c.session.into()],
            Self::RetryJob(c) | Self::DropJob(c) => vec![c.id.into()],
            Self::OrderJob(c) => vec![c.id.into()],
            Self::ObserveFile(c) => vec![c.id.into()],
            Self::CountChanges(c) => vec![c.task.into()],
            Self::DraftMessage(c) => vec![c.task.into()],
            Self::AddAgent(c) => vec![AgentId::named(&c.name).into()],
            Self::RemoveAgent(c) | Self::InstallAgent(c) => vec![AgentId::named(&c.name).into()],
            Self::SetDefaultAgent(_)
            | Self::LookForAgents(_)
            | Self::AttachProject(_)
            | Self::AgentsFound(_)
            | Self::ReportSession(_)
            | Self::EndSession(_)
            | Self::SettleMessage(_)
            | Self::JobDone(_)
            | Self::JobDoing(_)
            | Self::JobFailed(_)
            | Self::TellMeetings(_)
            | Self::Configure(_)
            | Self::TakePlaces(_) => Vec::new(),
        }
    }
}
