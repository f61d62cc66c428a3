//! How a turn ends and what it used; retries and limits on the way.

use qd_core::event::{EventBody, Limit, Retry, TurnUsage};
use qd_core::ids::Millis;
use serde_json::Value;

use super::{Claude, Phase};
use crate::driver::Outbox;
use crate::usage::{add, dollars, sum};

impl Claude {
    /// The last line of a run of the agent's loop: mostly the end of the turn.
    pub(super) fn result(&mut self, line: &Value, out: &mut Outbox) {
        let used = self.used(line, out);
        let Phase::InTurn { cancelled } = self.phase else {
            // A task that outlived its turn woke the agent: nobody waits for it.
            if self.phase == Phase::Idle && line.get("is_error") == Some(&Value::Bool(true)) {
                out.event(EventBody::Note { text: self.reason(None, line) });
            }
            return;
        };
        self.turn.use_up(&used);
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        let aborted = cancelled || text("terminal_reason").starts_with("aborted");
        let failed = line.get("is_error") == Some(&Value::Bool(true));
        // "success" with an error is an error of the model's API.
        if failed && !aborted && matches!(text("subtype"), "success" | "error_during_execution") {
            let status = line.get("api_error_status").and_then(Value::as_u64);
            self.withdraw_all(out);
            self.tools.close(out);
            return self.broken(self.reason(status, line), out);
        }
        let stop = match text("subtype") {
            _ if aborted => "cancelled",
            "success" => match text("stop_reason") {
                stop @ ("max_tokens" | "refusal") => stop,
                _ => "end_turn",
            },
            "error_max_turns" => "max_turn_requests",
            other => other,
        };
        self.turn.stop = Some(stop.to_owned());
        // An older program does not say when it rests. What was said too late for this run is the next one there, too.
        let more = line.get("queued_turn_count").and_then(Value::as_u64).unwrap_or(0) > 0;
        if !self.turn.tells && (!more || aborted) {
            self.rest(out);
        }
    }

    fn reason(&self, status: Option<u64>, line: &Value) -> String {
        let title = &self.start.title;
        if let (Some(401), Some(login)) = (status, &self.start.login) {
            return format!("{title} is not logged in. Run `{login}`.");
        }
        let said = line.get("result").and_then(Value::as_str).map(str::to_owned);
        let errors = || {
            let errors = line.get("errors").and_then(Value::as_array)?;
            Some(errors.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "))
        };
        let words = said.or_else(errors).filter(|words| !words.is_empty());
        format!("{title} broke off: {}", words.unwrap_or_else(|| "it says no reason.".to_owned()))
    }

    /// What the turn used, by model since the last result: exact also behind an interrupt, where `usage` is empty, and
    /// in a resumed conversation, whose total holds what was before.
    fn used(&mut self, line: &Value, out: &mut Outbox) -> TurnUsage {
        let models = line.get("model_usage_since_last_result").and_then(Value::as_object);
        let mut used = TurnUsage::default();
        if let Some(models) = models.filter(|models| !models.is_empty()) {
            let all = |name: &str| sum(models.values().filter_map(|model| model.get(name)?.as_u64()));
            let cached = all("cacheReadInputTokens");
            used.input = Some(sum([all("inputTokens"), cached, all("cacheCreationInputTokens")]));
            used.cached = Some(cached);
            used.output = Some(all("outputTokens"));
            used.cost_usd = Some(dollars(models.values().filter_map(|model| model.get("costUSD")?.as_f64()).sum()));
        } else if let Some(usage) = line.get("usage").filter(|usage| tokens(usage) > 0) {
            let count = |name: &str| usage.get(name).and_then(Value::as_u64);
            let cached = count("cache_read_input_tokens");
            let written = count("cache_creation_input_tokens").unwrap_or(0);
            used.input = count("input_tokens").map(|input| sum([input, cached.unwrap_or(0), written]));
            used.cached = cached;
            used.output = count("output_tokens");
        }
        let mut usage = self.usage.clone();
        usage.input = add(usage.input, used.input);
        usage.cached = add(usage.cached, used.cached);
        usage.output = add(usage.output, used.output);
        usage.cost_usd =
            used.cost_usd.map_or(usage.cost_usd, |cost| Some(dollars(usage.cost_usd.unwrap_or(0.0) + cost)));
        usage.conversation_usd =
            line.get("total_cost_usd").and_then(Value::as_f64).map(dollars).or(usage.conversation_usd);
        usage.context_used = self.speech.context.or(usage.context_used);
        let model = self.speech.model.as_deref().unwrap_or_default();
        let size = line.get("modelUsage").and_then(|models| models.get(model)?.get("contextWindow")?.as_u64());
        usage.context_size = size.or(usage.context_size);
        if usage != self.usage {
            self.usage = usage.clone();
            out.event(EventBody::Usage(usage));
        }
        used
    }

    /// The model could not be reached; it tries again by itself. What only a person can mend it would try for minutes.
    pub(super) fn retry(&mut self, line: &Value, out: &mut Outbox) {
        let count = |name: &str| line.get(name).and_then(Value::as_u64);
        let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let status = count("error_status").and_then(|status| u16::try_from(status).ok());
        let reason = line.get("error").and_then(Value::as_str).unwrap_or("unknown").replace('_', " ");
        let reason = status.map_or_else(|| reason.clone(), |status| format!("{reason} ({status})"));
        out.event(EventBody::Retrying(Retry {
            attempt: count("attempt").map(narrow),
            of: count("max_retries").map(narrow),
            wait_ms: count("retry_delay_ms"),
            status,
            reason,
        }));
        if status == Some(401) {
            self.broken(self.reason(Some(401), line), out);
        }
    }
}

/// Tokens of a message as the model's API counts them: in the window after it.
pub(super) fn tokens(usage: &Value) -> u64 {
    let names = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"];
    sum(names.into_iter().filter_map(|name| usage.get(name)?.as_u64()))
}

/// How an account stands to its limits.
pub(super) fn limit(line: &Value, out: &mut Outbox) {
    let Some(info) = line.get("rate_limit_info") else { return };
    let name = match info.get("rateLimitType").and_then(Value::as_str) {
        Some("five_hour") => "5 hours".to_owned(),
        Some("seven_day") => "week".to_owned(),
        Some(other) => other.replace('_', " "),
        None => "limit".to_owned(),
    };
    let percent = info.get("utilization").and_then(Value::as_f64);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before")]
    let percent = percent.map(|share| (share * 100.0).clamp(0.0, 100.0).round() as u8);
    let until = info.get("resetsAt").and_then(Value::as_u64).map(|seconds| Millis(seconds.saturating_mul(1000)));
    let reached = info.get("status").is_some_and(|status| status == "rejected");
    out.event(EventBody::Limited(Limit { name, percent, until, reached }));
}
