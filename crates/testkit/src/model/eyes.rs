//! What watches one tab: after every commit, that is before every possible paint, it holds what the tab shows against
//! what the server's log says and what the tab was told.

use super::history::History;
use super::violation::{Violated, Violation};
use super::world::Clicked;
use qd_client::event::FromHub;
use qd_client::{Client, Event, Output, journal};
use qd_core::command::Command;
use qd_core::decide::{Context, decide};
use qd_core::ids::{Mid, SessionId};
use qd_core::op::{Actor, Offset, Outcome};
use qd_core::row::{Key, Row, RowKind};
use qd_core::state::State;
use qd_wire::LogFrame;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// What a tab showed before a commit.
pub struct Before {
    visible: State,
    base: State,
    applied: Option<Offset>,
    pending: Vec<Was>,
    marked: BTreeSet<Key>,
    /// Where the frames of the event lead.
    leads_to: Option<Offset>,
    /// What the event tells of mutations.
    told: Vec<Outcome>,
    saves: bool,
    storage: bool,
}

/// An intent before a commit.
struct Was {
    mid: Mid,
    mine: bool,
    saves: bool,
}

/// A session that a person clicked for in this tab.
#[derive(Clone, Debug)]
struct Card {
    session: SessionId,
    mid: Mid,
}

/// What was there before a click.
#[derive(Clone)]
struct Click {
    visible: State,
    pending: Vec<Mid>,
    moves: u64,
}

/// See the module. It outlives reloads, as the person does.
#[derive(Default)]
pub struct Eyes {
    cards: Vec<Card>,
    /// Sessions whose start was refused, seen by the person.
    refused: HashSet<SessionId>,
    /// Mutations that left this page, and what it was told of them.
    gone: HashSet<Mid>,
    told: HashMap<Mid, (bool, Option<Offset>)>,
    clicks: HashMap<Mid, Click>,
    /// How often the base moved.
    moves: u64,
    /// The base that the page began with and what its journal held then.
    began: Option<(Offset, HashSet<Mid>)>,
}

#[derive(Deserialize)]
struct Settled {
    settled: BTreeMap<Mid, Outcome>,
}

impl Before {
    /// Looks at a tab before `event`.
    pub fn look(client: &Client, event: &Event) -> Self {
        let (mut leads_to, mut told) = (client.applied(), Vec::new());
        match event {
            Event::Hub { message: FromHub::Frames { frames }, .. } => {
                for frame in frames {
                    let (Ok(LogFrame::Record { record }), Some(at)) = (serde_json::from_str(frame), leads_to) else {
                        continue;
                    };
                    if record.epoch == at.epoch && record.seq == at.seq + 1 {
                        leads_to = Some(Offset::from(&record));
                        told.push(Outcome::from(&record));
                    }
                }
            }
            Event::Reply { mid, status, body, .. } if *status == 200 || (400..500).contains(status) => {
                told.extend(serde_json::from_str::<Outcome>(body).ok().filter(|o| o.mid == *mid));
            }
            Event::Snapshot { text, .. } => {
                told.extend(serde_json::from_str::<Settled>(text).into_iter().flat_map(|s| s.settled.into_values()));
            }
            Event::Storage { value: Some(value), .. } => {
                told.extend(serde_json::from_str::<journal::Entry>(value).ok().and_then(|e| e.outcome));
            }
            _ => {}
        }
        let saves = |command: Option<&Command>| matches!(command, Some(Command::SaveDocument(_)));
        Self {
            visible: client.visible().clone(),
            base: client.base().clone(),
            applied: client.applied(),
            pending: client
                .pending()
                .iter()
                .map(|i| Was { mid: i.mid(), mine: i.mine, saves: saves(i.command.as_ref()) })
                .collect(),
            marked: marked(client),
            leads_to,
            told,
            saves: matches!(event, Event::Act { command: Command::SaveDocument(_), .. } | Event::Retry { .. }),
            storage: matches!(event, Event::Storage { .. }),
        }
    }
}

