//! The workspace: settles mutations, one after the other, exactly once each. Synchronous and without a clock: the
//! writer thread, the model tests and the bench all drive this very code.
//!
//! Invariant: after a batch, memory and store agree; after an error nothing of the batch happened.

use qd_core::command::Command;
use qd_core::decide::{Context, decide};
use qd_core::document::hash;
use qd_core::ids::{Mid, Millis, v7_time};
use qd_core::op::{Actor, Offset, Op, Outcome, Record, Reject, RejectCode};
use qd_core::row::{Key, Row};
use qd_core::state::{ApplyError, State};
use qd_core::texts;
use qd_store::{Author, Commit, SharedReader, Store, StoreError, Text, Version};
use qd_wire::Mutation;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// At most this many mutations are settled in one transaction.
pub const BATCH: usize = 64;
/// How long a mutation waits for one that it comes after, in milliseconds.
const PREDECESSOR_WAIT: u64 = 2 * 60 * 1000;
const DAY: u64 = 24 * 60 * 60 * 1000;
/// How long outcomes are kept, in milliseconds.
const OUTCOMES_KEPT: u64 = 30 * DAY;

/// What became of a submitted mutation.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It is settled, now or before: the definitive outcome.
    Settled(Outcome),
    /// What it comes after is not settled yet: send it again.
    TooEarly,
}

/// A settled batch.
#[derive(Debug, Default)]
pub struct Settled {
    /// One for each mutation of the batch.
    pub answers: Vec<Answer>,
    /// What became durable, in order.
    pub commits: Vec<Commit>,
}

/// A mutation to settle.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The mutation.
    pub mutation: Mutation,
    /// Who acts.
    pub actor: Actor,
    /// Refused with this, whatever it is: the demonstration's refusal.
    pub refuse: Option<Reject>,
}

/// The state of a workspace with its store.
pub struct Workspace {
    store: Box<dyn Store>,
    reader: SharedReader,
    state: State,
    head: Offset,
    waiting: HashMap<Mid, Millis>,
}

/// A batch in the making.
struct Draft {
    commits: Vec<Commit>,
    undo: Vec<(Key, Option<Arc<Row>>)>,
    head: Offset,
}

impl Workspace {
    /// Loads the workspace from its store.
    pub fn load(mut store: Box<dyn Store>) -> Result<Self, StoreError> {
        let loaded = store.load()?;
        let reader = store.reader();
        Ok(Self { store, reader, state: loaded.rows.into_iter().collect(), head: loaded.head, waiting: HashMap::new() })
    }

    /// Reads everything from the store again.
    pub fn reload(&mut self) -> Result<(), StoreError> {
        let loaded = self.store.load()?;
        self.state = loaded.rows.into_iter().collect();
        self.head = loaded.head;
        Ok(())
    }

    /// The rows.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Where the log stands.
    pub fn head(&self) -> Offset {
        self.head
    }

    /// A reader of the store.
    pub fn reader(&self) -> SharedReader {
        Arc::clone(&self.reader)
    }

    /// The store, for what is not a mutation.
    pub fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// Settles `batch` in one transaction. `tag` gives the random bits of the next record.
    pub fn settle(
        &mut self,
        batch: &[Submission],
        now: Millis,
        tag: &mut dyn FnMut() -> u32,
    ) -> Result<Settled, StoreError> {
        let mut draft = Draft { commits: Vec::new(), undo: Vec::new(), head: self.head };
        let mut answers = Vec::with_capacity(batch.len());
        for submission in batch {
            match self.one(submission, now, tag, &mut draft) {
                Ok(answer) => answers.push(answer),
                Err(e) => {
                    self.roll_back(draft.undo);
                    return Err(e);
                }
            }
        }
        if !draft.commits.is_empty() {
            if let Err(e) = self.store.commit(&draft.commits) {
                self.roll_back(draft.undo);
                return Err(e);
            }
            self.head = draft.head;
        }
        Ok(Settled { answers, commits: draft.commits })
    }

    fn roll_back(&mut self, undo: Vec<(Key, Option<Arc<Row>>)>) {
        for (key, row) in undo.into_iter().rev() {
            self.state.replace(key, row);
        }
    }

    fn one(
        &mut self,
        submission: &Submission,
        now: Millis,
        tag: &mut dyn FnMut() -> u32,
        draft: &mut Draft,
    ) -> Result<Answer, StoreError> {
        let mutation = &submission.mutation;
        let args_hash = args_hash(mutation);
        if let Some((outcome, same)) = self.known(mutation.mid, &args_hash, draft)? {
            let reuse = || {
                Reject::new(
                    RejectCode::MidReuse,
                    "Another action was sent under this id. Reload the page and try again.",
                )
            };
            return Ok(Answer::Settled(if same { outcome } else { refused(mutation.mid, draft.head, reuse()) }));
        }
        if submission.actor == Actor::Person
            && let Some(reject) = expired(mutation.mid, now)
        {
            return Ok(Answer::Settled(refused(mutation.mid, draft.head, reject)));
        }
        let verdict = match self.order(mutation, now, draft)? {
            Order::TooEarly => return Ok(Answer::TooEarly),
            Order::Refused(reject) => Err(reject),
            Order::Go => self.judge(submission, now),
        };
        self.waiting.remove(&mutation.mid);
        let record = Record {
            epoch: draft.head.epoch,
            seq: draft.head.seq + 1,
            tag: tag(),
            ts: now,
            actor: submission.actor,
            mid: mutation.mid,
            ok: verdict.is_ok(),
            err: verdict.as_ref().err().cloned(),
            ops: verdict.as_ref().map(|(ops, _)| ops.clone()).unwrap_or_default(),
        };
        let undo_from = draft.undo.len();
        for op in &record.ops {
            let before =
                self.state.apply(op, record.seq).map_err(|e: ApplyError| StoreError::Corrupt(e.to_string()))?;
            draft.undo.push((op.key(), before));
        }
        let mut rows: Vec<(Key, Option<Arc<Row>>)> =
            draft.undo[undo_from..].iter().map(|(key, _)| (*key, self.state.get(*key).cloned())).collect();
        rows.sort_by_key(|(key, _)| *key);
        rows.dedup_by_key(|(key, _)| *key);
        let texts = verdict.map(|(_, texts)| texts).unwrap_or_default();
        draft.head = Offset::from(&record);
        let outcome = Outcome::from(&record);
        draft.commits.push(Commit { record, args_hash, rows, texts });
        Ok(Answer::Settled(outcome))
    }

