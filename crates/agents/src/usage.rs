//! Tokens of a turn, which every agent counts in its own way. Unknown stays null.

use qd_core::event::{TurnUsage, Usage};
use serde_json::Value;

use crate::catalogue::Tokens;

/// What an agent reported: the input with what came from a cache, what of it did, and the output.
struct Reported {
    input: u64,
    cached: Option<u64>,
    output: u64,
}

/// The attempt's use after a turn that ended with `result`, and the turn's own. `now` holds what came in between (cost,
/// context), `before` is how it stood when the turn began.
pub(crate) fn of_turn(now: &Usage, before: &Usage, result: &Value, tokens: Tokens) -> (Usage, TurnUsage) {
    let mut usage = now.clone();
    let reported = reported(result, tokens);
    if let Some(Reported { input, cached, output }) = reported {
        match tokens {
            Tokens::PerTurn => {
                usage.input = add(usage.input, Some(input));
                usage.cached = add(usage.cached, cached);
                usage.output = add(usage.output, Some(output));
            }
            Tokens::WholeSession => {
                (usage.input, usage.output) = (Some(input), Some(output));
                usage.cached = cached.or(usage.cached);
            }
            // A part of the truth added up is a lie.
            Tokens::LastStep => {}
        }
    }
    let used = since(&usage, before);
    (usage, used)
}

/// What was used between two readings. Where nothing was reported in between nothing is known.
pub(crate) fn since(now: &Usage, before: &Usage) -> TurnUsage {
    let grown = |now: Option<u64>, before: Option<u64>| {
        (now != before).then(|| now.and_then(|now| now.checked_sub(before.unwrap_or(0)))).flatten()
    };
    let cost = || Some(dollars(now.cost_usd? - before.cost_usd.unwrap_or(0.0)));
    TurnUsage {
        input: grown(now.input, before.input),
        cached: grown(now.cached, before.cached),
        output: grown(now.output, before.output),
        cost_usd: cost().filter(|_| now.cost_usd != before.cost_usd),
    }
}

/// A count and what comes to it. Both unknown is unknown.
pub(crate) fn add(before: Option<u64>, more: Option<u64>) -> Option<u64> {
    more.map_or(before, |more| Some(sum([before.unwrap_or(0), more])))
}

/// Counts added up. They come from outside: what does not fit is the most there is.
pub(crate) fn sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// To nano-dollars: a difference of binary fractions has a tail that means nothing.
pub(crate) fn dollars(amount: f64) -> f64 {
    (amount * 1e9).round() / 1e9
}

fn reported(result: &Value, tokens: Tokens) -> Option<Reported> {
    let count = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    if let Some(usage) = result.get("usage").filter(|usage| usage.is_object()) {
        let (read, written) = (count(usage, "cachedReadTokens"), count(usage, "cachedWriteTokens"));
        let beside = match tokens {
            Tokens::WholeSession => 0,
            Tokens::PerTurn | Tokens::LastStep => sum([read.unwrap_or(0), written.unwrap_or(0)]),
        };
        let input = sum([count(usage, "inputTokens")?, beside]);
        return Some(Reported { input, cached: read, output: count(usage, "outputTokens")? });
    }
    // Gemini's way.
    let quota = result.pointer("/_meta/quota/token_count")?;
    Some(Reported { input: count(quota, "input_tokens")?, cached: None, output: count(quota, "output_tokens")? })
}
