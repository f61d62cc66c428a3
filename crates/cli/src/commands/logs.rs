//! `qd logs`.

use super::Context;
use crate::client::{find, stream::Stop};
use crate::exit::Error;
use crate::say;
use qd_core::event::{Ending, Event, EventBody, ToolUpdate};
use serde_json::json;
use std::time::Duration;

/// Between two tries to follow a stream that broke off.
const PAUSE: Duration = Duration::from_millis(500);

/// Print what a session's agent did. With --json the events themselves.
#[derive(clap::Args)]
pub struct Logs {
    /// The session: its id, or the beginning or end of it.
    session: String,
    /// Go on until it ends.
    #[arg(long, short, conflicts_with = "wire")]
    follow: bool,
    /// Every line between the panel and the agent as it was, instead.
    #[arg(long)]
    wire: bool,
}

impl Logs {
    /// Does it.
    pub fn run(self, context: &Context) -> Result<(), Error> {
        let client = context.client()?;
        let session = find::session(&client.state()?, &self.session)?.id;
        if self.wire {
            return client.lines(&format!("/sessions/{session}/wire"), &mut |line| say::line(line));
        }
        let mut printer = Printer { as_json: context.json, inside: None };
        let mut at = client.output(session, &mut |line| printer.print(line))?;
        if self.follow {
            loop {
                match client.follow(session, at.as_deref(), &mut |line| printer.print(line)) {
                    Ok(Stop::Ended) => break,
                    Ok(Stop::At(offset)) => at = offset,
                    // The server may be starting again; its sessions go on meanwhile.
                    Err(Error::NoServer(_)) => {}
                    Err(error) => return Err(error),
                }
                std::thread::sleep(PAUSE);
            }
        }
        printer.end_text();
        Ok(())
    }
}

/// What was printed last, without an end of line so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speech {
    Text,
    Thought,
}

struct Printer {
    as_json: bool,
    inside: Option<Speech>,
}

impl Printer {
    fn print(&mut self, line: &str) {
        if self.as_json {
            say::line(line);
            return;
        }
        match serde_json::from_str::<Event>(line) {
            Ok(event) => self.event(event.body),
            Err(_) => self.line(line),
        }
    }

    fn event(&mut self, body: EventBody) {
        match body {
            EventBody::Text { text } => self.speak(Speech::Text, &text),
            EventBody::Thought { text } => self.speak(Speech::Thought, &text),
            EventBody::Began { agent, program, .. } => self.line(&format!("── {agent} {program}")),
            EventBody::Prompt { text, .. } => self.line(&format!("> {}", text.trim_end().replace('\n', "\n> "))),
            EventBody::Tool(tool) => {
                if let Some(text) = tool_line(&tool) {
                    self.line(&text);
                }
            }
            EventBody::Asked { request } => {
                let options: Vec<&str> = request.options.iter().map(|o| o.label.as_str()).collect();
                self.line(&format!("? {} [{}]", request.title, options.join(" | ")));
            }
            EventBody::Answered { option, note, .. } => {
                let option = option.as_deref().unwrap_or("withdrawn");
                self.line(&note.map_or_else(|| format!("? {option}"), |note| format!("? {option}: {note}")));
            }
            EventBody::Retrying(retry) => self.line(&format!("· trying again: {}", retry.reason)),
            EventBody::Limited(limit) if limit.reached => self.line(&format!("· limit reached: {}", limit.name)),
            EventBody::Image(image) => self.line(&format!("[image, {}]", image.mime)),
            EventBody::Note { text } => self.line(&format!("· {text}")),
            EventBody::Stderr { text } => self.line(&format!("! {}", text.trim_end())),
            EventBody::Ended { ending, .. } => self.line(&format!("── {}", ending_words(&ending))),
            EventBody::Conversation { .. }
            | EventBody::Ready { .. }
            | EventBody::Offers { .. }
            | EventBody::TurnDiff { .. }
            | EventBody::Snapshot { .. }
            | EventBody::Point { .. }
            | EventBody::Limited(_)
            | EventBody::Plan { .. }
            | EventBody::Usage(_)
            | EventBody::Commands { .. }
            | EventBody::TurnEnded { .. }
            | EventBody::Unknown { .. } => {}
        }
    }

    fn speak(&mut self, speech: Speech, text: &str) {
        if self.inside != Some(speech) {
            self.end_text();
            if speech == Speech::Thought {
                say::piece("~ ");
            }
        }
        self.inside = Some(speech);
        say::piece(text);
    }

    fn line(&mut self, text: &str) {
        self.end_text();
        say::line(text);
    }

    fn end_text(&mut self) {
        if self.inside.take().is_some() {
            say::line("");
        }
    }
}

/// A call is told when it begins, and when it failed.
fn tool_line(tool: &ToolUpdate) -> Option<String> {
    let status = tool.status.map(|s| json!(s));
    let failed = status.as_ref().and_then(|s| s.as_str()) == Some("failed");
    let title = tool.title.as_deref().unwrap_or(&tool.id);
    if failed {
        return Some(format!("* {title}: failed"));
    }
    tool.tool.is_some().then(|| format!("* {title}"))
}

fn ending_words(ending: &Ending) -> String {
    match ending {
        Ending::Completed => "done".to_owned(),
        Ending::Failed { reason, .. } => format!("failed: {reason}"),
        Ending::Cancelled => "cancelled".to_owned(),
        Ending::Interrupted { why } => format!("interrupted: {why}"),
    }
}
