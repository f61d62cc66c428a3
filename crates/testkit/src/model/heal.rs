//! The end of a schedule: the network heals, and everything must come together (I5).

use super::violation::{Violated, Violation};
use super::world::World;
use qd_client::list::{Query, Show};
use qd_core::command::Command;
use qd_core::ids::SessionId;
use qd_core::row::RowKind;
use std::collections::{BTreeMap, BTreeSet};

/// What must happen happens within so many seconds.
const SECONDS: usize = 400;
/// And so many for each intent that waits: a predecessor that a backup lost is waited for two minutes, by each of those
/// that come one after the other.
const EACH: usize = 125;
/// But no more than so many.
const LONGEST: usize = 1_500;

/// The list that each page has open from the start, so that it is kept through all that happens.
pub(super) fn every_task() -> Query {
    Query { show: Show::All, ..Query::default() }
}

impl World {
    /// Lets everything come to rest and looks whether it is right.
    pub fn heal(&mut self) -> Violated<()> {
        self.refusing = 0;
        let mut wait = 100;
        let mut waited = 0;
        let mut late_pages = 0;
        let patience = (SECONDS + EACH * self.journaled().len()).min(LONGEST);
        loop {
            self.log_in()?;
            self.calm()?;
            let Err(reason) = self.is_healed() else {
                if self.journaled().is_empty() {
                    break;
                }
                // What dead tabs left and all open ones hold for settled is tidied up by the next page.
                late_pages += 1;
                if late_pages > 2 {
                    return Err(Violation::new("I5", "the journal keeps what is settled"));
                }
                self.pass(2 * qd_client::journal::DEAD)?;
                self.open_tab()?;
                continue;
            };
            if waited > patience * 1000 {
                return Err(Violation::new("I5", reason));
            }
            self.pass(wait)?;
            waited += usize::try_from(wait).unwrap_or(patience * 1000);
            wait = (wait * 2).min(5_000);
        }
        self.check_lists()?;
        self.check_fates()?;
        self.check_starts()
    }

    fn is_healed(&self) -> Result<(), String> {
        let head = self.server.history.head();
        for tab in &self.tabs {
            let (id, client) = (tab.page, &tab.client);
            if client.applied() != Some(head) {
                return Err(format!(
                    "page {id} stays at {:?}, the log is at {head}",
                    client.applied().map(|o| o.to_string())
                ));
            }
            if let Some(intent) = client.pending().first() {
                return Err(format!("page {id} keeps {} ({}) pending", intent.mid(), intent.mutation.name));
            }
            if client.visible() != self.server.state() {
                return Err(format!("page {id} does not show what the server has"));
            }
            if client.connection().state != "live" {
                return Err(format!("page {id} says that it is {}", client.connection().state));
            }
        }
        if !self.cli.is_done() {
            return Err("the command line waits for ever".to_owned());
        }
        Ok(())
    }

    /// I2: one line for each task and one card for each session, in the order that a fresh list has.
    fn check_lists(&mut self) -> Violated<()> {
        for tab in &mut self.tabs {
            let client = &mut tab.client;
            let query = Query { to: 10_000, ..every_task() };
            let ids = |client: &mut qd_client::Client, query: &Query| {
                client.task_lines(query).lines.into_iter().map(|l| l.id).collect::<Vec<_>>()
            };
            let kept = ids(client, &query);
            // Another filter, though it lets everything through: this list is made anew.
            if kept != ids(client, &Query { filter: " ".to_owned(), ..query }) {
                return Err(Violation::new("I2", "the list that was kept is not the list that is made anew"));
            }
            let tasks = client.visible().of_kind(RowKind::Task).count();
            if kept.len() != tasks || kept.iter().collect::<BTreeSet<_>>().len() != tasks {
                return Err(Violation::new("I2", format!("{} lines for {tasks} tasks", kept.len())));
            }
            // R19: the page leaves out a message once its output has it, and for no other reason.
            for session in kept.iter().flat_map(|id| client.visible().sessions_of(*id)) {
                let shown = client.session(session.id).map_or(0, |view| view.messages.len());
                if shown != client.visible().messages_of(session.id).count() {
                    return Err(Violation::new("R19", format!("messages to {} are not shown", session.id)));
                }
            }
            let cards: usize = kept.iter().map(|id| client.sessions(*id)).map(|l| l.active.len() + l.ended.len()).sum();
            let of_tasks: usize = kept.iter().map(|id| client.visible().sessions_of(*id).count()).sum();
            if cards != of_tasks {
                return Err(Violation::new("I2", format!("{cards} cards for {of_tasks} sessions")));
            }
        }
        Ok(())
    }

    /// Nothing is lost: whatever was done has its one outcome, unless its history is no more, or it gave way to a later
    /// save, or it fell with what it requires.
    fn check_fates(&self) -> Violated<()> {
        let history = &self.server.history;
        for (mid, clicked) in &self.clicked {
            let gave_way = self.gave_way.contains(mid);
            let fell = self.around().fell(*mid);
            let forgotten = self.unsaved.contains(mid);
            if !(history.is_answered(*mid) || history.was_lost(*mid) || gave_way || fell || forgotten) {
                return Err(Violation::new("I5", format!("{mid} ({:?}) was never settled", clicked.command)));
            }
        }
        Ok(())
    }

    /// I6: each session id is named by exactly one accepted mutation.
    fn check_starts(&self) -> Violated<()> {
        let history = &self.server.history;
        let mut starts: BTreeMap<SessionId, u32> = BTreeMap::new();
        for (mid, clicked) in &self.clicked {
            let accepted = history.settled_before(*mid, history.head()).is_some_and(|(_, outcome)| outcome.ok);
            if let (true, Command::StartSession(start)) = (accepted, &clicked.command) {
                *starts.entry(start.id).or_default() += 1;
            }
        }
        match starts.iter().find(|(id, count)| **count > 1 && !self.around().was_deleted(**id)) {
            Some((session, count)) => Err(Violation::new("I6", format!("{session} was started {count} times"))),
            None => Ok(()),
        }
    }
}
