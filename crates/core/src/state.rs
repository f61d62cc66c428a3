//! The rows of a workspace with the index that `decide` and the derived values need. Rows are shared (`Arc`), so
//! holding two states that differ in a few rows is cheap. Iteration is in key order: the same everywhere.

use crate::ids::{AgentId, CommentId, MessageId, Mid, ProjectId, SessionId, TaskId};
use crate::op::Op;
use crate::row::{Agent, Comment, Job, Key, Message, Project, Row, RowKind, Session, Settings, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// A patch that can't be applied. It is a defect of whoever made the op.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The row of a patch is not there.
    #[error("patch of an absent row {0:?}")]
    Absent(Key),
    /// The patched row does not parse.
    #[error("patch of {0:?} does not fit: {1}")]
    Misfit(Key, serde_json::Error),
}

/// All rows of a workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    rows: BTreeMap<Key, Arc<Row>>,
    children: BTreeMap<Key, BTreeSet<Key>>,
    /// The sessions that have not ended: few, however many there were.
    active: BTreeSet<SessionId>,
}

macro_rules! getter {
    ($($(#[$doc:meta])* $name:ident($id:ident) -> $ty:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name(&self, id: $id) -> Option<&$ty> {
            match self.rows.get(&Key::from(id)).map(AsRef::as_ref) {
                Some(Row::$ty(row)) => Some(row),
                _ => None,
            }
        }
    )*};
}

impl State {
    getter! {
        /// The project of this id.
        project(ProjectId) -> Project,
        /// The task of this id.
        task(TaskId) -> Task,
        /// The session of this id.
        session(SessionId) -> Session,
        /// The message of this id.
        message(MessageId) -> Message,
        /// The agent of this id.
        agent(AgentId) -> Agent,
        /// The comment of this id.
        comment(CommentId) -> Comment,
        /// The job of this mutation.
        job(Mid) -> Job,
    }

    /// The settings; the built-in ones where none were stored.
    pub fn settings(&self) -> Settings {
        match self.rows.get(&Key { kind: RowKind::Settings, id: Settings::ID }).map(AsRef::as_ref) {
            Some(Row::Settings(s)) => s.clone(),
            _ => Settings::default(),
        }
    }

    /// The row of this key.
    pub fn get(&self, key: Key) -> Option<&Arc<Row>> {
        self.rows.get(&key)
    }

    /// All rows in key order.
    pub fn rows(&self) -> impl Iterator<Item = &Arc<Row>> {
        self.rows.values()
    }

    /// The rows of a kind in key order.
    pub fn of_kind(&self, kind: RowKind) -> impl DoubleEndedIterator<Item = &Row> {
        let range = Key { kind, id: Uuid::nil() }..=Key { kind, id: Uuid::max() };
        self.rows.range(range).map(|(_, row)| row.as_ref())
    }

    /// The rows that belong to `parent`, in key order.
    pub fn children(&self, parent: impl Into<Key>) -> impl DoubleEndedIterator<Item = &Row> {
        self.children.get(&parent.into()).into_iter().flatten().filter_map(|key| self.rows.get(key).map(AsRef::as_ref))
    }

    /// The sessions of a task, oldest first.
    pub fn sessions_of(&self, task: TaskId) -> impl DoubleEndedIterator<Item = &Session> {
        self.children(task).filter_map(|row| if let Row::Session(s) = row { Some(s) } else { None })
    }

    /// The sessions that have not ended, oldest first.
    pub fn active_sessions(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.active.iter().filter_map(|id| self.session(*id))
    }

    /// The jobs of a task, oldest first.
    pub fn jobs_of(&self, task: TaskId) -> impl DoubleEndedIterator<Item = &Job> {
        self.children(task).filter_map(|row| if let Row::Job(j) = row { Some(j) } else { None })
    }

    /// The comments on the work of a task, oldest first.
    pub fn comments_of(&self, task: TaskId) -> impl DoubleEndedIterator<Item = &Comment> {
        self.children(task).filter_map(|row| if let Row::Comment(c) = row { Some(c) } else { None })
    }

    /// The messages of a session, oldest first.
    pub fn messages_of(&self, session: SessionId) -> impl DoubleEndedIterator<Item = &Message> {
        self.children(session).filter_map(|row| if let Row::Message(m) = row { Some(m) } else { None })
    }

    /// All agents, the preferred first.
    pub fn agents(&self) -> Vec<&Agent> {
        let mut all: Vec<&Agent> = self
            .of_kind(RowKind::Agent)
            .filter_map(|row| if let Row::Agent(a) = row { Some(a) } else { None })
            .collect();
        all.sort_by(|a, b| (a.preference, &a.name).cmp(&(b.preference, &b.name)));
        all
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts `row` (or nothing) in the place of `key` and gives back what was there.
    pub fn replace(&mut self, key: Key, row: Option<Arc<Row>>) -> Option<Arc<Row>> {
        let parent = |row: &Option<Arc<Row>>| row.as_ref().and_then(|row| row.parent());
        let (after, lives) = (parent(&row), matches!(row.as_deref(), Some(Row::Session(s)) if s.status.is_active()));
        let old = match row {
            Some(row) => self.rows.insert(key, row),
            None => self.rows.remove(&key),
        };
        if key.kind == RowKind::Session {
            if lives {
                self.active.insert(SessionId(key.id));
            } else {
                self.active.remove(&SessionId(key.id));
            }
        }
        let before = parent(&old);
        if before != after {
            if let Some(parent) = before
                && let Some(siblings) = self.children.get_mut(&parent)
            {
                siblings.remove(&key);
                if siblings.is_empty() {
                    self.children.remove(&parent);
                }
            }
            if let Some(parent) = after {
                self.children.entry(parent).or_default().insert(key);
            }
        }
        old
    }

    /// Applies one op as of `ver` and gives back the row that was there before.
    pub fn apply(&mut self, op: &Op, ver: u64) -> Result<Option<Arc<Row>>, ApplyError> {
        let key = op.key();
        let next = match op {
            Op::Put { row } => {
                let mut row = row.clone();
                row.set_ver(ver);
                Some(row)
            }
            Op::Patch { fields, .. } => {
                let row = self.rows.get(&key).ok_or(ApplyError::Absent(key))?;
                let mut all = row.fields();
                all.extend(fields.iter().map(|(k, v)| (k.clone(), v.clone())));
                let mut row = serde_json::to_string(&all)
                    .and_then(|json| Row::from_json(key.kind, &json))
                    .map_err(|e| ApplyError::Misfit(key, e))?;
                row.set_ver(ver);
                Some(row)
            }
            Op::Delete { .. } => None,
        };
        Ok(self.replace(key, next.map(Arc::new)))
    }
}

impl FromIterator<Row> for State {
    fn from_iter<I: IntoIterator<Item = Row>>(rows: I) -> Self {
        let mut state = Self::default();
        for row in rows {
            state.replace(row.key(), Some(Arc::new(row)));
        }
        state
    }
}
