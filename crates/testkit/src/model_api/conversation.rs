//! What an agent told the model so far, whatever the vendor's form.

use super::tool::Offer;
use serde_json::Value;

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// By the person, or by the agent's program in their name.
    Prompt(String),
    /// By a tool.
    ToolResult,
}

/// A request to the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Conversation {
    /// In order; what the model said is left out.
    pub(super) said: Vec<Said>,
    /// The tools that it may call.
    pub(super) tools: Vec<Offer>,
    /// The JSON schema that the answer must fit, where it is no answer for people.
    pub(super) schema: Option<Value>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing<'a> {
    /// The prompt that named the script last.
    pub(super) prompt: &'a str,
    /// The script's name.
    pub(super) script: &'a str,
    /// How many tools have answered since.
    pub(super) step: usize,
    /// How many prompts before it named a script.
    pub(super) earlier: usize,
}

impl Conversation {
    /// Where it stands; none where no script was ever named.
    pub(super) fn standing(&self) -> Option<Standing<'_>> {
        let mut standing = None::<Standing>;
        for said in &self.said {
            match (said, &mut standing) {
                (Said::Prompt(prompt), _) => {
                    if let Some(script) = named(prompt) {
                        let earlier = standing.map_or(0, |before| before.earlier + 1);
                        standing = Some(Standing { prompt, script, step: 0, earlier });
                    }
                }
                (Said::ToolResult, Some(standing)) => standing.step += 1,
                (Said::ToolResult, None) => {}
            }
        }
        standing
    }
}

/// The name in the first `[[name]]`.
fn named(prompt: &str) -> Option<&str> {
    let (_, rest) = prompt.split_once("[[")?;
    let (name, _) = rest.split_once("]]")?;
    name.chars().all(|letter| letter.is_ascii_alphanumeric()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(text: &str) -> Said {
        Said::Prompt(text.to_owned())
    }

    #[test]
    fn the_step_is_the_number_of_tool_results_since_the_prompt() {
        let said =
            vec![prompt("[[write]]"), Said::ToolResult, prompt("now [[slow]]"), Said::ToolResult, prompt("a reminder")];
        let conversation = Conversation { said, ..Conversation::default() };
        let standing = conversation.standing().unwrap();
        assert_eq!((standing.script, standing.step, standing.earlier), ("slow", 1, 1));
    }

    #[test]
    fn without_a_name_there_is_no_script() {
        let said = vec![prompt("hello"), prompt("[[two words]]"), prompt("[[open")];
        assert_eq!(Conversation { said, ..Conversation::default() }.standing(), None);
    }
}
