//! The client: one commit for each event. What the person sees is `visible = fold(decide, base, pending)`; no other
//! guess and no saved row exists.
//!
//! Invariants: `base` holds exactly what the log says up to `applied`; an intent leaves `pending` only by R3.

use crate::blobs::Blobs;
use crate::effect::{Effect, Output};
use crate::event::{Event, FromHub, ToHub};
use crate::intent::Intent;
use crate::list::Lists;
use crate::mint::Mint;
use crate::notice::Notice;
use crate::send::SLOW;
use qd_core::command::Command;
use qd_core::event::Activity;
use qd_core::ids::{Mid, Millis, SessionId, TaskId};
use qd_core::op::{Offset, Outcome};
use qd_core::row::{Key, Row, RowKind};
use qd_core::state::State;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use uuid::Uuid;

/// How many settled mutations are remembered, so that a late message of another tab is not overlaid again.
const SETTLED: usize = 10_000;
/// A hub that says nothing for this long is replaced, in milliseconds.
pub(crate) const HUB_SILENT: u64 = 10_000;

/// What a client is made with.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// Names the tab; survives its reload.
    pub tab: Uuid,
    /// From the system's entropy.
    #[serde(deserialize_with = "hex_seed")]
    pub seed: [u8; 32],
}

fn hex_seed<'de, D: serde::Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
    let text = String::deserialize(d)?;
    let mut seed = [0; 32];
    let bad = || serde::de::Error::custom("the seed must be 64 hexadecimal digits");
    if text.len() != 64 || !text.is_ascii() {
        return Err(bad());
    }
    for (byte, at) in seed.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| bad())?;
    }
    Ok(seed)
}

/// How the tab stands to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// The stream was not open yet.
    Opening,
    /// The stream is open.
    Live,
    /// The stream was lost then.
    Lost(Millis),
    /// The server wants a log-in.
    LoggedOut,
}

/// A snapshot that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Fetching {
    /// What was applied then.
    pub(crate) from: Option<Offset>,
    /// Which outcomes were asked for.
    pub(crate) mids: Vec<Mid>,
    /// Which of them were gone from the journal by then: what is still not settled gave way.
    pub(crate) gone: Vec<Mid>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) tab: Uuid,
    pub(crate) now: Millis,
    pub(crate) mint: Mint,
    pub(crate) base: State,
    pub(crate) visible: State,
    /// What the base is as of; `None` before the first snapshot or cached base.
    pub(crate) applied: Option<Offset>,
    pub(crate) pending: Vec<Intent>,
    /// The rows that pending intents touch, with the time of the oldest click.
    pub(crate) overlay: BTreeMap<Key, Millis>,
    pub(crate) settled: VecDeque<Mid>,
    pub(crate) settled_set: HashSet<Mid>,
    pub(crate) beats: HashMap<Uuid, Millis>,
    /// Keys of other tabs' intents that are settled: whoever finds their tab dead removes them.
    pub(crate) leftovers: BTreeMap<String, Millis>,
    pub(crate) beaten: Millis,
    /// Since when the clock has not been set back.
    pub(crate) since: Millis,
    pub(crate) connection: Connection,
    pub(crate) heard: Millis,
    /// This tab stands in a history that is no more: only a snapshot leads on.
    pub(crate) adrift: bool,
    /// The snapshot that is on its way.
    pub(crate) fetching: Option<Fetching>,
    pub(crate) fetch_again: Option<Millis>,
    pub(crate) fetch_tries: u32,
    pub(crate) activities: HashMap<SessionId, Activity>,
    pub(crate) documents: HashMap<TaskId, (Mid, Arc<str>)>,
    pub(crate) blobs: Blobs,
    pub(crate) notices: Vec<Notice>,
    pub(crate) lists: Lists,
    /// How many intents are slow: their cards say so (R14).
    pub(crate) slow: usize,
}

/// What a commit gathers.
#[derive(Default)]
pub(crate) struct Commit {
    pub(crate) effects: Vec<Effect>,
    /// Rows of the base that changed, or whose intents came or went.
    pub(crate) touched: BTreeSet<Key>,
    /// Rows whose picture changed for another reason.
    pub(crate) redraw: BTreeSet<Key>,
    /// Intents came or went.
    pub(crate) intents: bool,
    pub(crate) all: bool,
    pub(crate) chrome: bool,
    pub(crate) mid: Option<Mid>,
}

