//! Counts what a run reached, so that it can be seen to prove something.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// How often each thing happened.
#[derive(Default)]
pub struct Tally(Mutex<BTreeMap<String, u32>>);

impl Tally {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn count(&self, what: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what.into()).or_default() += 1;
    }

    /// Fails where something that `what` names did not happen `least` times.
    pub fn assert(&self, what: impl IntoIterator<Item = String>, least: u32) {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rare = what.into_iter().filter(|what| counts.get(what).copied().unwrap_or(0) < least);
        let rare: Vec<String> = rare.collect();
        assert!(rare.is_empty(), "too rare to prove anything: {rare:?} in {counts:#?}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().try_for_each(|(what, count)| writeln!(f, "{count:>8}  {what}"))
    }
}
