//! What the page draws, as JSON-ready values derived from the visible rows. No other code decides what a card or a
//! line says, but for how long ago something was: a page counts that by its own clock.

use crate::client::{Client, Connection};
use crate::list::{Lines, Query, touched};
use crate::send::SLOW;
use qd_core::decide::{archive_guards, kind_name, lane, queue};
use qd_core::derive::{self, Action, Attention, Phase};
use qd_core::event::Activity;
use qd_core::ids::{AgentId, Mid, Millis, SessionId, TaskId};
use qd_core::row::{
    Agent, Comment, Job, JobState, Meets, Message, Progress, Project, Row, RowKind, Session, Settings, Task,
};
use qd_core::status::{Kind, Status};
use serde::Serialize;
use ts_rs::TS;

/// A line of the task list.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, clippy::struct_excessive_bools, reason = "the names are the documentation")]
pub struct TaskLine {
    pub id: TaskId,
    pub title: String,
    pub progress: Progress,
    pub attention: Attention,
    pub running: bool,
    pub archived: bool,
    pub on_branch: bool,
    pub problem: Option<String>,
    /// When anything last happened in it.
    pub updated: Millis,
    /// Whether the server has not confirmed what is shown.
    pub pending: bool,
    /// What the play button does.
    pub play: Play,
    /// Other work that changes the same files; null where none does.
    pub meets: Option<MeetsLine>,
}

/// Other work that changes the same files.
#[derive(Clone, Debug, Serialize, TS)]
pub struct MeetsLine {
    /// Whether a merge of both would conflict.
    pub conflicts: bool,
    /// The titles of those tasks; where some would conflict, of these.
    pub titles: Vec<String>,
}

/// What a play button does.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Play {
    pub kind: Kind,
    pub label: &'static str,
    pub enabled: bool,
    pub reason: Option<String>,
}

/// A task's page.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct TaskView<'a> {
    pub row: &'a Task,
    pub project: Option<&'a Project>,
    pub phase: Phase,
    pub attention: Attention,
    pub pending: bool,
    pub jobs: Vec<&'a Job>,
    /// What is put onto the branch that a job of it is to move, in its order; empty where it has none.
    pub queue: Vec<Waiting<'a>>,
    pub actions: Vec<Action>,
    /// What would be put away with it, and can be.
    pub archive_guards: Vec<String>,
    pub play: Play,
}

/// A job in the queue of a branch.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Waiting<'a> {
    pub job: Mid,
    pub task: TaskId,
    pub title: &'a str,
    /// Whether its work and that of the task would conflict.
    pub conflicts: bool,
}

/// A comment on the work of a task.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct CommentView<'a> {
    pub row: &'a Comment,
    pub pending: bool,
}

/// The session ids of a task in the order of their cards.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct SessionList {
    pub active: Vec<SessionId>,
    pub ended: Vec<SessionId>,
}

/// A session's card and page.
#[derive(Clone, Debug, Serialize, TS)]
pub struct SessionView<'a> {
    /// The row.
    pub row: &'a Session,
    /// The agent's name for people.
    pub agent_title: &'a str,
    /// Whether the agent is scripted and uses no model.
    pub scripted: bool,
    /// The kind, as on its badge.
    pub kind_title: &'static str,
    /// Whether the server has confirmed what is shown.
    pub confirmed: bool,
    /// The word for its status; an unconfirmed one says how its sending stands.
    pub word: &'static str,
    /// What it does now, where it lives.
    pub activity: Option<&'a Activity>,
    /// The second line of its card.
    pub line: String,
    /// Messages to it.
    pub messages: Vec<&'a Message>,
    /// What can be done with it.
    pub actions: Vec<Action>,
    /// Its task's title.
    pub task_title: &'a str,
    /// The newest session that went back to one of its messages.
    pub went_back: Option<SessionId>,
}

/// How the page stands to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
pub struct ConnectionView {
    /// `loading`, `live`, `stale` or `logged_out`.
    #[ts(type = "\"loading\" | \"live\" | \"stale\" | \"logged_out\"")]
    pub state: &'static str,
    /// Since when what is shown may be old.
    pub since: Option<Millis>,
    /// How many actions wait for the server.
    pub waiting: usize,
    /// How many of them would not survive a reload.
    pub unsaved: usize,
    /// Whether there is anything to show yet.
    pub has_base: bool,
}

