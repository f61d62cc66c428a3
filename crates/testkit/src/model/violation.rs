//! What the model finds: a broken promise, by the name that it has in the protocol.

use std::fmt;

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `I1` to `I9`, or the rule (`R22`) where no invariant names it.
    pub invariant: &'static str,
    /// What was seen.
    pub detail: String,
}

/// A result that may be a broken promise.
pub type Violated<T> = Result<T, Violation>;

impl Violation {
    /// `invariant` does not hold.
    pub fn new(invariant: &'static str, detail: impl Into<String>) -> Self {
        Self { invariant, detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}

impl std::error::Error for Violation {}
