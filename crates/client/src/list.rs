//! The task list in its order, kept as rows change: a page of it is read without sorting anything.

use crate::view::TaskLine;
use qd_core::derive::{Attention, attention};
use qd_core::ids::{Millis, TaskId};
use qd_core::row::{Key, Row, RowKind, Task};
use qd_core::state::State;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use ts_rs::TS;

/// Tasks that were made within this time of each other count as made together, in milliseconds.
const TOGETHER: u64 = 10_000;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What needs a person first, then the newest.
    #[default]
    Attention,
    /// The last changed first.
    Updated,
    /// By title.
    Title,
    /// The furthest first.
    Progress,
}

/// Which tasks the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// What there is to do.
    #[default]
    Active,
    /// What is archived or not on this branch.
    Archived,
    /// Every task.
    All,
}

/// What the page asks of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(default)]
pub struct Query {
    /// Words that must all stand in the title or path.
    pub filter: String,
    /// Which tasks.
    pub show: Show,
    /// In which order.
    pub sort: Sort,
    /// Lines from this one …
    pub from: usize,
    /// … to before this one.
    pub to: usize,
    /// The order is held: rows change in their places (the pointer is over the list).
    pub held: bool,
}

/// A page of the list.
#[derive(Clone, Debug, Serialize, TS)]
pub struct Lines {
    /// How many lines there are in all.
    pub total: usize,
    /// How many tasks there are, shown or not.
    pub active: usize,
    /// How many are archived or not on this branch.
    pub archived: usize,
    /// The asked lines.
    pub lines: Vec<TaskLine>,
}

type Place = (Attention, u64, String, TaskId);

/// So many orders are kept: the list, the palette and what was asked before.
const LISTS: usize = 3;

/// The orders that were asked for, the last first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    lists: Vec<TaskList>,
    /// Title and path of each task in small letters: what a filter looks through.
    words: HashMap<TaskId, String>,
}

impl Lists {
    /// Takes changed rows in. Says whether a list looks different.
    pub(crate) fn update(&mut self, state: &State, changed: impl Iterator<Item = Key>, all: bool) -> bool {
        if all {
            self.words.clear();
            for list in &mut self.lists {
                list.rebuild(state, &mut self.words);
            }
            return true;
        }
        let tasks: BTreeSet<TaskId> = changed.filter_map(|key| task_of(state, key)).collect();
        for id in &tasks {
            self.words.remove(id);
            for list in &mut self.lists {
                list.place(state, *id, &mut self.words);
            }
        }
        !tasks.is_empty()
    }

    /// The lines of `query`.
    pub(crate) fn lines(&mut self, state: &State, query: &Query, line: impl Fn(&Task) -> TaskLine) -> Lines {
        let at = self.lists.iter().position(|list| list.is_of(query));
        let mut list = at.map_or_else(TaskList::default, |at| self.lists.remove(at));
        let released = list.asked.held && !query.held;
        list.asked = query.clone();
        if at.is_none() || released {
            list.rebuild(state, &mut self.words);
        }
        let lines = list.lines(state, line);
        self.lists.insert(0, list);
        self.lists.truncate(LISTS);
        lines
    }
}

/// The tasks that a query names, in its order.
#[derive(Clone, Debug, Default)]
struct TaskList {
    asked: Query,
    order: Vec<Place>,
    places: HashMap<TaskId, Place>,
    /// Whether each task is active.
    active: HashMap<TaskId, bool>,
    actives: usize,
}

impl TaskList {
    /// Whether it is the order that `query` asks for.
    fn is_of(&self, query: &Query) -> bool {
        (&self.asked.filter, self.asked.show, self.asked.sort) == (&query.filter, query.show, query.sort)
    }

    fn lines(&self, state: &State, line: impl Fn(&Task) -> TaskLine) -> Lines {
        let to = self.asked.to.min(self.order.len());
        let shown = &self.order[self.asked.from.min(to)..to];
        let lines = shown.iter().filter_map(|place| state.task(place.3)).map(line).collect();
        let archived = self.active.len() - self.actives;
        Lines { total: self.order.len(), active: self.actives, archived, lines }
    }

    fn rebuild(&mut self, state: &State, words: &mut HashMap<TaskId, String>) {
        self.order.clear();
        self.places.clear();
        self.active.clear();
        self.actives = 0;
        let filter = Filter::new(&self.asked.filter);
        for row in state.of_kind(RowKind::Task) {
            let Row::Task(task) = row else { continue };
            let active = is_active(state, task);
            self.count(task.id, Some(active));
            if self.shows(active) && filter.finds(task, words) {
                let place = self.place_of(state, task);
                self.places.insert(task.id, place.clone());
                self.order.push(place);
            }
        }
        self.order.sort_unstable();
    }

