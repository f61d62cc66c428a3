//! The command line of the model: it posts mutations itself and repeats each until it has a definitive answer.

use super::server::Http;
use qd_core::command::Command;
use qd_core::ids::Mid;
use qd_core::op::Outcome;
use qd_wire::Mutation;
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug, Default)]
pub struct Cli {
    waiting: BTreeMap<Mid, String>,
}

impl Cli {
    /// Begins a mutation; gives the body to post.
    pub fn begin(&mut self, mid: Mid, command: &Command) -> String {
        let body = serde_json::to_string(&Mutation::new(mid, command)).unwrap_or_default();
        self.waiting.insert(mid, body.clone());
        body
    }

    /// Takes an answer; gives the body to post again where it was none.
    pub fn answered(&mut self, mid: Mid, http: Option<&Http>) -> Option<String> {
        let outcome = http.and_then(|http| serde_json::from_str::<Outcome>(&http.body).ok());
        if outcome.is_some_and(|outcome| outcome.mid == mid) {
            self.waiting.remove(&mid);
            return None;
        }
        self.waiting.get(&mid).cloned()
    }

    /// Whether nothing waits.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }
}
