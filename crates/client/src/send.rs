//! Acting and sending: the click (R1, R2), the order on one row, retries with the same `mid`.

use crate::client::{Client, Commit, Connection};
use crate::effect::Effect;
use crate::intent::{Intent, Sending};
use crate::journal::{self, BEAT, DEAD};
use crate::notice::Notice;
use qd_core::command::Command;
use qd_core::ids::{Mid, Millis};
use qd_core::op::{Reject, RejectCode};
use qd_wire::Mutation;

/// How many intents may wait (R12).
const QUEUE: usize = 500;
/// After this long without an outcome a card says so (R14), in milliseconds.
pub(crate) const SLOW: u64 = 10_000;

impl Client {
    /// R1: one synchronous commit mints the id, appends the intent, journals it, shows it.
    pub(crate) fn act(&mut self, command: Command, commit: &mut Commit) {
        let mid = Mid(self.mint.draw(self.now));
        commit.mid = Some(mid);
        if self.pending.iter().filter(|i| i.mine).count() >= QUEUE {
            let message = format!("{QUEUE} actions wait already. Nothing more is taken until the connection is back.");
            self.notices.push(Notice::new(
                mid,
                Some(&command),
                &Reject::new(RejectCode::NotAllowed, message),
                &self.visible,
            ));
            commit.chrome = true;
            return;
        }
        let command = self.collapse(command, commit);
        self.attached(command.blobs().map(|image| image.blob.clone()).collect());
        let mut mutation = Mutation::new(mid, &command);
        self.order(&command, &mut mutation);
        let key = journal::key(self.tab, mid);
        let entry =
            journal::Entry { v: journal::VERSION, mutation: mutation.clone(), clicked: self.now, outcome: None };
        commit
            .effects
            .push(Effect::Journal { key: key.clone(), value: serde_json::to_string(&entry).unwrap_or_default() });
        commit.intents = true;
        commit.chrome |= self.connection != Connection::Live;
        self.pending.push(Intent {
            mutation,
            command: Some(command),
            clicked: self.now,
            key,
            mine: true,
            unsaved: false,
            gone: false,
            outcome: None,
            sending: Sending::Unsent,
        });
    }

    /// R22: a save that was never sent gives way to the newer one; a sent one is never altered.
    fn collapse(&mut self, command: Command, commit: &mut Commit) -> Command {
        let Command::SaveDocument(mut save) = command else { return command };
        let at = self.pending.iter().rposition(|i| i.is_about(&[save.id.into()]));
        if let Some(at) = at {
            let intent = &self.pending[at];
            if let (true, Sending::Unsent, Some(Command::SaveDocument(older))) =
                (intent.mine, intent.sending, &intent.command)
            {
                save.base = older.base;
                commit.effects.push(Effect::Unjournal { key: intent.key.clone() });
                self.pending.remove(at);
            }
        }
        Command::SaveDocument(save)
    }

    /// Names what it comes after, and what it can't do without.
    fn order(&self, command: &Command, mutation: &mut Mutation) {
        let subjects = command.subjects();
        let last = self.pending.iter().rev().find(|i| i.is_about(&subjects));
        mutation.after = last.map(Intent::mid);
        let maker = self.pending.iter().find(|i| subjects.iter().any(|key| i.makes(*key)));
        mutation.requires = maker.map(Intent::mid);
        if mutation.requires == mutation.after {
            mutation.after = None;
        }
    }

    /// Sends what is due: each row's intents in their order.
    pub(crate) fn send_due(&mut self, commit: &mut Commit) {
        if self.connection == Connection::LoggedOut {
            return;
        }
        for at in 0..self.pending.len() {
            let intent = &self.pending[at];
            // Accepted, and its record does not come: the server may have been set back, so it is asked again.
            if !intent.mine && intent.outcome.is_none() {
                continue;
            }
            let due = match intent.sending {
                Sending::Unsent => true,
                Sending::OnItsWay { .. } => false,
                Sending::Again { at, .. } => at <= self.now,
            };
            if due && !self.is_held(intent) {
                commit.effects.push(self.blob_first(intent).unwrap_or_else(|| self.sending(intent)));
                let tries = if let Sending::Again { tries, .. } = intent.sending { tries } else { 0 };
                self.pending[at].sending = Sending::OnItsWay { tries };
                self.pending[at].mine = true;
            }
        }
    }

    fn sending(&self, intent: &Intent) -> Effect {
        let mut mutation = intent.mutation.clone();
        mutation.age_ms = Some(self.now.since(intent.clicked));
        mutation.blobs_gone = self.lost_blobs(intent);
        Effect::Send { mid: intent.mid(), body: serde_json::to_string(&mutation).unwrap_or_default() }
    }

    /// Whether what it comes after has yet to be settled by this tab itself.
    fn is_held(&self, intent: &Intent) -> bool {
        let before = [intent.mutation.after, intent.mutation.requires].into_iter().flatten();
        before.into_iter().any(|mid| self.pending.iter().any(|i| i.mid() == mid && i.mine && i.outcome.is_none()))
    }

    /// A POST had no definitive answer: the same again later.
    pub(crate) fn unanswered(&mut self, mid: Mid, wait: Option<u64>) {
        let Some(at) = self.pending.iter().position(|i| i.mid() == mid) else { return };
        let Sending::OnItsWay { tries } = self.pending[at].sending else { return };
        let wait = wait.unwrap_or_else(|| self.backoff(tries + 1));
        self.pending[at].sending = Sending::Again { at: Millis(self.now.0 + wait), tries: tries + 1 };
    }

    /// The connection is back: what waits is tried at once.
    pub(crate) fn hurry(&mut self) {
        let now = self.now;
        for intent in &mut self.pending {
            if let Sending::Again { at, .. } = &mut intent.sending {
                *at = now;
            }
        }
        if self.fetch_again.is_some() {
            self.fetch_again = Some(now);
        }
    }

    /// Jittered: 0.25 s doubling to 8 s, of which a random half.
    pub(crate) fn backoff(&mut self, tries: u32) -> u64 {
        let full = 250u64 << tries.saturating_sub(1).min(5);
        full / 2 + self.mint.below(full / 2)
    }

    /// When something is due at the latest without further events.
    pub(crate) fn next_wake(&self) -> Option<Millis> {
        // What is held, or waits for a log-in, is not due by any clock.
        let logged_in = self.connection != Connection::LoggedOut;
        let may_send = |i: &&Intent| logged_in && (i.mine || i.outcome.is_some()) && !self.is_held(i);
        let sends = self.pending.iter().filter(may_send).filter_map(|i| match i.sending {
            Sending::Again { at, .. } => Some(at),
            Sending::Unsent | Sending::OnItsWay { .. } => None,
        });
        let words = self.pending.iter().map(|i| Millis(i.clicked.0 + SLOW)).filter(|at| *at > self.now);
        let beat = self.pending.iter().any(|i| i.mine).then(|| Millis(self.beaten.0 + BEAT));
        let of_others = self.pending.iter().any(|i| !i.mine) || !self.leftovers.is_empty();
        let adoption = of_others.then(|| Millis(self.now.0 + DEAD + 1));
        let hub = (self.heard != Millis(0) && self.applied.is_some())
            .then(|| Millis(self.heard.0 + crate::client::HUB_SILENT + 1));
        sends
            .chain(words)
            .chain(beat)
            .chain(adoption)
            .chain(hub)
            .chain(self.fetch_again.filter(|_| logged_in))
            .min()
            .map(|at| at.max(self.now))
    }
}
