//! What the output of an attempt says that nobody reported: a host may have ended while no server ran.

use qd_core::event::{Ending, Event, EventBody};
use qd_core::ids::MessageId;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Recap {
    /// The agent's own id of the conversation.
    pub(super) conversation: Option<String>,
    /// The messages that reached the agent.
    pub(super) delivered: Vec<MessageId>,
    /// The message that was being handed over when the host vanished.
    pub(super) unknown: Option<MessageId>,
}

/// The kinds of events that it is made of; the kind stands in the first bytes of a line.
const KINDS: [&str; 4] =
    [r#""kind":"conversation""#, r#""kind":"prompt""#, r#""kind":"answered""#, r#""kind":"ended""#];
const HEAD: usize = 96;

impl Recap {
    /// Reads an output file; nothing where there is none.
    pub(super) fn read(output: &Path) -> io::Result<Self> {
        let mut lines = match File::open(output) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut recap = Self::default();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            recap.line(&line);
            line.clear();
        }
        Ok(recap)
    }

    fn line(&mut self, line: &[u8]) {
        let handed_over = self.unknown.take();
        let head = String::from_utf8_lossy(line.get(..HEAD).unwrap_or(line));
        let told = KINDS.iter().any(|kind| head.contains(kind)).then(|| serde_json::from_slice::<Event>(line).ok());
        let body = told.flatten().map(|event| event.body);
        if let (Some(message), Some(EventBody::Ended { ending: Ending::Interrupted { .. }, .. })) = (handed_over, &body)
        {
            self.unknown = Some(message);
            return;
        }
        self.delivered.extend(handed_over);
        match body {
            Some(EventBody::Conversation { id }) => self.conversation = Some(id),
            Some(EventBody::Prompt { message, .. }) => self.unknown = Some(message),
            Some(EventBody::Answered { message, .. }) => self.delivered.extend(message),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qd_core::event::Activity;
    use qd_core::ids::{Millis, RequestId};
    use uuid::Uuid;

    fn recap(bodies: Vec<EventBody>) -> Recap {
        let mut recap = Recap::default();
        for (seq, body) in (1..).zip(bodies) {
            recap.line(&serde_json::to_vec(&Event { seq, ts: Millis(1_763_800_000_000), body }).unwrap());
        }
        recap
    }

    fn id(n: u128) -> MessageId {
        MessageId(Uuid::from_u128(n))
    }

    fn prompt(n: u128) -> EventBody {
        EventBody::Prompt { message: id(n), text: "x".repeat(500), images: Vec::new() }
    }

    fn ended(ending: Ending) -> EventBody {
        EventBody::Ended { ending, activity: Activity::default() }
    }

    #[test]
    fn what_was_handed_to_the_agent_is_told_and_what_it_quotes_is_not() {
        let quoted = serde_json::to_string(&prompt(7)).unwrap();
        let told = recap(vec![
            EventBody::Conversation { id: "c".to_owned() },
            prompt(1),
            EventBody::Text { text: quoted },
            EventBody::Answered { request: RequestId(Uuid::nil()), option: None, note: None, message: Some(id(2)) },
            ended(Ending::Completed),
        ]);
        let expected = Recap { conversation: Some("c".to_owned()), delivered: vec![id(1), id(2)], unknown: None };
        assert_eq!(told, expected);
    }

    #[test]
    fn a_message_in_the_moment_of_vanishing_is_unknown() {
        let vanished = || ended(Ending::Interrupted { why: String::new() });
        assert_eq!(recap(vec![prompt(1), vanished()]).unknown, Some(id(1)));
        let told = recap(vec![prompt(1), EventBody::Text { text: String::new() }, vanished()]);
        assert_eq!((told.unknown, told.delivered), (None, vec![id(1)]));
        assert_eq!(recap(vec![prompt(1), ended(Ending::Cancelled)]).delivered, vec![id(1)]);
    }
}
