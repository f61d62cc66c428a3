//! The scripts. A prompt names one as `[[name]]`; further steps follow the answers of the tools.
//!
//! - `hello` (and whatever is unknown): says so. `think`: thinks before it says so.
//! - `write`: writes `greeting.txt`, copies it with a command, edits it, ends.
//! - `shell`: runs a command; `esc`: one that wants to leave the agent's own sandbox; `fail`: one that ends with 3;
//!   `sleep`: one that runs long; `par`: two at once.
//! - `slow`: speaks for a minute.
//! - `recall`: tells how many prompts with scripts came before: what an agent that goes on must still know.
//! - `limit`, with `until SECONDS` beside it: the limit of the account is reached until that second of the Unix epoch;
//!   behind it, it says that it went on.
//! - `err401`, `err429`, `err500`, `err529`: refused with that status. `cut`: the connection breaks in the middle of a
//!   sentence.

use super::answer::Course;
use super::conversation::{Conversation, Standing};
use super::tool::{Call, Deed, bind, filler};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a refusal says.
pub(super) const REFUSAL: &str = "refused by the script";
/// Between two words of `slow`.
const WORD: Duration = Duration::from_millis(50);
/// How many words it has.
const WORDS: usize = 1200;
/// What is written to `greeting.txt`.
const GREETING: &str = "Hello from the script.";

/// What the model answers.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    /// It speaks, and may then call tools.
    Turn(Turn),
    /// The request is refused with this status.
    Refused(u16),
    /// The account has used up its limit until this second of the Unix epoch.
    Limited(u64),
}

/// A turn of the model.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Turn {
    /// What it thinks first, in pieces.
    pub(super) thought: Vec<String>,
    /// What it says, in pieces.
    pub(super) text: Vec<String>,
    /// The tools that it calls.
    pub(super) calls: Vec<Call>,
    /// What happens to the answer on its way.
    pub(super) course: Course,
}

impl Turn {
    fn said(text: &str) -> Self {
        Self { text: words(text), ..Self::default() }
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
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
        "slow" => {
            let text = (1..=WORDS).map(|n| format!("word {n} ")).collect();
            Turn { text, course: Course { pace: Some(WORD), cut_after: None }, ..Turn::default() }
        }
        "think" => Turn { thought: words("First I think about it."), ..Turn::said("Now I have thought.") },
        "recall" => Turn::said(&format!("I was asked {} times before.", standing.earlier)),
        "limit" => match limit(standing.prompt) {
            Some(until) => return Reply::Limited(until),
            None => Turn::said("It went on behind the limit."),
        },
        "err401" => return Reply::Refused(401),
        "err429" => return Reply::Refused(429),
        "err500" => return Reply::Refused(500),
        "err529" => return Reply::Refused(529),
        "cut" => Turn { course: Course { pace: None, cut_after: Some(3) }, ..Turn::said("This sentence never ends.") },
        _ => work(conversation, standing),
    })
}

/// Something said, and what is done then, all at once.
type Round = (&'static str, Vec<Deed>);

/// The round that is due; behind the last one, the end.
fn work(conversation: &Conversation, standing: Standing) -> Turn {
    let mut answered = 0;
    for (words, deeds) in rounds(standing) {
        if standing.step <= answered {
            let calls: Option<Vec<Call>> = deeds.iter().map(|deed| bind(deed, &conversation.tools)).collect();
            return match calls {
                Some(calls) => Turn { calls, ..Turn::said(words) },
                None => Turn::said(&format!("No tool is offered for {deeds:?}.")),
            };
        }
        answered += deeds.len();
    }
    Turn::said(if answered == 0 { "Hello from the script." } else { "Done: all that the script wants." })
}

fn rounds(standing: Standing) -> Vec<Round> {
    let run = |command: &str| Deed::Run { command: command.to_owned() };
    match standing.script {
        "write" => {
            let path = greeting(standing.prompt);
            let more = format!("{GREETING}\nAnd goodbye.");
            vec![
                ("I write the file first.", vec![Deed::Write { path: path.clone(), content: format!("{GREETING}\n") }]),
                ("Now I copy it.", vec![run("cp greeting.txt copy.txt && cat copy.txt | tee checked.txt")]),
                ("Now I add to it.", vec![Deed::Edit { path, old: GREETING.to_owned(), new: more }]),
            ]
        }
        "shell" => vec![("I run a command.", vec![run("echo from-shell | tee shell.txt")])],
        "esc" => {
            let command = "echo escaped > escaped.txt; cat escaped.txt".to_owned();
            vec![("I want to leave the sandbox.", vec![Deed::RunOutside { command }])]
        }
        "fail" => vec![("I run what fails.", vec![run("echo oops >&2; exit 3")])],
        "sleep" => vec![("I run what takes long.", vec![run("timeout 87 tail -f /dev/null")])],
        "par" => vec![("I do two things at once.", vec![run("echo one > one.txt"), run("echo two > two.txt")])],
        _ => Vec::new(),
    }
}

/// Agents want whole paths; the prompt says where they work.
fn greeting(prompt: &str) -> String {
    let folder = prompt.lines().find_map(|line| line.strip_prefix("Working directory: "));
    folder.map_or_else(|| "greeting.txt".to_owned(), |folder| format!("{}/greeting.txt", folder.trim()))
}

/// The second until which the limit holds that the prompt names; none once it is over.
#[expect(clippy::disallowed_methods, reason = "the model's clock is that of the machine")]
fn limit(prompt: &str) -> Option<u64> {
    let (_, rest) = prompt.split_once("until ")?;
    let until: u64 = rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    (now < until).then_some(until)
}