/// The agents and which is taken where none is chosen.
#[derive(Clone, Debug, Serialize, TS)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub struct Agents<'a> {
    pub agents: Vec<&'a Agent>,
    pub default: Option<&'a str>,
}

impl Client {
    /// Lines of the task list.
    pub fn task_lines(&mut self, query: &Query) -> Lines {
        let mut lists = std::mem::take(&mut self.lists);
        let lines = lists.lines(&self.visible, query, |task| self.line(task));
        self.lists = lists;
        lines
    }

    fn line(&self, task: &Task) -> TaskLine {
        TaskLine {
            id: task.id,
            title: task.title.clone(),
            progress: task.progress,
            attention: derive::attention(&self.visible, task),
            running: self.visible.sessions_of(task.id).any(|s| s.status.is_active()),
            archived: task.archived,
            on_branch: task.on_branch,
            problem: task.problem.clone(),
            updated: touched(&self.visible, task),
            pending: self.is_pending(task.id.into()),
            play: self.play(task),
            meets: self.meets(task),
        }
    }

    fn meets(&self, task: &Task) -> Option<MeetsLine> {
        let there = |met: &Meets| self.visible.task(met.task).filter(|other| other.standing().is_some());
        let met: Vec<(bool, &Task)> =
            task.standing()?.meets.iter().filter_map(|met| Some((met.conflicts > 0, there(met)?))).collect();
        let conflicts = met.iter().any(|(conflicts, _)| *conflicts);
        let shown = met.iter().filter(|(one, _)| *one == conflicts);
        let titles: Vec<String> = shown.map(|(_, other)| other.title.clone()).collect();
        (!titles.is_empty()).then_some(MeetsLine { conflicts, titles })
    }

    fn play(&self, task: &Task) -> Play {
        let (kind, action) = derive::next_step(&self.visible, task);
        Play { kind, label: action.label, enabled: action.enabled, reason: action.reason }
    }