impl Client {
    /// A client that knows nothing yet: `Boot` comes first.
    pub fn new(config: &Config) -> Self {
        Self {
            tab: config.tab,
            now: Millis(0),
            mint: Mint::new(config.seed),
            base: State::default(),
            visible: State::default(),
            applied: None,
            pending: Vec::new(),
            overlay: BTreeMap::new(),
            settled: VecDeque::new(),
            settled_set: HashSet::new(),
            beats: HashMap::new(),
            leftovers: BTreeMap::new(),
            beaten: Millis(0),
            since: Millis(0),
            connection: Connection::Opening,
            heard: Millis(0),
            adrift: false,
            fetching: None,
            fetch_again: None,
            fetch_tries: 0,
            activities: HashMap::new(),
            documents: HashMap::new(),
            blobs: Blobs::default(),
            notices: Vec::new(),
            lists: Lists::default(),
            slow: 0,
        }
    }

    /// Takes one event: one commit.
    pub fn handle(&mut self, event: Event) -> Output {
        let mut commit = Commit::default();
        match event {
            Event::Boot { now, journal, cached } => {
                self.look_at_clock(now);
                self.boot(journal, cached.as_deref(), &mut commit);
            }
            Event::Act { command, now } => {
                self.look_at_clock(now);
                self.act(command, &mut commit);
            }
            Event::Hub { message, now } => {
                self.look_at_clock(now);
                self.hear_hub(message, &mut commit);
            }
            Event::Snapshot { text, now } => {
                self.look_at_clock(now);
                self.snapshot(&text, &mut commit);
            }
            Event::SnapshotFailed { status, now } => {
                self.look_at_clock(now);
                self.snapshot_failed(status, &mut commit);
            }
            Event::Reply { mid, status, body, now } => {
                self.look_at_clock(now);
                self.reply(mid, status, &body, &mut commit);
            }
            Event::SendFailed { mid, now } => {
                self.look_at_clock(now);
                self.unanswered(mid, None);
            }
            Event::BlobAnswered { mid, blob, status, now } => {
                self.look_at_clock(now);
                self.blob_answered(mid, blob, status, &mut commit);
            }
            Event::BlobLost { mid, blob, now } => {
                self.look_at_clock(now);
                self.blob_lost(mid, blob);
            }
            Event::Storage { key, value, now } => {
                self.look_at_clock(now);
                self.storage(&key, value.as_deref(), &mut commit);
            }
            Event::JournalRefused { key, now } => {
                self.look_at_clock(now);
                if let Some(intent) = self.pending.iter_mut().find(|i| i.key == key) {
                    intent.unsaved = true;
                    commit.chrome = true;
                }
            }
            Event::Document { task, version, text, now } => {
                self.look_at_clock(now);
                self.documents.insert(task, (version, text.into()));
                commit.redraw.insert(task.into());
            }
            Event::Dismiss { id, now } => {
                self.look_at_clock(now);
                self.notices.retain(|n| n.id != id);
                commit.chrome = true;
            }
            Event::Retry { id, now } => {
                self.look_at_clock(now);
                let command = self.notices.iter().find(|n| n.id == id).and_then(|n| n.command.clone());
                self.notices.retain(|n| n.id != id);
                commit.chrome = true;
                if let Some(command) = command {
                    let command = self.with_new_ids(command);
                    self.act(command, &mut commit);
                }
            }
            Event::LoggedIn { now } => {
                self.look_at_clock(now);
                self.logged_in(&mut commit);
            }
            Event::Tick { now } => self.look_at_clock(now),
        }
        self.finish(commit)
    }

    /// A clock that was set back must not put off what is due: all times that lie ahead are taken for now.
    fn look_at_clock(&mut self, now: Millis) {
        if now < self.now {
            self.since = now;
            self.heard = self.heard.min(now);
            self.beaten = Millis(self.beaten.0.min(now.0.saturating_sub(crate::journal::BEAT)));
            self.now = now;
            self.hurry();
        }
        self.now = now;
    }

    /// What every commit ends with: sends that are due, adoption, fold, the time of the next tick.
    fn finish(&mut self, mut commit: Commit) -> Output {
        if self.heard != Millis(0) && self.now.since(self.heard) > HUB_SILENT && self.applied.is_some() {
            self.heard = self.now;
            self.lose(&mut commit);
            commit.effects.push(Effect::ReplaceHub);
            self.join(&mut commit);
        }
        if self.connection != Connection::LoggedOut && self.fetch_again.is_some_and(|at| at <= self.now) {
            self.fetch_again = None;
            self.fetch(&mut commit);
        }
        self.adopt(&mut commit);
        self.refold(&mut commit);
        let slow = self.pending.iter().filter(|i| self.now.since(i.clicked) >= SLOW).count();
        if slow != self.slow {
            self.slow = slow;
            commit.redraw.extend(self.overlay.keys().copied());
        }
        self.send_due(&mut commit);
        self.beat(&mut commit);
        if let Some(at) = self.next_wake() {
            commit.effects.push(Effect::Wake { at });
        }
        let changed: BTreeSet<Key> = commit.redraw;
        let list_changed = self.lists.update(&self.visible, changed.iter().copied(), commit.all);
        Output {
            effects: commit.effects,
            changed: changed.into_iter().collect(),
            all: commit.all,
            chrome: commit.chrome || list_changed,
            mid: commit.mid,
        }
    }

