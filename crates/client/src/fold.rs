//! The fold: `visible = fold(decide, base, pending)`, recomputed for the rows that can differ (R4, R5). An intent's
//! effect is the server's own `decide`; where that refuses, the intent contributes nothing and stays.

use crate::client::{Client, Commit};
use crate::list::owner;
use qd_core::decide::{Context, decide};
use qd_core::ids::Millis;
use qd_core::op::Actor;
use qd_core::row::{Key, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Client {
    /// Recomputes what is visible after `commit.touched` changed in the base or intents came or went, and adds the
    /// rows whose picture changed to `commit.redraw`.
    pub(crate) fn refold(&mut self, commit: &mut Commit) {
        if !commit.all && !commit.intents && commit.touched.is_empty() {
            return;
        }
        if commit.all {
            self.visible = self.base.clone();
            self.overlay = self.fold_pending(&mut BTreeMap::new());
            return;
        }
        let before_overlay = std::mem::take(&mut self.overlay);
        let mut before: BTreeMap<Key, Option<Arc<Row>>> = BTreeMap::new();
        let reset: BTreeSet<Key> = commit.touched.iter().chain(before_overlay.keys()).copied().collect();
        for key in reset {
            let old = self.visible.replace(key, self.base.get(key).cloned());
            before.insert(key, old);
        }
        self.overlay = self.fold_pending(&mut before);
        for (key, old) in before {
            let new = self.visible.get(key);
            let same = match (&old, new) {
                (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
                (None, None) => true,
                _ => false,
            };
            // The list can't find any more to which task it belonged.
            let left = old.as_deref().and_then(owner);
            if let Some(task) = left.filter(|_| left != new.and_then(|row| owner(row))) {
                commit.redraw.insert(task.into());
            }
            if !same || before_overlay.get(&key) != self.overlay.get(&key) {
                commit.redraw.insert(key);
            }
        }
    }

    /// Runs the pending intents over `visible`. What was there before a row's first change is added to `before`.
    fn fold_pending(&mut self, before: &mut BTreeMap<Key, Option<Arc<Row>>>) -> BTreeMap<Key, Millis> {
        let mut overlay = BTreeMap::new();
        for intent in &self.pending {
            let Some(command) = &intent.command else { continue };
            let cx = Context { mid: intent.mid(), now: intent.clicked, actor: Actor::Person };
            let Ok(ops) = decide(&self.visible, command, cx) else { continue };
            for op in &ops {
                let key = op.key();
                let ver = self.base.get(key).map_or(0, |row| row.ver());
                if let Ok(old) = self.visible.apply(op, ver) {
                    before.entry(key).or_insert(old);
                    overlay.entry(key).or_insert(intent.clicked);
                }
            }
        }
        overlay
    }
}
