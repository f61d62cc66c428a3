//! A driver between an agent that may say anything and a person who may do anything, and what must hold all the same.

use qd_agents::catalogue::{Protocol, quirks};
use qd_agents::driver::{AgentDriver, Command, Outbox, Refused, Signal, Start, driver};
use qd_core::event::{EventBody, Image, Offer, Request};
use qd_core::ids::RequestId;
use qd_core::row::Permission;
use serde_json::{Value, json};
use std::collections::HashSet;

/// More answers than the questions of any input.
const PATIENCE: usize = 100_000;

/// Plays one input.
///
/// # Panics
///
/// Where a promise of the driver is broken.
pub fn play(protocol: Protocol, agent: &str, data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n').peekable();
    let head =
        lines.next_if(|line| [b">q", b">e", b">w"].iter().any(|head| line.starts_with(*head))).unwrap_or_default();
    let mut conversation = Conversation::open(protocol, agent, head);
    for line in lines {
        match line.strip_prefix(b">") {
            Some(deed) => conversation.deed(deed),
            None => conversation.line(line),
        }
    }
    conversation.answer_everything();
}

struct Conversation {
    driver: Box<dyn AgentDriver>,
    out: Outbox,
    asked: HashSet<RequestId>,
    open: Vec<Request>,
    offers: Vec<Offer>,
    ready: bool,
    broken: bool,
    /// Turns that were begun and have not ended.
    turns: usize,
}

impl Conversation {
    fn open(protocol: Protocol, agent: &str, head: &[u8]) -> Self {
        let start = Start {
            title: "The agent".to_owned(),
            cwd: "/fixture/project".into(),
            resume: head.contains(&b'r').then(|| "conversation".to_owned()),
            spent: None,
            fork: None,
            permission: match head.get(1) {
                Some(b'e') => Permission::Edit,
                Some(b'w') => Permission::Everything,
                _ => Permission::Ask,
            },
            model: None,
            seed: "fuzz".to_owned(),
            login: Some("log in".to_owned()),
            quirks: quirks(agent, protocol),
        };
        let mut conversation = Self {
            driver: driver(protocol, start),
            out: Outbox::default(),
            asked: HashSet::new(),
            open: Vec::new(),
            offers: Vec::new(),
            ready: false,
            broken: false,
            turns: 0,
        };
        conversation.driver.begin(&mut conversation.out);
        conversation.look();
        conversation
    }

    fn line(&mut self, line: &[u8]) {
        self.driver.line(line, &mut self.out);
        self.look();
    }

    fn deed(&mut self, deed: &[u8]) {
        let Some((what, rest)) = deed.split_first() else { return };
        let text = || String::from_utf8_lossy(rest).into_owned();
        match what {
            b'p' => self.prompt(text(), Vec::new()),
            b'i' => {
                let image = Image { mime: "image/png".to_owned(), data: "AAAA".to_owned() };
                self.prompt(text(), vec![image]);
            }
            b's' => {
                let steered = self.command(Command::Steer { text: text() });
                assert!(steered.is_err() || self.turns > 0, "there was nothing to steer");
            }
            b'c' => assert_eq!(self.command(Command::CancelTurn), Ok(())),
            b'o' => {
                let (Some(offer), Some(value)) = (rest.first(), rest.get(1)) else { return };
                let Some(offer) = nth(&self.offers, *offer) else { return };
                let Some(value) = nth(&offer.values, *value) else { return };
                let _ = self.command(Command::Choose { offer: offer.id, value: value.id });
            }
            b'a' => {
                let (Some(request), Some(option)) = (rest.first(), rest.get(1)) else { return };
                let Some(request) = nth(&self.open, *request) else { return };
                let options = request.options.iter().map(|option| Some(option.id.clone())).chain([None]);
                let option = nth(&options.collect::<Vec<_>>(), *option).flatten();
                let note = rest.get(2..).filter(|note| !note.is_empty());
                let note = note.map(|note| String::from_utf8_lossy(note).into_owned());
                let input = request.input.filter(|_| note.is_some()).map(|_| json!({ "command": "true" }));
                self.answer(Command::Answer { request: request.id, option, note, input, message: None }, request.id);
            }
            _ => {}
        }
    }

    fn prompt(&mut self, text: String, images: Vec<Image>) {
        let idle = self.ready && !self.broken && self.turns == 0;
        // What the answer brings belongs to the turn already.
        self.turns += 1;
        let taken = self.driver.command(Command::Prompt { text, images, files: Vec::new() }, &mut self.out);
        if taken.is_err() {
            self.turns -= 1;
        }
        assert_eq!(taken.is_ok(), idle, "a prompt is taken where the driver is ready and no turn runs: {taken:?}");
        self.look();
    }

    fn command(&mut self, command: Command) -> Result<(), Refused> {
        let done = self.driver.command(command, &mut self.out);
        self.look();
        done
    }

    fn answer(&mut self, answer: Command, request: RequestId) {
        let again = answer.clone();
        assert_eq!(self.command(answer), Ok(()), "an open request takes each of its options");
        assert!(self.open.iter().all(|open| open.id != request), "an answered request is settled");
        assert_eq!(self.command(again), Err(Refused::NoSuchRequest), "it is settled once");
    }

    /// A person who answers whatever is asked comes to an end.
    fn answer_everything(&mut self) {
        for _ in 0..PATIENCE {
            let Some(request) = self.open.first().cloned() else { return };
            let option = request.options.first().map(|option| option.id.clone()).unwrap_or_default();
            self.answer(Command::answer(request.id, option), request.id);
        }
        panic!("the same is asked for ever: {:?}", self.open.first());
    }

    fn look(&mut self) {
        let bytes = self.out.take_bytes();
        assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "what is sent is whole lines");
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let sent = serde_json::from_slice::<Value>(line);
            assert!(sent.is_ok_and(|sent| sent.is_object()), "what is sent is JSON: {}", String::from_utf8_lossy(line));
        }
        for signal in self.out.take_signals() {
            match signal {
                Signal::Ready { .. } => {
                    assert!(!self.ready && !self.broken, "ready once, and before it breaks");
                    self.ready = true;
                }
                Signal::Unforked => assert!(!self.ready, "it says so before it is ready"),
                Signal::Broken { reason } => {
                    assert!(!self.broken, "broken once: {reason}");
                    assert!(!reason.is_empty());
                    self.broken = true;
                }
                Signal::Event(event) => self.event(event),
            }
        }
    }

    fn event(&mut self, event: EventBody) {
        let written = serde_json::to_string(&event).unwrap_or_default();
        let read = serde_json::from_str::<EventBody>(&written);
        assert!(read.is_ok(), "what is written to the log can be read again: {written}");
        match event {
            EventBody::Asked { request } => {
                assert!(!request.options.is_empty(), "a request can be answered");
                assert!(self.asked.insert(request.id), "each request has an id of its own");
                self.open.push(request);
            }
            EventBody::Answered { request, .. } => {
                let before = self.open.len();
                self.open.retain(|open| open.id != request);
                assert_eq!(self.open.len() + 1, before, "only what is open is settled");
            }
            EventBody::TurnEnded { stop, .. } => {
                assert!(!self.broken, "nothing ends after it broke");
                assert!(self.turns > 0, "no end of a turn is invented: {stop}");
                assert!(self.open.is_empty(), "nothing stays open behind the end of a turn");
                self.turns -= 1;
            }
            EventBody::Offers { offers } => self.offers = offers,
            _ => {}
        }
    }
}

fn nth<T: Clone>(all: &[T], which: u8) -> Option<T> {
    all.get(usize::from(which) % all.len().max(1)).cloned()
}
