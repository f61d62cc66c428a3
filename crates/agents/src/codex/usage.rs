//! Tokens: the agent tells the thread's total and the last step. The input holds what came from a cache. No cost.

use qd_core::event::{EventBody, Limit, TurnUsage, Usage};
use qd_core::ids::Millis;
use serde_json::Value;

use crate::driver::Outbox;
use crate::usage::since;

/// What was used.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// The thread's total before this attempt; it goes on counting when a conversation is resumed.
    before: Option<Counts>,
    usage: Usage,
    before_turn: Usage,
    limits: Vec<Limit>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    input: u64,
    cached: u64,
    output: u64,
}

impl Counts {
    fn read(value: Option<&Value>) -> Option<Self> {
        let count = |name: &str| value?.get(name)?.as_u64();
        Some(Self {
            input: count("inputTokens")?,
            cached: count("cachedInputTokens").unwrap_or(0),
            output: count("outputTokens")?,
        })
    }

    fn without(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            cached: self.cached.saturating_sub(other.cached),
            output: self.output.saturating_sub(other.output),
        }
    }
}

impl Tokens {
    pub(super) fn begin_turn(&mut self) {
        self.before_turn = self.usage.clone();
    }

    /// What the turn used.
    pub(super) fn turn(&self) -> TurnUsage {
        since(&self.usage, &self.before_turn)
    }

    pub(super) fn updated(&mut self, params: &Value, out: &mut Outbox) {
        let Some(told) = params.get("tokenUsage") else { return };
        let (Some(total), last) = (Counts::read(told.get("total")), Counts::read(told.get("last"))) else { return };
        let before = *self.before.get_or_insert_with(|| last.map(|last| total.without(last)).unwrap_or_default());
        let own = total.without(before);
        let context = told.pointer("/last/totalTokens").and_then(Value::as_u64);
        let usage = Usage {
            input: Some(own.input),
            cached: Some(own.cached),
            output: Some(own.output),
            context_used: context.or(self.usage.context_used),
            context_size: told.get("modelContextWindow").and_then(Value::as_u64).or(self.usage.context_size),
            ..Usage::default()
        };
        if usage != self.usage {
            self.usage = usage.clone();
            out.event(EventBody::Usage(usage));
        }
    }

    /// How the account stands to its limits, told where it changed.
    pub(super) fn limits(&mut self, params: &Value, out: &mut Outbox) {
        let limits = params.get("rateLimits").unwrap_or(&Value::Null);
        let reached = limits.get("rateLimitReachedType").is_some_and(|kind| !kind.is_null());
        let windows = ["primary", "secondary"].into_iter().filter_map(|name| limits.get(name));
        let limits: Vec<Limit> = windows.filter_map(|window| limit(window, reached)).collect();
        for limit in &limits {
            if !self.limits.contains(limit) {
                out.event(EventBody::Limited(limit.clone()));
            }
        }
        self.limits = limits;
    }

    /// The limit that is reached, as far as it was told.
    pub(super) fn limit(&self) -> Limit {
        let fullest = self.limits.iter().max_by_key(|limit| limit.percent);
        let known = fullest.cloned();
        let limit = known.unwrap_or(Limit { name: "limit".to_owned(), percent: None, until: None, reached: true });
        Limit { reached: true, ..limit }
    }
}

fn limit(window: &Value, reached: bool) -> Option<Limit> {
    let percent = window.get("usedPercent")?.as_u64().map(|percent| u8::try_from(percent).unwrap_or(u8::MAX).min(100));
    let name = match window.get("windowDurationMins").and_then(Value::as_u64) {
        Some(minutes @ ..1440) => format!("{} hours", minutes / 60),
        Some(10_080) => "week".to_owned(),
        Some(minutes) => format!("{} days", minutes / 1440),
        None => "limit".to_owned(),
    };
    let until = window.get("resetsAt").and_then(Value::as_u64).map(|seconds| Millis(seconds.saturating_mul(1000)));
    Some(Limit { name, percent, until, reached: reached && percent == Some(100) })
}
