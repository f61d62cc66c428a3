//! Remembers everything that could be read, and looks whether it still can: settled mutations, positions of the log,
//! rows of sessions, every byte of output.

use crate::panel::Api;
use anyhow::{Context as _, Result, ensure};
use qd_core::ids::{Mid, SessionId};
use qd_core::op::{Offset, Outcome, Record};
use qd_core::row::{Row, RowKind, Session};
use qd_core::state::State;
use qd_core::status::Status;
use qd_wire::{LogPage, Mutation};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// See the module.
pub(super) struct Witness {
    first: Offset,
    base: State,
    last: Offset,
    sessions: BTreeMap<SessionId, (u32, u8)>,
    outputs: BTreeMap<SessionId, Vec<u8>>,
    settled: BTreeMap<Mid, (Mutation, Outcome)>,
}

/// What the log tells of a run.
pub(super) struct History {
    /// The rows at its end.
    pub(super) state: State,
    /// Attempts that were shown as running.
    pub(super) shown: BTreeSet<(SessionId, u32)>,
    /// Sessions that were accepted.
    pub(super) accepted: BTreeSet<SessionId>,
}

fn all_sessions(state: &State) -> impl Iterator<Item = &Session> {
    state.of_kind(RowKind::Session).filter_map(|row| if let Row::Session(session) = row { Some(session) } else { None })
}

impl Witness {
    /// Begins where the log stands.
    pub(super) fn new(api: &Api) -> Result<Self> {
        let snapshot = api.snapshot(&[])?;
        let at = Offset { epoch: snapshot.epoch, seq: snapshot.seq, tag: snapshot.tag };
        let base = snapshot.rows.into_iter().collect();
        let (sessions, outputs, settled) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Ok(Self { first: at, base, last: at, sessions, outputs, settled })
    }

    /// A mutation was answered for good.
    pub(super) fn settled(&mut self, mutation: Mutation, outcome: Outcome) {
        self.settled.insert(outcome.mid, (mutation, outcome));
    }

    /// How many mutations were.
    pub(super) fn outcomes(&self) -> usize {
        self.settled.len()
    }

    /// How many starts were accepted.
    pub(super) fn accepted_starts(&self) -> usize {
        self.settled.values().filter(|(mutation, outcome)| outcome.ok && mutation.name == "start_session").count()
    }

    /// What was read of each session.
    pub(super) fn outputs(&self) -> &BTreeMap<SessionId, Vec<u8>> {
        &self.outputs
    }

    /// Looks at everything again.
    pub(super) fn look(&mut self, api: &Api) -> Result<()> {
        let mids: Vec<Mid> = self.settled.keys().copied().collect();
        let snapshot = api.snapshot(&mids)?;
        for (mid, (mutation, outcome)) in &self.settled {
            let now = snapshot.settled.get(mid);
            ensure!(now == Some(outcome), "{} was settled with {outcome:?}, and now {now:?}", mutation.name);
        }
        ensure!(snapshot.seq >= self.last.seq, "the log went back from {} to {}", self.last.seq, snapshot.seq);
        let answer = api.get(&format!("/api/v1/log?offset={}", self.last))?;
        ensure!(
            answer.status == 200,
            "the log after {} is answered with {}: {}",
            self.last,
            answer.status,
            answer.text()
        );
        self.last = Offset { epoch: snapshot.epoch, seq: snapshot.seq, tag: snapshot.tag };
        let state: State = snapshot.rows.into_iter().collect();
        self.compare(&state)?;
        self.read(api, &state)
    }

    /// Rows: none is gone, none went back, each accepted start has one.
    fn compare(&mut self, state: &State) -> Result<()> {
        for (id, before) in &self.sessions {
            let session = state.session(*id).with_context(|| format!("session {id} is gone"))?;
            let now = (session.attempt, session.status.rank());
            ensure!(now >= *before, "session {id} went back from {before:?} to {now:?}");
        }
        for (mutation, _) in self.settled.values().filter(|(_, outcome)| outcome.ok) {
            let kind = match mutation.name.as_str() {
                "start_session" => RowKind::Session,
                "create_task" => RowKind::Task,
                "send_message" | "answer_request" => RowKind::Message,
                _ => continue,
            };
            let id = mutation.args.get("id").and_then(Value::as_str).unwrap_or_default();
            let there = state.of_kind(kind).any(|row| row.key().id.to_string() == id);
            ensure!(there, "{} {id} was accepted and has no row", mutation.name);
        }
        self.sessions =
            all_sessions(state).map(|session| (session.id, (session.attempt, session.status.rank()))).collect();
        Ok(())
    }

    /// Output: what was read before is still there, at its place.
    fn read(&mut self, api: &Api, state: &State) -> Result<()> {
        for session in all_sessions(state) {
            let now = api.output(session.id)?.with_context(|| format!("the output of {} is gone", session.id))?;
            let before = self.outputs.entry(session.id).or_default();
            ensure!(
                now.starts_with(before),
                "the output of {} was {} bytes long, of which not all are among the {} bytes that it has now",
                session.id,
                before.len(),
                now.len()
            );
            *before = now;
        }
        Ok(())
    }

    /// Reads the log again from the beginning; it leads to the rows of the snapshot.
    pub(super) fn history(&self, api: &Api) -> Result<History> {
        let (mut state, mut at) = (self.base.clone(), self.first);
        let mut shown = BTreeSet::new();
        let mut seen = BTreeSet::new();
        loop {
            let answer = api.get(&format!("/api/v1/log?offset={at}"))?;
            ensure!(answer.status == 200, "the log after {at} is answered with {}", answer.status);
            let page: LogPage = serde_json::from_slice(&answer.body)?;
            if page.records.is_empty() {
                break;
            }
            at = page.next.parse()?;
            for record in page.records {
                let record: Record = serde_json::from_value(record)?;
                ensure!(seen.insert(record.mid), "two records of {}", record.mid);
                for op in &record.ops {
                    state.apply(op, record.seq)?;
                }
                let running = |s: &&Session| s.status.rank() == 2 || s.status == Status::Completed;
                shown.extend(all_sessions(&state).filter(running).map(|session| (session.id, session.attempt)));
            }
        }
        let snapshot: State = api.snapshot(&[])?.rows.into_iter().collect();
        ensure!(at.seq > self.first.seq && snapshot == state, "the log does not lead to the rows of the snapshot");
        let starts = self.settled.values().filter(|(mutation, outcome)| outcome.ok && mutation.name == "start_session");
        let ids = starts.filter_map(|(mutation, _)| mutation.args.get("id")?.as_str()?.parse().ok());
        Ok(History { state, shown, accepted: ids.collect() })
    }
}