impl Before {
    /// Saves that were pending and are not any more.
    pub fn saves_that_left(&self, client: &Client) -> impl Iterator<Item = Mid> {
        self.pending
            .iter()
            .filter(|was| was.saves && !client.pending().iter().any(|i| i.mid() == was.mid))
            .map(|was| was.mid)
    }
}

fn marked(client: &Client) -> BTreeSet<Key> {
    if client.pending().is_empty() {
        return BTreeSet::new();
    }
    client.visible().rows().map(|row| row.key()).filter(|key| client.is_pending(*key)).collect()
}

/// What is known beside the tab.
pub struct Around<'a> {
    /// The server's log.
    pub history: &'a History,
    /// Which tab ever posted which mutation.
    pub sent: &'a HashSet<(Uuid, Mid)>,
    /// The tab that is watched.
    pub tab: Uuid,
    /// Clicks that the journal refused: a reload may forget them.
    pub unsaved: &'a HashSet<Mid>,
    /// All that was clicked.
    pub clicked: &'a HashMap<Mid, Clicked>,
    /// A backup was ever put back, so that records of two histories may meet.
    pub restored: bool,
}

impl Around<'_> {
    fn requires(&self, mid: Mid) -> Option<Mid> {
        self.clicked.get(&mid).and_then(|clicked| clicked.requires)
    }

    /// Whether the card of a session was removed: an id that is free again may be taken again.
    pub fn was_deleted(&self, session: SessionId) -> bool {
        let mut all = self.clicked.values();
        all.any(|clicked| matches!(&clicked.command, Command::DeleteSession(c) if c.id == session))
    }

    /// Whether more than one click named the session: then it is there for another's sake.
    fn is_named_twice(&self, session: SessionId) -> bool {
        let starts = |clicked: &&Clicked| matches!(&clicked.command, Command::StartSession(c) if c.id == session);
        self.clicked.values().filter(starts).count() > 1
    }

    /// Whether a mutation was refused, or one that it can't be done without.
    pub fn fell(&self, mid: Mid) -> bool {
        std::iter::successors(Some(mid), |mid| self.requires(*mid)).any(|mid| self.history.was_refused(mid))
    }
}

impl Eyes {
    /// The page is loaded anew: it knows nothing of what it was told, the person does.
    pub fn reload(&mut self, cached: Option<Offset>, journaled: HashSet<Mid>) {
        self.gone.clear();
        self.told.clear();
        self.clicks.clear();
        self.began = cached.map(|at| (at, journaled));
    }

    /// What the server said before is void: it was set back.
    pub fn forget(&mut self) {
        self.told.clear();
        self.gone.clear();
    }

    /// Holds a commit against the promises.
    pub fn check(&mut self, client: &Client, before: &Before, out: &Output, around: &Around) -> Violated<()> {
        let same_history = match (before.applied, client.applied()) {
            (Some(old), Some(new)) => old.epoch == new.epoch && around.history.leads(old, new),
            _ => false,
        };
        if before.applied != client.applied() {
            self.moves += u64::from(before.base != *client.base());
            check_base(client, before, around, same_history)?;
            if !same_history && before.applied.is_some() {
                self.forget();
            }
        }
        let (refolded, refusing) = fold(client);
        self.note_click(client, before, out);
        self.check_cards(client, around, &refusing)?;
        self.check_rollback(client, before, around)?;
        if refolded != *client.visible() {
            return Err(Violation::new("I7", "what is shown is not the fold of the pending intents over the base"));
        }
        check_promptness(client, before, out, around)?;
        self.check_settled(client, before, around)?;
        check_departures(client, before, around)?;
        if around.restored { Ok(()) } else { check_falls(client, before) }
    }

