//! What the server says: records, snapshots, answers. Here intents leave `pending` (R3), and nowhere else but where
//! another tab told an outcome.

use crate::client::{Client, Commit, Fetching};
use crate::effect::Effect;
use crate::intent::{Intent, Sending};
use crate::journal;
use crate::notice::Notice;
use crate::send::SLOW;
use qd_core::ids::{Mid, Millis};
use qd_core::op::{Offset, Outcome, Record};
use qd_core::row::{Key, RowKind};
use qd_wire::{LogFrame, Snapshot};
use std::sync::Arc;

impl Client {
    /// One frame of the log as it came.
    pub(crate) fn frame(&mut self, text: &str, commit: &mut Commit) {
        match serde_json::from_str::<LogFrame>(text) {
            Ok(LogFrame::Record { record }) => self.record(&record, commit),
            Ok(LogFrame::Activity { session, activity }) => {
                self.activities.insert(session, activity);
                commit.redraw.insert(session.into());
            }
            // The log can't end before what was applied: its history may be another one now.
            Ok(LogFrame::Heartbeat { seq }) => {
                if self.applied.is_some_and(|applied| seq < applied.seq) {
                    self.fetch(commit);
                }
            }
            // What can't be read is taken as a gap: the snapshot knows.
            Ok(LogFrame::Resync) | Err(_) => self.fetch(commit),
        }
    }

    fn record(&mut self, record: &Record, commit: &mut Commit) {
        let Some(applied) = self.applied else { return };
        if record.epoch != applied.epoch {
            self.fetch(commit);
            return;
        }
        if record.seq <= applied.seq {
            // One place, two records: this tab stands in a history that is no more.
            if record.seq == applied.seq && record.tag != applied.tag {
                self.adrift = true;
                self.fetch(commit);
            }
            return;
        }
        if self.adrift {
            return;
        }
        if record.seq != applied.seq + 1 {
            // R6: nothing is applied over a gap; the stream begins again where this tab stands.
            self.join(commit);
            return;
        }
        for op in &record.ops {
            let key = op.key();
            if self.base.apply(op, record.seq).is_err() {
                // Base and log have drifted, which must not be: only a whole snapshot mends it.
                self.applied = None;
                self.fetch(commit);
                return;
            }
            commit.touched.insert(key);
            self.forget_what_went(key);
        }
        self.applied = Some(Offset::from(record));
        self.settle(&Outcome::from(record), commit);
        self.drop_reached(commit);
    }

    fn forget_what_went(&mut self, key: Key) {
        if self.base.get(key).is_none() && key.kind == RowKind::Session {
            self.activities.remove(&qd_core::ids::SessionId(key.id));
        }
    }

    /// R3(d): intents whose outcome is at or below what is applied.
    fn drop_reached(&mut self, commit: &mut Commit) {
        let Some(applied) = self.applied else { return };
        let reached: Vec<Outcome> = self
            .pending
            .iter()
            .filter_map(|i| i.outcome.clone())
            .filter(|o| o.epoch == applied.epoch && o.seq <= applied.seq)
            .collect();
        for outcome in reached {
            self.settle(&outcome, commit);
        }
    }

    /// Lets an intent go whose outcome is part of the base, or which was refused.
    fn settle(&mut self, outcome: &Outcome, commit: &mut Commit) {
        self.remember(outcome.mid);
        let Some(at) = self.pending.iter().position(|i| i.mid() == outcome.mid) else { return };
        let intent = self.pending.remove(at);
        commit.intents = true;
        if intent.mine {
            unjournal(&intent, outcome, commit);
        } else {
            self.leftovers.insert(intent.key.clone(), intent.clicked);
        }
        let Some(reject) = &outcome.err else { return };
        if intent.mine {
            self.notices.push(Notice::new(outcome.mid, intent.command.as_ref(), reject, &self.visible));
            commit.chrome = true;
        }
        // R5: what requires it leaves with it, and its own notice would only repeat this one.
        let dependents: Vec<Mid> =
            self.pending.iter().filter(|i| i.mutation.requires == Some(outcome.mid)).map(Intent::mid).collect();
        for mid in dependents {
            self.settle(&Outcome { mid, ..outcome.clone() }, commit);
            self.notices.retain(|n| n.id != mid);
        }
    }

    /// The answer to a POST.
    pub(crate) fn reply(&mut self, mid: Mid, status: u16, body: &str, commit: &mut Commit) {
        if status == 401 {
            self.unanswered(mid, None);
            self.log_out(commit);
            return;
        }
        if status == 424 {
            self.blob_missing(mid);
            return;
        }
        let outcome = serde_json::from_str::<Outcome>(body).ok().filter(|o| o.mid == mid);
        let definitive =
            outcome.filter(|o| (o.ok && status == 200) || (!o.ok && o.err.is_some() && (400..500).contains(&status)));
        match definitive {
            Some(outcome) => self.learn(&outcome, commit),
            // 425: what it comes after is on its way, so this is soon worth another try.
            None => self.unanswered(mid, (status == 425).then_some(200)),
        }
    }