    fn hear_hub(&mut self, message: FromHub, commit: &mut Commit) {
        self.heard = self.now;
        match message {
            FromHub::Frames { frames } => {
                for frame in frames {
                    self.frame(&frame, commit);
                }
            }
            FromHub::Connected => {
                commit.chrome |= self.connection != Connection::Live;
                self.connection = Connection::Live;
                self.hurry();
            }
            FromHub::Lost => self.lose(commit),
            FromHub::Behind => self.fetch(commit),
            FromHub::LoggedOut => self.log_out(commit),
            FromHub::Alive => {}
        }
    }

    fn lose(&mut self, commit: &mut Commit) {
        if !matches!(self.connection, Connection::Lost(_) | Connection::LoggedOut) {
            self.connection = Connection::Lost(self.now);
            commit.chrome = true;
            // The words on unconfirmed cards depend on it.
            commit.redraw.extend(self.overlay.keys().copied());
        }
    }

    pub(crate) fn log_out(&mut self, commit: &mut Commit) {
        if self.connection != Connection::LoggedOut {
            self.connection = Connection::LoggedOut;
            commit.chrome = true;
            commit.effects.push(Effect::Login);
        }
    }

    fn logged_in(&mut self, commit: &mut Commit) {
        self.connection = Connection::Opening;
        commit.chrome = true;
        self.hurry();
        if self.applied.is_none() {
            self.fetch(commit);
        } else {
            commit.effects.push(Effect::Hub { message: ToHub::Reopen });
            self.join(commit);
        }
    }

    pub(crate) fn join(&mut self, commit: &mut Commit) {
        if let Some(applied) = self.applied {
            // A hub that never says anything is silent too.
            if self.heard == Millis(0) {
                self.heard = self.now;
            }
            commit.effects.push(Effect::Hub { message: ToHub::Join { offset: applied.to_string() } });
        }
    }

    /// Remembers that a mutation is settled.
    pub(crate) fn remember(&mut self, mid: Mid) {
        if self.settled_set.insert(mid) {
            self.settled.push_back(mid);
            if self.settled.len() > SETTLED
                && let Some(old) = self.settled.pop_front()
            {
                self.settled_set.remove(&old);
            }
        }
    }

    /// A new id.
    pub fn mint(&mut self, now: Millis) -> Uuid {
        self.mint.draw(now)
    }

    /// The rows as the person sees them.
    pub fn visible(&self) -> &State {
        &self.visible
    }

    /// The rows as the log says.
    pub fn base(&self) -> &State {
        &self.base
    }

    /// What the base is as of.
    pub fn applied(&self) -> Option<Offset> {
        self.applied
    }

    /// What is not settled yet.
    pub fn pending(&self) -> &[Intent] {
        &self.pending
    }

    /// The refusals to tell.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The base, to be kept for the next start: `None` before there is one.
    pub fn base_json(&self) -> Option<String> {
        /// A `Snapshot` without outcomes.
        #[derive(serde::Serialize)]
        struct Cached<'a> {
            epoch: u64,
            seq: u64,
            tag: u32,
            rows: Vec<&'a Row>,
            settled: BTreeMap<Mid, Outcome>,
        }
        let Offset { epoch, seq, tag } = self.applied?;
        let rows = self.base.rows().map(AsRef::as_ref).collect();
        serde_json::to_string(&Cached { epoch, seq, tag, rows, settled: BTreeMap::new() }).ok()
    }

    /// The same command under new ids: what Retry sends.
    fn with_new_ids(&mut self, mut command: Command) -> Command {
        let now = self.now;
        match &mut command {
            Command::CreateTask(c) => c.id = TaskId(self.mint.draw(now)),
            Command::StartSession(c) => c.id = SessionId(self.mint.draw(now)),
            Command::RetryFrom(c) => {
                c.id = SessionId(self.mint.draw(now));
                c.prompt.0 = self.mint.draw(now);
            }
            Command::SendMessage(c) => c.id.0 = self.mint.draw(now),
            Command::AnswerRequest(c) => c.id.0 = self.mint.draw(now),
            Command::InterruptTurn(c) => c.id.0 = self.mint.draw(now),
            Command::ChooseOffer(c) => c.id.0 = self.mint.draw(now),
            _ => {}
        }
        command
    }

    /// Whether a row is the picture of something that the server has not confirmed.
    pub fn is_pending(&self, key: Key) -> bool {
        self.overlay.contains_key(&key)
            || key.kind == RowKind::Task
                && self.visible.jobs_of(TaskId(key.id)).any(|j| j.state == qd_core::row::JobState::Pending)
    }
}
