//! Every state that the server's log was ever at, also of histories that a restored backup cut off.

use qd_core::ids::Mid;
use qd_core::op::{Offset, Outcome, Record, Reject};
use qd_core::state::State;
use std::collections::HashMap;

/// One position of the log.
#[derive(Debug)]
struct Node {
    parent: Offset,
    state: State,
}

/// See the module.
#[derive(Debug, Default)]
pub struct History {
    nodes: HashMap<Offset, Node>,
    /// Where each mutation was settled, once for each history.
    settled: HashMap<Mid, Vec<(Offset, Outcome)>>,
    /// Refusals that are not recorded.
    refused: HashMap<Mid, Reject>,
    /// Where the server stands.
    head: Offset,
    empty: State,
}

impl History {
    /// A history that begins at `head` with `state`.
    pub fn new(head: Offset, state: State) -> Self {
        let nodes = HashMap::from([(head, Node { parent: head, state })]);
        Self { nodes, head, ..Self::default() }
    }

    /// Where the server stands.
    pub fn head(&self) -> Offset {
        self.head
    }

    /// The state at an offset, where the log was ever there.
    pub fn at(&self, offset: Offset) -> Option<&State> {
        self.nodes.get(&offset).map(|node| &node.state)
    }

    /// The state where the server stands.
    pub fn state(&self) -> &State {
        self.at(self.head).unwrap_or(&self.empty)
    }

    /// Takes a record in; says what is wrong with it.
    pub fn append(&mut self, record: &Record) -> Result<(), String> {
        let mut state = self.at(self.head).cloned().unwrap_or_default();
        for op in &record.ops {
            state.apply(op, record.seq).map_err(|e| e.to_string())?;
        }
        let offset = Offset::from(record);
        self.nodes.insert(offset, Node { parent: self.head, state });
        self.settled.entry(record.mid).or_default().push((offset, Outcome::from(record)));
        self.head = offset;
        Ok(())
    }

    /// The server begins another epoch where it stands.
    pub fn new_epoch(&mut self, head: Offset) {
        let state = self.at(self.head).cloned().unwrap_or_default();
        self.nodes.insert(head, Node { parent: self.head, state });
        self.head = head;
    }

    /// The server was set back to `head`.
    pub fn go_back(&mut self, head: Offset) {
        self.head = head;
    }

    /// Takes an answer in that was given without a record.
    pub fn refuse(&mut self, outcome: &Outcome) {
        if let (Some(reject), false) = (&outcome.err, self.settled.contains_key(&outcome.mid)) {
            self.refused.insert(outcome.mid, reject.clone());
        }
    }

    /// Whether the log that leads to `later` went through `earlier`.
    pub fn leads(&self, earlier: Offset, later: Offset) -> bool {
        let mut at = later;
        loop {
            if at == earlier {
                return true;
            }
            match self.nodes.get(&at) {
                Some(node) if node.parent != at && at.seq >= earlier.seq => at = node.parent,
                _ => return false,
            }
        }
    }

    /// Whether the server's log goes through `offset`.
    pub fn is_kept(&self, offset: Offset) -> bool {
        self.leads(offset, self.head)
    }

    /// Where a mutation was settled, in any history.
    pub fn settled(&self, mid: Mid) -> &[(Offset, Outcome)] {
        self.settled.get(&mid).map_or(&[], Vec::as_slice)
    }

    /// Where a mutation was settled in the history that leads to `offset`.
    pub fn settled_before(&self, mid: Mid, offset: Offset) -> Option<&(Offset, Outcome)> {
        self.settled(mid).iter().find(|(at, _)| self.leads(*at, offset))
    }

    /// Whether a mutation was ever refused, with or without a record.
    pub fn was_refused(&self, mid: Mid) -> bool {
        self.refused.contains_key(&mid) || self.settled(mid).iter().any(|(_, outcome)| !outcome.ok)
    }

    /// Whether a mutation was settled in a history that is no more.
    pub fn was_lost(&self, mid: Mid) -> bool {
        self.settled(mid).iter().any(|(at, _)| !self.is_kept(*at))
    }

    /// Whether the server knows a definitive answer now.
    pub fn is_answered(&self, mid: Mid) -> bool {
        self.refused.contains_key(&mid) || self.settled_before(mid, self.head).is_some()
    }
}
