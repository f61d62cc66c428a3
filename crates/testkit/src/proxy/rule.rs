//! Rules: which requests are hurt, and how.

use super::lock;
use hyper::Method;
use serde::Deserialize;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Names a rule.
pub type RuleId = u64;

/// What is done to a request or to its answer. A rule that holds does so until it is removed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Forwards it only after the rule is removed.
    HoldRequest,
    /// Forwards it, and passes the answer on only after the rule is removed. A hit is an answer that arrived.
    HoldResponse,
    /// Closes the connection; the server never hears of it.
    DropRequest,
    /// Forwards it and closes the connection where the answer should come. A hit is an answer that arrived.
    DropResponse,
    /// Passes the answer on after so many milliseconds.
    DelayResponse {
        /// How many.
        ms: u64,
    },
    /// Forwards it twice and passes on the second answer.
    Duplicate,
    /// Answers in place of the server.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The type of the body.
        content_type: String,
        /// The body.
        body: String,
    },
    /// Closes the connection in the middle of the piece of the answer that has this text, before the text ends. Takes
    /// hold of answers that are under way.
    Cut {
        /// The text.
        containing: String,
    },
    /// Stops an answer that is under way, before the first piece that has this text, until the rule is removed.
    Stall {
        /// The text; empty is in every piece.
        containing: String,
    },
}

/// A rule as it is set. What is left out matches everything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRule {
    /// The method.
    pub method: Option<String>,
    /// How the path begins.
    pub path: Option<String>,
    /// A text in the body.
    pub contains: Option<String>,
    /// How often it is applied; without end where nothing is said.
    pub times: Option<u32>,
    /// What it does.
    pub fault: Fault,
}

/// A rule that can't be.
#[derive(Debug, thiserror::Error)]
pub enum BadRule {
    /// It is not understood.
    #[error("not a rule: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// There is no such method.
    #[error("`{0}` is no method")]
    Method(String),
}

/// A rule that is in force.
pub(crate) struct Rule {
    id: RuleId,
    method: Option<Method>,
    spec: NewRule,
    hits: watch::Sender<u32>,
    removed: CancellationToken,
}

/// What is known of a request before its answer.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Rule {
    pub(crate) fn fault(&self) -> &Fault {
        &self.spec.fault
    }

    pub(crate) fn hit(&self) {
        self.hits.send_modify(|hits| *hits += 1);
    }

    /// Completes once the rule is removed.
    pub(crate) async fn removed(&self) {
        self.removed.cancelled().await;
    }

    fn matches(&self, asked: &Asked) -> bool {
        self.method.as_ref().is_none_or(|method| *method == asked.method)
            && self.spec.path.as_ref().is_none_or(|path| asked.path.starts_with(path))
            && self.spec.contains.as_ref().is_none_or(|text| asked.body.contains(text))
    }
}

/// All rules that are in force, in the order in which they were set.
#[derive(Default)]
pub struct Rules {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: RuleId,
    rules: Vec<(Arc<Rule>, Option<u32>)>,
    /// Those whose times are used up: their hits can still be asked for, and what they hold can be let go.
    spent: Vec<Arc<Rule>>,
}

impl Rules {
    /// Puts a rule into force.
    pub fn add(&self, spec: NewRule) -> Result<RuleId, BadRule> {
        let method = match &spec.method {
            Some(name) => Some(name.parse().map_err(|_| BadRule::Method(name.clone()))?),
            None => None,
        };
        let mut state = lock(&self.state);
        state.next += 1;
        let id = state.next;
        let times = spec.times;
        let rule = Rule { id, method, spec, hits: watch::Sender::new(0), removed: CancellationToken::new() };
        state.rules.push((Arc::new(rule), times));
        Ok(id)
    }

    /// Removes a rule and lets go what it holds. False where there is none.
    pub fn remove(&self, id: RuleId) -> bool {
        let mut state = lock(&self.state);
        let found = state.find(id);
        state.rules.retain(|(rule, _)| rule.id != id);
        state.spent.retain(|rule| rule.id != id);
        found.inspect(|rule| rule.removed.cancel()).is_some()
    }

    /// Removes all.
    pub fn clear(&self) {
        let mut state = lock(&self.state);
        let State { rules, spent, .. } = &mut *state;
        for rule in rules.drain(..).map(|(rule, _)| rule).chain(spent.drain(..)) {
            rule.removed.cancel();
        }
    }

    /// Tells how often a rule was applied, now and whenever it is.
    pub fn hits(&self, id: RuleId) -> Option<watch::Receiver<u32>> {
        lock(&self.state).find(id).map(|rule| rule.hits.subscribe())
    }

    /// The first rule for a request whose fault `wanted` takes; one of its times is used up.
    pub(crate) fn take(&self, asked: &Asked, wanted: impl Fn(&Fault) -> bool) -> Option<Arc<Rule>> {
        let mut state = lock(&self.state);
        let at = state.rules.iter().position(|(rule, _)| wanted(rule.fault()) && rule.matches(asked))?;
        let (rule, times) = &mut state.rules[at];
        let rule = rule.clone();
        if let Some(left) = times {
            *left = left.saturating_sub(1);
            if *left == 0 {
                state.rules.remove(at);
                state.spent.push(rule.clone());
            }
        }
        Some(rule)
    }
}

impl State {
    fn find(&self, id: RuleId) -> Option<Arc<Rule>> {
        let rules = self.rules.iter().map(|(rule, _)| rule);
        rules.chain(&self.spent).find(|rule| rule.id == id).cloned()
    }
}