    fn place(&mut self, state: &State, id: TaskId, words: &mut HashMap<TaskId, String>) {
        let task = state.task(id);
        let active = task.map(|t| is_active(state, t));
        self.count(id, active);
        let filter = Filter::new(&self.asked.filter);
        let shown = task.filter(|t| active.is_some_and(|active| self.shows(active)) && filter.finds(t, words));
        let old = self.places.get(&id).cloned();
        // While the order is held a row keeps its place, and a new one comes on top.
        if self.asked.held && old.is_some() && shown.is_some() {
            return;
        }
        let place = shown.map(|task| self.place_of(state, task));
        // Most changes of a task leave it where it is.
        if old == place {
            return;
        }
        if let Some(old) = old {
            self.places.remove(&id);
            // While it is held, the order need not be sorted.
            let at = self.order.binary_search(&old).ok().or_else(|| self.order.iter().position(|p| p.3 == id));
            if let Some(at) = at {
                self.order.remove(at);
            }
        }
        if let Some(place) = place {
            let at = if self.asked.held { 0 } else { self.order.partition_point(|p| *p < place) };
            self.order.insert(at, place.clone());
            self.places.insert(id, place);
        }
    }

    fn count(&mut self, id: TaskId, active: Option<bool>) {
        let before = match active {
            Some(active) => self.active.insert(id, active),
            None => self.active.remove(&id),
        };
        self.actives -= usize::from(before == Some(true));
        self.actives += usize::from(active == Some(true));
    }

    fn shows(&self, active: bool) -> bool {
        match self.asked.show {
            Show::Active => active,
            Show::Archived => !active,
            Show::All => true,
        }
    }

    fn place_of(&self, state: &State, task: &Task) -> Place {
        let newest = u64::MAX - task.updated.0;
        match self.asked.sort {
            Sort::Attention => {
                // What only runs does not move up: a list that moves under a click is not calm.
                let attention = match attention(state, task) {
                    Attention::Running => Attention::Idle,
                    other => other,
                };
                // Files that were found together stand in the order of their paths.
                (attention, u64::MAX - task.created.0 / TOGETHER, task.path.clone().unwrap_or_default(), task.id)
            }
            Sort::Updated => (Attention::Idle, newest, String::new(), task.id),
            Sort::Title => (Attention::Idle, 0, task.title.to_lowercase(), task.id),
            Sort::Progress => {
                let done = u64::from(task.progress.done) * 1000 / u64::from(task.progress.total.max(1));
                (Attention::Idle, 1000 - done.min(1000), task.title.to_lowercase(), task.id)
            }
        }
    }
}

/// Whether a task belongs into the list of what there is to do: it is not archived, and its file is here or it has
/// sessions.
fn is_active(state: &State, task: &Task) -> bool {
    !task.archived && (task.on_branch || state.sessions_of(task.id).next().is_some())
}

/// Words that must all stand in a task's title or path.
struct Filter {
    words: Vec<String>,
}

impl Filter {
    fn new(text: &str) -> Self {
        Self { words: text.to_lowercase().split_whitespace().map(str::to_owned).collect() }
    }

    fn finds(&self, task: &Task, known: &mut HashMap<TaskId, String>) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let made = || format!("{} {}", task.title, task.path.as_deref().unwrap_or_default()).to_lowercase();
        let text = known.entry(task.id).or_insert_with(made);
        self.words.iter().all(|word| text.contains(word))
    }
}

/// The task that a row is or belongs to.
pub(crate) fn task_of(state: &State, key: Key) -> Option<TaskId> {
    match key.kind {
        RowKind::Task => Some(TaskId(key.id)),
        RowKind::Session | RowKind::Job => owner(state.get(key)?),
        RowKind::Settings | RowKind::Project | RowKind::Agent | RowKind::Message | RowKind::Comment => None,
    }
}

/// The task of a session or job: where that comes or goes, the task's line changes.
pub(crate) fn owner(row: &Row) -> Option<TaskId> {
    match row {
        Row::Session(session) => Some(session.task),
        Row::Job(job) => Some(job.task),
        _ => None,
    }
}

/// The time of the newest of a task's doings, for its age in the list.
pub(crate) fn touched(state: &State, task: &Task) -> Millis {
    let sessions = state.sessions_of(task.id).map(|s| s.ended.unwrap_or(s.since)).max();
    sessions.unwrap_or_default().max(task.updated)
}
