//! The beginning, and the other tabs: the journal is read, siblings' intents are overlaid, the entries of dead tabs
//! are adopted (R9, R10).

use crate::client::{Client, Commit, Connection};
use crate::effect::Effect;
use crate::event::JournalEntry;
use crate::intent::{Intent, Sending};
use crate::journal::{self, BEAT, DEAD, Entry, Name};
use qd_core::ids::Millis;

impl Client {
    pub(crate) fn boot(&mut self, journal: Vec<JournalEntry>, cached: Option<&str>, commit: &mut Commit) {
        commit.all = true;
        self.since = self.now;
        let mut entries: Vec<(Millis, Intent)> = Vec::new();
        for JournalEntry { key, value } in journal {
            match journal::parse(&key) {
                Some(Name::Alive(tab)) => self.heard_beat(tab, &value),
                Some(Name::Intent(..)) => entries.extend(self.read_entry(&key, &value).map(|i| (i.clicked, i))),
                None => {}
            }
        }
        // The order of the clicks, whoever clicked.
        entries.sort_by_key(|(clicked, intent)| (*clicked, intent.mid()));
        self.pending.extend(entries.into_iter().map(|(_, intent)| intent));
        // With intents pending the snapshot must tell which of them are settled; else the log alone brings all news.
        if cached.is_some_and(|text| self.cached(text, commit)) {
            self.join(commit);
        } else {
            self.fetch(commit);
        }
    }

    /// The intent of an entry; `None` where it can't be read or is settled.
    fn read_entry(&mut self, key: &str, value: &str) -> Option<Intent> {
        let Some(Name::Intent(tab, mid)) = journal::parse(key) else { return None };
        let entry: Entry = serde_json::from_str(value).ok().filter(|e: &Entry| e.v == journal::VERSION)?;
        if entry.outcome.is_some() || self.settled_set.contains(&mid) {
            self.leftovers.insert(key.to_owned(), entry.clicked);
            return None;
        }
        if entry.mutation.mid != mid {
            return None;
        }
        Some(Intent {
            command: entry.mutation.command().ok(),
            mutation: entry.mutation,
            clicked: entry.clicked,
            key: key.to_owned(),
            mine: tab == self.tab,
            unsaved: false,
            gone: false,
            outcome: None,
            // Whether it was sent by the page that wrote it is not known.
            sending: Sending::Again { at: self.now, tries: 0 },
        })
    }

    /// Another tab wrote or removed a key.
    pub(crate) fn storage(&mut self, key: &str, value: Option<&str>, commit: &mut Commit) {
        // Who writes lives, whatever its clock said.
        let name = journal::parse(key);
        if let (Some(Name::Alive(tab) | Name::Intent(tab, _)), Some(_)) = (&name, value) {
            self.beats.insert(*tab, self.now);
        }
        match (name, value) {
            (Some(Name::Alive(tab)), None) => {
                self.beats.remove(&tab);
            }
            (Some(Name::Intent(_, mid)), Some(value)) => {
                if let Some(outcome) = serde_json::from_str::<Entry>(value).ok().and_then(|e| e.outcome) {
                    self.learn(&outcome, commit);
                } else if !self.pending.iter().any(|i| i.mid() == mid)
                    && let Some(intent) = self.read_entry(key, value)
                {
                    commit.intents = true;
                    let at = self.pending.partition_point(|i| (i.clicked, i.mid()) <= (intent.clicked, intent.mid()));
                    self.pending.insert(at, intent);
                }
            }
            (Some(Name::Intent(_, mid)), None) => {
                self.leftovers.remove(key);
                // Gone without an outcome: it gave way to a later save, or the storage was cleared. The server knows.
                if let Some(intent) = self.pending.iter_mut().find(|i| i.mid() == mid && !i.mine && i.outcome.is_none())
                {
                    intent.gone = true;
                    self.fetch(commit);
                }
            }
            (None | Some(Name::Alive(_)), _) => {}
        }
    }

    fn heard_beat(&mut self, tab: uuid::Uuid, value: &str) {
        if let Ok(at) = value.parse() {
            self.beats.insert(tab, Millis(at));
        }
    }

    /// Takes over the entries of tabs that are dead. Wrong adoption is harmless: the same `mid` is settled once.
    pub(crate) fn adopt(&mut self, commit: &mut Commit) {
        let dead: Vec<usize> = (0..self.pending.len())
            .filter(|at| !self.pending[*at].mine && !self.pending[*at].gone)
            .filter(|at| self.is_dead(&self.pending[*at].key, self.pending[*at].clicked))
            .collect();
        for at in dead {
            self.pending[at].mine = true;
            commit.chrome = true;
        }
        let left: Vec<String> = self
            .leftovers
            .iter()
            .filter(|(key, clicked)| self.is_dead(key, **clicked))
            .map(|(key, _)| key.clone())
            .collect();
        for key in left {
            self.leftovers.remove(&key);
            commit.effects.push(Effect::Unjournal { key });
        }
    }

    /// Whether the tab that wrote `key` is dead (or this one). An entry that was never followed by a beat is as old
    /// as its click.
    fn is_dead(&self, key: &str, clicked: Millis) -> bool {
        let Some(Name::Intent(owner, _)) = journal::parse(key) else { return false };
        let last = self.beats.get(&owner).copied().unwrap_or(Millis(0)).max(clicked);
        // A time that lies ahead was read from a clock that was set back since.
        let last = if last > self.now { self.since } else { last };
        owner == self.tab || self.now.since(last) > DEAD
    }

    /// Says that this tab lives, while it has entries.
    pub(crate) fn beat(&mut self, commit: &mut Commit) {
        if self.pending.iter().any(|i| i.mine) {
            if self.now.since(self.beaten) >= BEAT {
                self.beaten = self.now;
                commit.effects.push(Effect::Journal { key: journal::alive(self.tab), value: self.now.0.to_string() });
            }
        } else if self.beaten != Millis(0) {
            self.beaten = Millis(0);
            commit.effects.push(Effect::Unjournal { key: journal::alive(self.tab) });
        }
    }

    pub(crate) fn lose_before_base(&mut self, commit: &mut Commit) {
        if self.connection == Connection::Opening {
            self.connection = Connection::Lost(self.now);
            commit.chrome = true;
        }
    }
}