    fn note_click(&mut self, client: &Client, before: &Before, out: &Output) {
        let Some(intent) = out.mid.and_then(|mid| client.pending().iter().find(|i| i.mid() == mid)) else { return };
        let click = Click {
            visible: before.visible.clone(),
            pending: before.pending.iter().map(|p| p.mid).collect(),
            moves: self.moves,
        };
        self.clicks.insert(intent.mid(), click);
        if let Some(Command::StartSession(c)) = &intent.command {
            let new = before.visible.session(c.id).is_none() && client.visible().session(c.id).is_some();
            if new {
                self.cards.push(Card { session: c.id, mid: intent.mid() });
            }
        }
    }

    /// I1: what was clicked stays until it ended or its refusal was seen; what was refused never comes back.
    fn check_cards(&mut self, client: &Client, around: &Around, refusing: &HashSet<Mid>) -> Violated<()> {
        let Some(applied) = client.applied() else { return Ok(()) };
        for session in &self.refused {
            let known = around.history.at(applied).is_some_and(|state| state.session(*session).is_some());
            if client.visible().session(*session).is_some() && !known && !around.is_named_twice(*session) {
                return Err(Violation::new("I1", format!("the refused session {session} came back")));
            }
        }
        let mut kept = Vec::with_capacity(self.cards.len());
        for card in std::mem::take(&mut self.cards) {
            match client.visible().session(card.session) {
                Some(row) if row.status.is_ended() => {}
                Some(_) => kept.push(card),
                None => {
                    let refused = around.fell(card.mid);
                    let pending = client.pending().iter().any(|i| i.mid() == card.mid);
                    if pending && refusing.contains(&card.mid) {
                        kept.push(card);
                    } else if refused && !pending {
                        self.refused.insert(card.session);
                    } else if is_deleted(client, card.session, refusing) {
                        // By a person; a refusal of that brings it back.
                        kept.push(card);
                    } else if self.may_be_behind(&card, applied, around) {
                        kept.push(card);
                    } else if !is_over(client, &card, applied, around) && !around.is_named_twice(card.session) {
                        return Err(Violation::new("I1", format!("the clicked session {} vanished", card.session)));
                    }
                }
            }
        }
        self.cards = kept;
        Ok(())
    }

    /// The page began with a base that is older than what the page before it had seen, and has not caught up; or it
    /// was never journaled and forgotten by the reload.
    fn may_be_behind(&self, card: &Card, applied: Offset, around: &Around) -> bool {
        if around.unsaved.contains(&card.mid) {
            return true;
        }
        let Some((_, journaled)) = &self.began else { return false };
        let settled = around.history.settled_before(card.mid, around.history.head());
        !journaled.contains(&card.mid) && settled.is_some_and(|(at, _)| !around.history.leads(*at, applied))
    }

    /// I7: where nothing else moved, a refusal leaves what was there before the click; and it is told.
    fn check_rollback(&mut self, client: &Client, before: &Before, around: &Around) -> Violated<()> {
        let now: Vec<Mid> = client.pending().iter().map(qd_client::intent::Intent::mid).collect();
        for was in before.pending.iter().filter(|was| !now.contains(&was.mid)) {
            let click = self.clicks.remove(&was.mid);
            self.gone.insert(was.mid);
            let history = around.history;
            let accepted = history.settled(was.mid).iter().any(|(_, outcome)| outcome.ok);
            if accepted || !around.history.was_refused(was.mid) {
                continue;
            }
            // The one that follows tells what becomes of it: what it requires fell, or it gave way to a later save while
            // another tab, which took this one for dead, had it refused.
            let follows = around.requires(was.mid).is_some_and(|mid| around.fell(mid)) || before.saves && was.saves;
            if was.mine && !follows && !client.notices().iter().any(|n| n.id == was.mid) {
                return Err(Violation::new("I7", format!("the refusal of {} was not told", was.mid)));
            }
            let still = click.filter(|click| click.moves == self.moves && click.pending == now);
            if still.is_some_and(|click| click.visible != *client.visible()) {
                return Err(Violation::new("I7", format!("the refusal of {} left something behind", was.mid)));
            }
        }
        Ok(())
    }

