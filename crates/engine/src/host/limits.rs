//! How long an attempt may be silent or try in vain, and what it may use up before a person is asked.

use qd_core::event::Usage;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits of an attempt. None has no limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Minutes without a word of the agent in the middle of a turn while no tool of it runs: it hangs.
    pub silence_minutes: Option<f64>,
    /// The same while a tool runs.
    pub tool_silence_minutes: Option<f64>,
    /// Minutes in which every try to reach the model failed.
    pub retry_minutes: Option<f64>,
    /// Minutes of work until a person is asked whether it shall go on.
    pub work_minutes: Option<f64>,
    /// Tokens, in and out, until a person is asked.
    pub tokens: Option<u64>,
    /// US dollars until a person is asked.
    pub usd: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence_minutes: Some(10.0),
            tool_silence_minutes: Some(120.0),
            retry_minutes: Some(3.0),
            work_minutes: None,
            tokens: None,
            usd: None,
        }
    }
}

/// Minutes as a duration; what is none (negative, or beyond all bounds) is no limit.
pub(super) fn minutes(minutes: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(minutes? * 60.0).ok()
}

/// A duration in words: "10 min", "45 s".
pub(super) fn words(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

/// What may be used up until a person is asked. Each "go on" raises it by the same amount.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ceilings {
    work: Option<Duration>,
    tokens: Option<u64>,
    usd: Option<f64>,
    step: Limits,
}

impl Ceilings {
    pub(super) fn new(limits: &Limits) -> Self {
        let work = minutes(limits.work_minutes);
        Self { work, tokens: limits.tokens, usd: limits.usd, step: limits.clone() }
    }

    /// The ceiling on work.
    pub(super) fn work(&self) -> Option<Duration> {
        self.work
    }

    /// What is used up, as a sentence; none where nothing is.
    pub(super) fn reached(&self, usage: &Usage, worked: Duration) -> Option<String> {
        let tokens = usage.input.zip(usage.output).map(|(input, output)| input + output);
        if let Some((used, ceiling)) = usage.cost_usd.zip(self.usd).filter(|(used, ceiling)| used >= ceiling) {
            return Some(format!("It has cost ${used:.2} of ${ceiling:.2}."));
        }
        if let Some((used, ceiling)) = tokens.zip(self.tokens).filter(|(used, ceiling)| used >= ceiling) {
            return Some(format!("It has used {used} of {ceiling} tokens."));
        }
        let ceiling = self.work.filter(|ceiling| worked >= *ceiling)?;
        Some(format!("It has worked for {}.", words(ceiling)))
    }

    /// A person wants it to go on: whatever is reached is raised beyond what is used.
    pub(super) fn raise(&mut self, usage: &Usage, worked: Duration) {
        let tokens = usage.input.unwrap_or(0) + usage.output.unwrap_or(0);
        if let (Some(ceiling), Some(step)) = (&mut self.tokens, self.step.tokens) {
            *ceiling = if tokens >= *ceiling { tokens + step } else { *ceiling };
        }
        let cost = usage.cost_usd.unwrap_or(0.0);
        if let (Some(ceiling), Some(step)) = (&mut self.usd, self.step.usd) {
            *ceiling = if cost >= *ceiling { cost + step } else { *ceiling };
        }
        if let (Some(ceiling), Some(step)) = (&mut self.work, minutes(self.step.work_minutes)) {
            *ceiling = if worked >= *ceiling { worked + step } else { *ceiling };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reached_is_said_and_raised_by_the_same_amount() {
        let limits = Limits { usd: Some(2.0), tokens: Some(100), work_minutes: Some(5.0), ..Limits::default() };
        let mut ceilings = Ceilings::new(&limits);
        let used = |input, usd| Usage { input: Some(input), output: Some(0), cost_usd: Some(usd), ..Usage::default() };
        let minute = Duration::from_mins(1);
        assert_eq!(ceilings.reached(&used(99, 1.99), minute), None);
        assert_eq!(ceilings.reached(&used(0, 2.5), minute).unwrap(), "It has cost $2.50 of $2.00.");
        ceilings.raise(&used(0, 2.5), minute);
        assert_eq!(ceilings.reached(&used(0, 4.4), minute), None);
        assert_eq!(ceilings.reached(&used(100, 0.0), minute).unwrap(), "It has used 100 of 100 tokens.");
        assert_eq!(ceilings.reached(&used(0, 0.0), minute * 5).unwrap(), "It has worked for 5 min.");
    }

    #[test]
    fn what_is_unknown_reaches_nothing() {
        let limits = Limits { usd: Some(0.0), tokens: Some(0), ..Limits::default() };
        assert_eq!(Ceilings::new(&limits).reached(&Usage::default(), Duration::ZERO), None);
    }
}