    /// Takes a definitive outcome that did not come by the log.
    pub(crate) fn learn(&mut self, outcome: &Outcome, commit: &mut Commit) {
        if !outcome.ok {
            self.settle(outcome, commit);
            return;
        }
        let reached = self.applied.is_some_and(|a| a.epoch == outcome.epoch && outcome.seq <= a.seq) && !self.adrift;
        if reached {
            self.settle(outcome, commit);
            return;
        }
        if let Some(intent) = self.pending.iter_mut().find(|i| i.mid() == outcome.mid) {
            intent.outcome = Some(outcome.clone());
            // Its record should follow at once. Where it does not, the server is asked again.
            intent.sending = Sending::Again { at: Millis(self.now.0 + SLOW), tries: 0 };
        }
        // R17: the server goes on in another epoch than this tab.
        if self.applied.is_some_and(|a| a.epoch != outcome.epoch) {
            self.fetch(commit);
        }
    }

    /// Asks for a snapshot, unless one is on its way.
    pub(crate) fn fetch(&mut self, commit: &mut Commit) {
        if self.fetching.is_some() || self.fetch_again.is_some() {
            return;
        }
        let mids: Vec<Mid> = self.pending.iter().map(Intent::mid).collect();
        let gone = self.pending.iter().filter(|i| i.gone).map(Intent::mid).collect();
        self.fetching = Some(Fetching { from: self.applied, mids: mids.clone(), gone });
        commit.effects.push(Effect::FetchSnapshot { mids });
    }

    pub(crate) fn snapshot_failed(&mut self, status: u16, commit: &mut Commit) {
        self.fetching = None;
        if status == 401 {
            self.log_out(commit);
        }
        self.fetch_tries += 1;
        let wait = self.backoff(self.fetch_tries);
        self.fetch_again = Some(Millis(self.now.0 + wait));
        if self.applied.is_none() {
            self.lose_before_base(commit);
        }
    }

    /// Installs a snapshot (R7, R17).
    pub(crate) fn snapshot(&mut self, text: &str, commit: &mut Commit) {
        let asked = self.fetching.take();
        let Ok(snapshot) = serde_json::from_str::<Snapshot>(text) else {
            self.snapshot_failed(0, commit);
            return;
        };
        self.fetch_tries = 0;
        let at = Offset { epoch: snapshot.epoch, seq: snapshot.seq, tag: snapshot.tag };
        // The server can't stand before what this tab had applied when it asked: its history is another one, and the
        // snapshot holds (R17).
        let from = asked.as_ref().and_then(|asked| asked.from);
        let other = from.is_some_and(|from| from.epoch != at.epoch || at < from || at.seq == from.seq && at != from);
        let older = !other && self.applied.is_some_and(|a| a.epoch == at.epoch && at.seq < a.seq);
        if !older {
            self.base = snapshot.rows.into_iter().collect();
            self.applied = Some(at);
            self.adrift = false;
            commit.all = true;
            if other {
                self.settled.clear();
                self.settled_set.clear();
            }
            let (asked, gone) = asked.map(|asked| (asked.mids, asked.gone)).unwrap_or_default();
            let settled = &snapshot.settled;
            self.doubt_outcomes(|mid| asked.contains(&mid) && !settled.contains_key(&mid));
            self.pending.retain(|i| settled.contains_key(&i.mid()) || !gone.contains(&i.mid()));
        }
        for outcome in snapshot.settled.values() {
            // Settled before an epoch began it has no place in the new one's count: being in the snapshot is enough.
            if older { self.learn(outcome, commit) } else { self.settle(outcome, commit) }
        }
        self.drop_reached(commit);
        // What was not asked for this time: an outcome of another epoch has no place in this one's count.
        let other_epoch = |i: &Intent| i.outcome.as_ref().is_some_and(|outcome| outcome.epoch != at.epoch);
        if self.adrift || self.pending.iter().any(|i| i.gone || other_epoch(i)) {
            self.fetch(commit);
        }
        self.join(commit);
    }

    /// Forgets outcomes that may be of a history that is no more. Sending such a mutation again does no harm: its
    /// outcome, where it has one, is told again.
    pub(crate) fn doubt_outcomes(&mut self, doubtful: impl Fn(Mid) -> bool) {
        for intent in self.pending.iter_mut().filter(|i| i.outcome.is_some() && doubtful(i.mid())) {
            intent.outcome = None;
            intent.mine = true;
            intent.sending = Sending::Again { at: self.now, tries: 0 };
        }
    }

    /// Takes the base that was kept at the last visit. It is as true as any prefix of the log.
    pub(crate) fn cached(&mut self, text: &str, commit: &mut Commit) -> bool {
        let Ok(snapshot) = serde_json::from_str::<Snapshot>(text) else { return false };
        self.base = snapshot.rows.into_iter().collect();
        self.applied = Some(Offset { epoch: snapshot.epoch, seq: snapshot.seq, tag: snapshot.tag });
        commit.all = true;
        true
    }

    /// The text of a row's newest version, where it was fetched.
    pub(crate) fn fetched(&self, task: qd_core::ids::TaskId) -> Option<(Mid, Arc<str>)> {
        self.documents.get(&task).cloned()
    }
}

/// Removes an intent's entry. Other tabs learn the outcome before the key goes: an overlay that left before its record
/// would flicker.
fn unjournal(intent: &Intent, outcome: &Outcome, commit: &mut Commit) {
    let entry = journal::Entry {
        v: journal::VERSION,
        mutation: qd_wire::Mutation { args: serde_json::Value::Null, ..intent.mutation.clone() },
        clicked: intent.clicked,
        outcome: Some(outcome.clone()),
    };
    let value = serde_json::to_string(&entry).unwrap_or_default();
    commit.effects.push(Effect::Journal { key: intent.key.clone(), value });
    commit.effects.push(Effect::Unjournal { key: intent.key.clone() });
}
