//! What became durable, for everyone to read: the rows, the head of the log, its newest records, and what live
//! sessions do.

use qd_core::event::Activity;
use qd_core::ids::SessionId;
use qd_core::op::{Offset, Record};
use qd_core::row::Row;
use qd_core::state::State;
use qd_store::{Commit, Entry};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{broadcast, watch};

/// How many of the newest records are kept in memory.
const RING: usize = 4096;

/// What a live session does.
pub type Told = (SessionId, Activity);

/// See the module.
pub(crate) struct Shared {
    published: RwLock<Published>,
    head: watch::Sender<Offset>,
    activities: Mutex<HashMap<SessionId, Activity>>,
    activity: broadcast::Sender<Told>,
}

struct Published {
    state: State,
    active: BTreeSet<SessionId>,
    ring: VecDeque<Arc<Entry>>,
}

impl Shared {
    pub(crate) fn new(state: State, head: Offset) -> Self {
        let active = state
            .of_kind(qd_core::row::RowKind::Session)
            .filter_map(|row| if let Row::Session(s) = row { Some(s) } else { None })
            .filter(|s| s.status.is_active())
            .map(|s| s.id)
            .collect();
        Self {
            published: RwLock::new(Published { state, active, ring: VecDeque::new() }),
            head: watch::Sender::new(head),
            activities: Mutex::default(),
            activity: broadcast::Sender::new(1024),
        }
    }

    /// Reads the rows as of the newest durable record.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        read(&self.published.read().unwrap_or_else(PoisonError::into_inner).state)
    }

    /// The sessions that have not ended.
    pub(crate) fn active(&self) -> Vec<SessionId> {
        self.published.read().unwrap_or_else(PoisonError::into_inner).active.iter().copied().collect()
    }

    /// Where the log stands; changes after each durable batch.
    pub(crate) fn head(&self) -> watch::Receiver<Offset> {
        self.head.subscribe()
    }

    /// The records after `offset` where memory still has them all.
    pub(crate) fn recent(&self, offset: Offset, limit: usize) -> Option<Vec<Arc<Entry>>> {
        let published = self.published.read().unwrap_or_else(PoisonError::into_inner);
        let at = match published.ring.binary_search_by_key(&offset.seq, |entry| entry.offset.seq) {
            Ok(at) => at,
            Err(_) if offset == *self.head.borrow() => return Some(Vec::new()),
            Err(_) => return None,
        };
        (published.ring[at].offset == offset).then(|| published.ring.iter().skip(at + 1).take(limit).cloned().collect())
    }

    /// Takes over what became durable.
    pub(crate) fn publish(&self, commits: &[Commit]) {
        let Some(last) = commits.last() else { return };
        let entries: Vec<Arc<Entry>> = commits.iter().map(|c| Arc::new(entry(&c.record))).collect();
        {
            let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
            for (key, row) in commits.iter().flat_map(|c| &c.rows) {
                if let Some(Row::Session(s)) = row.as_deref() {
                    if s.status.is_active() {
                        published.active.insert(s.id);
                    } else {
                        published.active.remove(&s.id);
                        self.forget(s.id);
                    }
                } else if row.is_none() {
                    published.active.remove(&SessionId(key.id));
                }
                published.state.replace(*key, row.clone());
            }
            published.ring.extend(entries);
            let surplus = published.ring.len().saturating_sub(RING);
            published.ring.drain(..surplus);
        }
        self.head.send_replace(Offset::from(&last.record));
    }

    /// Takes over a state that was loaded anew: memory's records are forgotten.
    pub(crate) fn reset(&self, state: State, head: Offset) {
        let fresh = Self::new(state, head);
        let mut published = self.published.write().unwrap_or_else(PoisonError::into_inner);
        *published = fresh.published.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(published);
        self.head.send_replace(head);
    }

    fn activities_locked(&self) -> MutexGuard<'_, HashMap<SessionId, Activity>> {
        self.activities.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self, session: SessionId) {
        self.activities_locked().remove(&session);
    }

    /// Tells what a live session does.
    pub(crate) fn tell(&self, session: SessionId, activity: Activity) {
        self.activities_locked().insert(session, activity.clone());
        // Nobody listening is fine: a listener gets all of them when it comes.
        let _ = self.activity.send((session, activity));
    }

    /// What the live sessions do, and what they will do.
    pub(crate) fn activity(&self) -> (Vec<Told>, broadcast::Receiver<Told>) {
        let receiver = self.activity.subscribe();
        let all = self.activities_locked().iter().map(|(id, activity)| (*id, activity.clone())).collect();
        (all, receiver)
    }
}

fn entry(record: &Record) -> Entry {
    Entry { offset: Offset::from(record), json: serde_json::to_string(record).unwrap_or_default() }
}