    /// I4: what is settled as far as the page has read is not pending, and never again.
    fn check_settled(&mut self, client: &Client, before: &Before, around: &Around) -> Violated<()> {
        for outcome in &before.told {
            let at = around
                .history
                .settled(outcome.mid)
                .iter()
                .find(|(at, _)| (at.epoch, at.seq) == (outcome.epoch, outcome.seq));
            self.told.insert(outcome.mid, (outcome.ok, at.map(|(at, _)| *at)));
        }
        for mid in client.pending().iter().map(qd_client::intent::Intent::mid) {
            if self.gone.contains(&mid) {
                return Err(Violation::new("I4", format!("{mid} is pending again")));
            }
            let settled = self.told.get(&mid).is_some_and(|(ok, at)| match (ok, at, client.applied()) {
                (false, ..) => true,
                (true, Some(at), Some(applied)) => around.history.leads(*at, applied),
                (true, ..) => false,
            });
            // Where frames of two histories met, a tab waits for a snapshot before it believes either.
            if settled && !around.restored {
                return Err(Violation::new("I4", format!("{mid} is settled and still pending")));
            }
        }
        Ok(())
    }
}

/// Whether a click that is not settled yet deletes the session.
fn is_deleted(client: &Client, session: SessionId, refusing: &HashSet<Mid>) -> bool {
    client.pending().iter().any(|intent| {
        matches!(&intent.command, Some(Command::DeleteSession(c)) if c.id == session)
            && !refusing.contains(&intent.mid())
    })
}

/// Whether a session that is not shown is rightly so: the log took it away again, or its history is no more. A tab
/// that has not yet heard that its history is no more counts the new one's seqs by the old.
fn is_over(client: &Client, card: &Card, applied: Offset, around: &Around) -> bool {
    let history = around.history;
    if client.base().session(card.session).is_some_and(|row| row.status.is_ended()) {
        return true;
    }
    if history.settled_before(card.mid, history.head()).is_some() && !history.is_kept(applied) {
        return true;
    }
    let in_the_log = history.settled_before(card.mid, applied).is_some();
    let there = history.at(applied).is_some_and(|state| state.session(card.session).is_some());
    history.was_lost(card.mid) || in_the_log && !there
}

/// The fold, from nothing, and the intents that contribute nothing to it.
fn fold(client: &Client) -> (State, HashSet<Mid>) {
    let (mut state, mut refusing) = (client.base().clone(), HashSet::new());
    for intent in client.pending() {
        let Some(command) = &intent.command else { continue };
        let cx = Context { mid: intent.mid(), now: intent.clicked, actor: Actor::Person };
        match decide(&state, command, cx) {
            Ok(ops) => {
                for op in &ops {
                    let ver = client.base().get(op.key()).map_or(0, |row| row.ver());
                    // What can't be applied is left out, as the client does.
                    let _ = state.apply(op, ver);
                }
            }
            Err(_) => drop(refusing.insert(intent.mid())),
        }
    }
    (state, refusing)
}

