//! The scripts. A prompt names one as `[[name]]`; further steps follow the answers of the tools.
//!
//! - `hello` (and whatever is unknown): says so.
//! - `write`: writes `greeting.txt`, copies it with a command, ends.
//! - `slow`: speaks for a minute.
//! - `recall`: tells how many prompts with scripts came before: what an agent that goes on must still know.
//! - `think`: thinks before it speaks. `fail`: runs a command that fails. `sleep`: runs one that takes longer than anybody
//!   waits.
//! - `err401`, `err429`, `err500`, `err529`: refused with that status. `cut`: the connection breaks in the middle of a sentence.

use super::answer::Course;
use super::conversation::{Conversation, Standing};
use super::tool::{Call, Deed, bind, filler};
use std::time::Duration;

/// Between two words of `slow`.
const WORD: Duration = Duration::from_millis(50);
/// How many words it has.
const WORDS: usize = 1200;

/// What the model answers.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    /// It speaks, and may then call a tool.
    Turn(Turn),
    /// The request is refused with this status.
    Refused(u16),
}

/// A turn of the model.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Turn {
    /// What it thinks first.
    pub(super) thought: Option<String>,
    /// What it says, in pieces.
    pub(super) text: Vec<String>,
    /// The tool that it calls.
    pub(super) call: Option<Call>,
    /// What happens to the answer on its way.
    pub(super) course: Course,
}

impl Turn {
    fn said(text: &str) -> Self {
        let text = text.split_inclusive(' ').map(str::to_owned).collect();
        Self { text, ..Self::default() }
    }
}

/// The answer that is due.
pub(super) fn reply(conversation: &Conversation) -> Reply {
    if let Some(schema) = &conversation.schema {
        // A program that asks for a form and gets a sentence asks again and again.
        return Reply::Turn(Turn::said(&filler(schema).unwrap_or_default().to_string()));
    }
    if conversation.tools.is_empty() {
        // Titles, summaries and the like.
        return Reply::Turn(Turn::said("Mock title"));
    }
    let Some(standing) = conversation.standing() else { return Reply::Turn(Turn::said("Hello.")) };
    Reply::Turn(match standing.script {
        "write" => write(conversation, standing),
        "slow" => {
            let text = (1..=WORDS).map(|n| format!("word {n} ")).collect();
            Turn { text, course: Course { pace: Some(WORD), cut_after: None }, ..Turn::default() }
        }
        "recall" => Turn::said(&format!("I was asked {} times before.", standing.earlier)),
        "think" => Turn { thought: Some("The person greets me.".to_owned()), ..Turn::said("Hello, I thought.") },
        "fail" => run(conversation, standing, "echo oops >&2; exit 3", "It failed."),
        // Some agents refuse a bare `sleep`.
        "sleep" => run(conversation, standing, "timeout 87 tail -f /dev/null", "It is over."),
        "err401" => return Reply::Refused(401),
        "err429" => return Reply::Refused(429),
        "err500" => return Reply::Refused(500),
        "err529" => return Reply::Refused(529),
        "cut" => Turn { course: Course { pace: None, cut_after: Some(3) }, ..Turn::said("This sentence never ends.") },
        _ => Turn::said("Hello from the script."),
    })
}

/// Runs one command, and says what then.
fn run(conversation: &Conversation, standing: Standing, command: &str, then: &str) -> Turn {
    if standing.step > 0 {
        return Turn::said(then);
    }
    act(conversation, "I run a command.", &Deed::Run { command: command.to_owned() })
}

fn act(conversation: &Conversation, words: &str, deed: &Deed) -> Turn {
    match bind(deed, &conversation.tools) {
        Some(call) => Turn { call: Some(call), ..Turn::said(words) },
        None => Turn::said(&format!("No tool is offered for {deed:?}.")),
    }
}

fn write(conversation: &Conversation, standing: Standing) -> Turn {
    let (words, deed) = match standing.step {
        0 => ("I write the file first.", write_greeting(standing.prompt)),
        1 => (
            "Now I copy it.",
            Deed::Run { command: "cp greeting.txt copy.txt && cat copy.txt | tee checked.txt".to_owned() },
        ),
        _ => return Turn::said("Done: greeting.txt is written and copied."),
    };
    act(conversation, words, &deed)
}

/// Agents want whole paths; the prompt says where they work.
fn write_greeting(prompt: &str) -> Deed {
    let folder = prompt.lines().find_map(|line| line.strip_prefix("Working directory: "));
    let path = folder.map_or_else(|| "greeting.txt".to_owned(), |folder| format!("{}/greeting.txt", folder.trim()));
    Deed::Write { path, content: "Hello from the script.\n".to_owned() }
}
