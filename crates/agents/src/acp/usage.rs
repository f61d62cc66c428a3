//! Tokens of a turn, which every agent counts in its own way. Unknown stays null.

use qd_core::event::Usage;
use serde_json::Value;

use crate::catalogue::Tokens;

/// The attempt's use after a turn that ended with `result`.
pub(super) fn of_turn(before: &Usage, result: &Value, tokens: Tokens) -> Usage {
    let mut usage = before.clone();
    let Some((input, output)) = reported(result, tokens) else {
        return usage;
    };
    match tokens {
        Tokens::PerTurn => {
            usage.input = Some(usage.input.unwrap_or(0) + input);
            usage.output = Some(usage.output.unwrap_or(0) + output);
        }
        Tokens::WholeSession => {
            usage.input = Some(input);
            usage.output = Some(output);
        }
        // A part of the truth added up is a lie.
        Tokens::LastStep => {}
    }
    usage
}

fn reported(result: &Value, tokens: Tokens) -> Option<(u64, u64)> {
    let count = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64);
    if let Some(usage) = result.get("usage").filter(|usage| usage.is_object()) {
        let cached = match tokens {
            Tokens::WholeSession => 0,
            Tokens::PerTurn | Tokens::LastStep => {
                count(usage, "cachedReadTokens").unwrap_or(0) + count(usage, "cachedWriteTokens").unwrap_or(0)
            }
        };
        return Some((count(usage, "inputTokens")? + cached, count(usage, "outputTokens")?));
    }
    // Gemini's way.
    let quota = result.pointer("/_meta/quota/token_count")?;
    Some((count(quota, "input_tokens")?, count(quota, "output_tokens")?))
}