/// I5, I3: the base is what the log says at its offset, and never goes back within one history.
fn check_base(client: &Client, before: &Before, around: &Around, same_history: bool) -> Violated<()> {
    let history = around.history;
    let Some(applied) = client.applied() else {
        return if around.restored { Ok(()) } else { Err(Violation::new("I5", "the base has drifted from the log")) };
    };
    if let Some(old) = before.applied.filter(|_| !same_history)
        && history.is_kept(old)
        && history.leads(applied, old)
    {
        return Err(Violation::new("I3", format!("the base went back from {old} to {applied}")));
    }
    // Where two histories met, the next snapshot mends it: the end of the schedule looks.
    if !around.restored {
        match history.at(applied) {
            None => return Err(Violation::new("I5", format!("the log never was at {applied}"))),
            Some(state) if state != client.base() => {
                return Err(Violation::new("I5", format!("the base is not what the log says at {applied}")));
            }
            Some(_) => {}
        }
    }
    if same_history && !around.restored {
        for row in before.base.rows() {
            let Some(now) = client.base().get(row.key()) else { continue };
            let fell = match (row.as_ref(), now.as_ref()) {
                (Row::Session(old), Row::Session(new)) => {
                    let fell = (new.attempt, new.status.rank()) < (old.attempt, old.status.rank());
                    fell && !around.was_deleted(old.id)
                }
                _ => false,
            };
            if fell || now.ver() < row.ver() {
                return Err(Violation::new("I3", format!("{:?} fell in the base", row.key())));
            }
        }
    }
    Ok(())
}

/// I8: a record that follows is applied in the commit in which it arrives, and whoever draws is told of every row that
/// looks different.
fn check_promptness(client: &Client, before: &Before, out: &Output, around: &Around) -> Violated<()> {
    let late = match (before.leads_to, client.applied()) {
        (Some(at), Some(applied)) => at.epoch == applied.epoch && applied.seq < at.seq,
        (Some(_), None) => !around.restored,
        (None, _) => false,
    };
    if late && !around.restored {
        return Err(Violation::new("I8", "a record that follows was not applied as it came"));
    }
    if out.all {
        return Ok(());
    }
    let keys = before.visible.rows().chain(client.visible().rows()).map(|row| row.key());
    let marked = marked(client);
    for key in keys {
        let looks_the_same = before.visible.get(key) == client.visible().get(key)
            && (before.marked.contains(&key) == marked.contains(&key) || key.kind == RowKind::Task);
        if !looks_the_same && !out.changed.contains(&key) {
            return Err(Violation::new("I8", format!("{key:?} changed and nobody was told")));
        }
    }
    Ok(())
}

/// R3: an intent leaves when its record is applied or its refusal is known, and a sent one for no other reason.
fn check_departures(client: &Client, before: &Before, around: &Around) -> Violated<()> {
    let history = around.history;
    for was in &before.pending {
        if client.pending().iter().any(|i| i.mid() == was.mid) {
            continue;
        }
        let refused = around.fell(was.mid);
        let applied = client.applied().is_some_and(|applied| history.settled_before(was.mid, applied).is_some());
        // As in `is_over`: seqs of a new history are taken for the old one's until the tab hears of it.
        let astray = client.applied().is_some_and(|applied| !history.is_kept(applied)) && history.is_answered(was.mid);
        if refused || applied || astray || history.was_lost(was.mid) {
            continue;
        }
        // It gave way to a later save in the tab that made it, and this one heard.
        if was.saves && !was.mine {
            continue;
        }
        if !(before.saves && was.saves) {
            return Err(Violation::new("R3", format!("{} left before its record was applied", was.mid)));
        }
        if around.sent.contains(&(around.tab, was.mid)) {
            return Err(Violation::new("R22", format!("the save {} was sent and then altered", was.mid)));
        }
    }
    Ok(())
}

/// I3, for what is shown: while the log says nothing new and nothing is refused, nothing falls.
fn check_falls(client: &Client, before: &Before) -> Violated<()> {
    let left = before.pending.iter().any(|was| !client.pending().iter().any(|i| i.mid() == was.mid));
    if left || before.storage || before.applied != client.applied() {
        return Ok(());
    }
    for row in before.visible.of_kind(RowKind::Session) {
        let (Row::Session(old), Some(new)) = (row, client.visible().session(SessionId(row.key().id))) else { continue };
        if (new.attempt, new.status.rank()) < (old.attempt, old.status.rank()) {
            return Err(Violation::new("I3", format!("the session {} fell on the screen", old.id)));
        }
    }
    Ok(())
}