    /// What is known of a mutation already, and whether it had the same arguments.
    fn known(&self, mid: Mid, args_hash: &[u8; 32], draft: &Draft) -> Result<Option<(Outcome, bool)>, StoreError> {
        if let Some(commit) = draft.commits.iter().find(|c| c.record.mid == mid) {
            return Ok(Some((Outcome::from(&commit.record), commit.args_hash == *args_hash)));
        }
        Ok(self.reader.outcome(mid)?.map(|stored| (stored.outcome, stored.args_hash == *args_hash)))
    }

    fn settled(&self, mid: Mid, draft: &Draft) -> Result<Option<bool>, StoreError> {
        if let Some(commit) = draft.commits.iter().find(|c| c.record.mid == mid) {
            return Ok(Some(commit.record.ok));
        }
        Ok(self.reader.outcome(mid)?.map(|stored| stored.outcome.ok))
    }

    fn order(&mut self, mutation: &Mutation, now: Millis, draft: &Draft) -> Result<Order, StoreError> {
        for (mid, must_be_accepted) in [(mutation.after, false), (mutation.requires, true)] {
            let Some(mid) = mid else { continue };
            match self.settled(mid, draft)? {
                Some(false) if must_be_accepted => {
                    let message = "What this depends on was refused, so it was not done either.";
                    return Ok(Order::Refused(Reject::new(RejectCode::Dependency, message)));
                }
                Some(_) => {}
                None => {
                    // A predecessor of a time when outcomes are no longer kept will not come.
                    let since = *self.waiting.entry(mutation.mid).or_insert(now);
                    if now.since(since) < PREDECESSOR_WAIT {
                        return Ok(Order::TooEarly);
                    }
                    let message =
                        "An earlier action that this one follows never arrived. Reload the page and try again.";
                    return Ok(Order::Refused(Reject::new(RejectCode::PredecessorUnknown, message)));
                }
            }
        }
        Ok(Order::Go)
    }

    fn judge(&self, submission: &Submission, now: Millis) -> Result<(Vec<Op>, Vec<Text>), Reject> {
        let mutation = &submission.mutation;
        if let Some(reject) = &submission.refuse {
            return Err(reject.clone());
        }
        if mutation.max_age_ms.is_some_and(|max| mutation.age_ms.is_some_and(|age| age > max)) {
            let message =
                "This arrived too late to be done without asking again. Start it once more if you still want it.";
            return Err(Reject::new(RejectCode::TooLate, message));
        }
        let command = mutation.command().map_err(|e| {
            Reject::new(RejectCode::Invalid, format!("The action {:?} is not understood: {e}", mutation.name))
        })?;
        let ops = decide(&self.state, &command, Context { mid: mutation.mid, now, actor: submission.actor })?;
        Ok((ops, self.texts(&command, mutation.mid, now)))
    }

    fn texts(&self, command: &Command, mid: Mid, now: Millis) -> Vec<Text> {
        texts::of(&self.state, command, mid)
            .into_iter()
            .map(|new| Text {
                version: Version {
                    version: new.version,
                    task: new.task,
                    base: new.base,
                    author: if new.found { Author::File } else { Author::Person },
                    at: now,
                    hash: hash(new.text.as_bytes()),
                    size: new.text.len() as u64,
                },
                text: new.text,
            })
            .collect()
    }
}

enum Order {
    Go,
    TooEarly,
    Refused(Reject),
}

/// The hash by which a repeat of a mutation is told from a reuse of its id.
fn args_hash(mutation: &Mutation) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(mutation.name.as_bytes());
    hasher.update([0]);
    // serde_json keeps the keys of an object sorted.
    hasher.update(mutation.args.to_string().as_bytes());
    hasher.finalize().into()
}

fn refused(mid: Mid, head: Offset, reject: Reject) -> Outcome {
    Outcome { mid, epoch: head.epoch, seq: head.seq, ok: false, err: Some(reject) }
}

/// Refuses ids whose time says that their outcome may be forgotten, or that the clock of the sender is wrong.
fn expired(mid: Mid, now: Millis) -> Option<Reject> {
    let Some(at) = v7_time(mid.0) else {
        return Some(Reject::new(RejectCode::Invalid, "The id of an action must be a UUIDv7."));
    };
    if now.since(at) > OUTCOMES_KEPT {
        let message = "This action is more than 30 days old and was not done. Do it again if you still want it.";
        return Some(Reject::new(RejectCode::MutationExpired, message));
    }
    (at.since(now) > DAY).then(|| {
        let message = format!(
            "This machine's clock says {} ms since 1970, the server's says {} ms: over a day apart. Set the clocks right.",
            at.0, now.0
        );
        Reject::new(RejectCode::Clock, message)
    })
}

#[cfg(test)]
mod tests;
