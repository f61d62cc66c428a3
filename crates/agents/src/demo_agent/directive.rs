//! Directives for tests: `[[demo: NAME ARGUMENT]]` in the prompt or in the task document.

/// What the demo agent is told to do beside or instead of its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `fail-at-start`: the first prompt is refused and the process exits with 1.
    FailAtStart,
    /// `hang`: says that it hangs and then nothing any more, until it is cancelled.
    Hang,
    /// `flood N`: N events at 10,000 a second.
    Flood(u64),
    /// `stream N`: one message in N pieces of 20 bytes, as fast as it can.
    Stream(u64),
    /// `ignore-cancel`: does not end by a cancel, by TERM, or by the end of its input.
    IgnoreCancel,
    /// `fork`: leaves children behind in sessions of their own.
    Fork,
    /// `crash`: dies half-way, in the middle of a line.
    Crash,
    /// `ask`: asks a question and repeats the answer.
    Ask,
    /// `tour`: shows each kind of thing that a transcript can hold.
    Tour,
    /// `quick`: ends at once.
    Quick,
    /// `slow`: steps take ten times as long.
    Slow,
    /// `append-id FILE`: appends the session's mark to FILE, one line a prompt.
    AppendId(String),
    /// `no-permission`: runs its command without asking.
    NoPermission,
}

impl Directive {
    /// All directives of a text, in order. What is not known is passed over.
    pub fn all_in(text: &str) -> Vec<Self> {
        let blocks = text.split("[[demo:").skip(1).filter_map(|rest| rest.split_once("]]"));
        blocks.filter_map(|(block, _)| Self::read(block)).collect()
    }

    fn read(block: &str) -> Option<Self> {
        let block = block.trim();
        let (name, argument) = block.split_once(char::is_whitespace).unwrap_or((block, ""));
        let count = || argument.trim().parse().ok();
        Some(match name {
            "fail-at-start" => Self::FailAtStart,
            "hang" => Self::Hang,
            "flood" => Self::Flood(count().unwrap_or(10_000)),
            "stream" => Self::Stream(count().unwrap_or(10_000)),
            "ignore-cancel" => Self::IgnoreCancel,
            "fork" => Self::Fork,
            "crash" => Self::Crash,
            "ask" => Self::Ask,
            "tour" => Self::Tour,
            "quick" => Self::Quick,
            "slow" => Self::Slow,
            "append-id" => Self::AppendId(argument.trim().to_owned()),
            "no-permission" => Self::NoPermission,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_found_in_any_text_and_unknown_ones_passed_over() {
        let text = "Do it [[demo: flood 500]] and\n[[demo:append-id /a b/ids]] [[demo: dance]] [[demo: quick";
        assert_eq!(Directive::all_in(text), [Directive::Flood(500), Directive::AppendId("/a b/ids".to_owned())]);
    }
}