    /// A task.
    pub fn task(&self, id: TaskId) -> Option<TaskView<'_>> {
        let row = self.visible.task(id)?;
        Some(TaskView {
            row,
            project: self.visible.project(row.project),
            phase: derive::phase(&self.visible, row),
            attention: derive::attention(&self.visible, row),
            pending: self.is_pending(id.into()),
            jobs: self.visible.jobs_of(id).collect(),
            queue: self.queue(id),
            actions: derive::task_actions(&self.visible, row),
            archive_guards: archive_guards(&self.visible, row),
            play: self.play(row),
        })
    }

    fn queue(&self, task: TaskId) -> Vec<Waiting<'_>> {
        let mut pending = self.visible.jobs_of(task).filter(|job| job.state == JobState::Pending);
        let Some(lane) = pending.find_map(|job| lane(&self.visible, job)) else { return Vec::new() };
        let title = |task| self.visible.task(task).map_or("", |task| task.title.as_str());
        let met = self.visible.task(task).and_then(Task::standing).map_or(&[][..], |branch| &branch.meets);
        let conflicts = |other| met.iter().any(|met| met.task == other && met.conflicts > 0);
        let waiting = |job: &Job| {
            let (job, task) = (job.id, job.task);
            Waiting { job, task, title: title(task), conflicts: conflicts(task) }
        };
        queue(&self.visible, &lane).into_iter().map(waiting).collect()
    }

    /// The cards of a task: active first, newest first; then history, newest first.
    pub fn sessions(&self, task: TaskId) -> SessionList {
        let (mut active, mut ended): (Vec<&Session>, Vec<&Session>) =
            self.visible.sessions_of(task).partition(|s| s.status.is_active());
        active.sort_by_key(|s| std::cmp::Reverse((s.created, s.id)));
        ended.sort_by_key(|s| std::cmp::Reverse((s.ended, s.id)));
        let ids = |all: Vec<&Session>| all.into_iter().map(|s| s.id).collect();
        SessionList { active: ids(active), ended: ids(ended) }
    }

    /// The comments on the work of a task, in the order of files and lines.
    pub fn comments(&self, task: TaskId) -> Vec<CommentView<'_>> {
        let mut rows: Vec<&Comment> = self.visible.comments_of(task).collect();
        rows.sort_by_key(|row| (&row.place.path, row.place.from, row.id));
        let view = |row| CommentView { row, pending: self.overlay.contains_key(&row.id.into()) };
        rows.into_iter().map(view).collect()
    }

    /// A session.
    pub fn session(&self, id: SessionId) -> Option<SessionView<'_>> {
        let row = self.visible.session(id)?;
        let agent = self.visible.agent(AgentId::named(&row.agent));
        let confirmed = !self.overlay.contains_key(&id.into());
        let activity = self.activities.get(&id).filter(|_| row.status.is_active());
        Some(SessionView {
            row,
            agent_title: agent.map_or(row.agent.as_str(), |a| a.title.as_str()),
            scripted: agent.is_some_and(|a| a.scripted),
            kind_title: kind_name(row.kind),
            confirmed,
            word: if confirmed { derive::status_word(row.status) } else { self.unconfirmed_word(row) },
            activity,
            line: derive::card_line(row, activity.map(|a| a.line.as_str())),
            messages: self.visible.messages_of(id).collect(),
            actions: derive::session_actions(&self.visible, row),
            task_title: self.visible.task(row.task).map_or("", |t| t.title.as_str()),
            went_back: self.went_back(row),
        })
    }

    fn went_back(&self, row: &Session) -> Option<SessionId> {
        let goes_on = |s: &&Session| s.origin.is_some_and(|o| o.session == row.id && o.message.is_some());
        self.visible.sessions_of(row.task).filter(goes_on).max_by_key(|s| (s.created, s.id)).map(|s| s.id)
    }

    fn unconfirmed_word(&self, row: &Session) -> &'static str {
        let clicked = self.overlay.get(&row.id.into()).copied().unwrap_or(self.now);
        if matches!(self.connection, Connection::Lost(_) | Connection::LoggedOut) {
            "not confirmed"
        } else if self.now.since(clicked) >= SLOW {
            "still sending"
        } else {
            derive::status_word(row.status)
        }
    }

    /// All sessions that have not ended, those that need a person first.
    pub fn running(&self) -> Vec<SessionId> {
        let mut all: Vec<&Session> = self.visible.active_sessions().collect();
        let needs = |s: &Session| !matches!(s.status, Status::NeedsApproval | Status::NeedsAnswer | Status::Paused);
        all.sort_by_key(|s| (needs(s), std::cmp::Reverse((s.created, s.id))));
        all.into_iter().map(|s| s.id).collect()
    }

    /// The agents.
    pub fn agents(&self) -> Agents<'_> {
        Agents { agents: self.visible.agents(), default: derive::default_agent(&self.visible).map(|a| a.name.as_str()) }
    }

    /// The projects.
    pub fn projects(&self) -> Vec<&Project> {
        self.visible
            .of_kind(RowKind::Project)
            .filter_map(|row| if let Row::Project(p) = row { Some(p) } else { None })
            .collect()
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        self.visible.settings()
    }

    /// How the page stands to the server.
    pub fn connection(&self) -> ConnectionView {
        let (state, since) = match self.connection {
            Connection::LoggedOut => ("logged_out", None),
            _ if self.applied.is_none() => ("loading", None),
            Connection::Opening | Connection::Live => ("live", None),
            Connection::Lost(since) => ("stale", Some(since)),
        };
        ConnectionView {
            state,
            since,
            waiting: self.pending.iter().filter(|i| i.outcome.is_none()).count(),
            unsaved: self.pending.iter().filter(|i| i.unsaved).count(),
            has_base: self.applied.is_some(),
        }
    }

    /// Which mutation made what is shown of a row unconfirmed, the oldest first.
    pub fn mids_of(&self, key: qd_core::row::Key) -> Vec<Mid> {
        self.pending.iter().filter(|i| i.is_about(&[key])).map(crate::intent::Intent::mid).collect()
    }
}
