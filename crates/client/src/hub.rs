//! The hub: one stream of the log for all tabs of a browser. It runs in a shared worker, or in the page where there
//! is none; it does no I/O either.
//!
//! It relays frames as they came and keeps the newest for tabs that join later. It never invents and never reorders.

use crate::event::{FromHub, ToHub};
use qd_core::ids::Millis;
use qd_core::op::Offset;
use qd_wire::LogFrame;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use ts_rs::TS;

/// How many records are kept for tabs that join.
const KEPT: usize = 1_000;
/// The stream is dead after this long without a frame (two heartbeats), in milliseconds.
const SILENT: u64 = 31_000;
/// How often tabs hear that the hub lives, in milliseconds.
const ALIVE: u64 = 4_000;

/// What happens to the hub.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HubEvent {
    /// A tab says something.
    Port {
        /// Which tab.
        port: u32,
        /// What.
        message: ToHub,
        /// Now.
        now: Millis,
    },
    /// The stream is open.
    Opened {
        /// Which opening.
        stream: u32,
        /// Now.
        now: Millis,
    },
    /// A frame of the stream.
    Frame {
        /// Which opening.
        stream: u32,
        /// The SSE event's data, as it came.
        data: String,
        /// The SSE event's id: the offset after a record.
        id: Option<String>,
        /// Now.
        now: Millis,
    },
    /// The stream ended or was refused.
    Closed {
        /// Which opening.
        stream: u32,
        /// The HTTP status of a refusal; 0 otherwise.
        status: u16,
        /// Now.
        now: Millis,
    },
    /// Time passed.
    Tick {
        /// Now.
        now: Millis,
    },
}

/// What the hub wants done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HubEffect {
    /// Open the stream after `offset`; what comes is reported under the number `stream`.
    Open {
        /// Names this opening.
        stream: u32,
        /// `epoch.seq.tag`
        offset: String,
    },
    /// Close the stream, if it is open.
    Close,
    /// Say this to a tab.
    Say {
        /// Which tab.
        port: u32,
        /// What.
        message: FromHub,
    },
    /// Report `Tick` at this time at the latest.
    Wake {
        /// When.
        at: Millis,
    },
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    now: Millis,
    /// The tabs.
    ports: BTreeSet<u32>,
    /// Those that were sent for a snapshot and have not joined again: no frame follows where they stand.
    behind: BTreeSet<u32>,
    /// Where the kept records begin: the offset before the first of them.
    floor: Option<Offset>,
    kept: VecDeque<(Offset, String)>,
    /// How long the log is by the last heartbeat of this stream.
    counted: u64,
    stream: u32,
    link: Link,
    tries: u32,
    heard: Millis,
    alive: Millis,
    jitter: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Link {
    #[default]
    Closed,
    Opening,
    Open,
    Waiting(Millis),
    LoggedOut,
}

impl Hub {
    /// A hub without tabs. `jitter` is any random number.
    pub fn new(jitter: u64) -> Self {
        Self { jitter, ..Self::default() }
    }

    /// Takes one event.
    pub fn handle(&mut self, event: HubEvent) -> Vec<HubEffect> {
        let mut effects = Vec::new();
        match event {
            HubEvent::Port { port, message, now } => {
                self.look_at_clock(now);
                self.port(port, message, &mut effects);
            }
            HubEvent::Opened { stream, now } => {
                self.look_at_clock(now);
                if stream == self.stream {
                    self.link = Link::Open;
                    self.tries = 0;
                    self.heard = now;
                    self.say_all(&FromHub::Connected, &mut effects);
                }
            }
            HubEvent::Frame { stream, data, id, now } => {
                self.look_at_clock(now);
                if stream == self.stream && self.link == Link::Open {
                    self.frame(data, id.as_deref(), &mut effects);
                }
            }
            HubEvent::Closed { stream, status, now } => {
                self.look_at_clock(now);
                if stream == self.stream {
                    self.closed(status, &mut effects);
                }
            }
            HubEvent::Tick { now } => self.look_at_clock(now),
        }
        self.pass_time(&mut effects);
        effects
    }

    /// A clock that was set back must not put off what is due.
    fn look_at_clock(&mut self, now: Millis) {
        if now < self.now {
            self.heard = self.heard.min(now);
            self.alive = Millis(self.alive.0.min(now.0.saturating_sub(ALIVE)));
            if let Link::Waiting(at) = self.link {
                self.link = Link::Waiting(at.min(now));
            }
        }
        self.now = now;
    }

    fn port(&mut self, port: u32, message: ToHub, effects: &mut Vec<HubEffect>) {
        match message {
            ToHub::Join { offset } => {
                self.ports.insert(port);
                self.behind.remove(&port);
                if let Ok(offset) = offset.parse() {
                    self.join(port, offset, effects);
                }
            }
            ToHub::Leave => {
                self.ports.remove(&port);
                self.behind.remove(&port);
                if self.ports.is_empty() {
                    self.link = Link::Closed;
                    self.stream += 1;
                    effects.push(HubEffect::Close);
                }
            }
            ToHub::Reopen => {
                if self.link == Link::LoggedOut {
                    self.link = Link::Waiting(self.now);
                }
            }
        }
    }

    fn join(&mut self, port: u32, offset: Offset, effects: &mut Vec<HubEffect>) {
        let head = self.head();
        match head {
            None => {
                self.floor = Some(offset);
                self.open(effects);
            }
            // Another history, or nobody who needs what lies between: begin again from there.
            Some(head) if offset.epoch > head.epoch || (offset.seq > head.seq && self.link == Link::Closed) => {
                self.begin_at(port, offset, effects);
            }
            // The tab's snapshot is ahead of the stream, which the other tabs need as it is: it passes over what it has.
            Some(head) if offset.seq > head.seq => {}
            Some(_) => match self.tail(offset) {
                Some(frames) => {
                    if !frames.is_empty() {
                        effects.push(HubEffect::Say { port, message: FromHub::Frames { frames } });
                    }
                    if matches!(self.link, Link::Closed) {
                        self.open(effects);
                    }
                }
                // No stream stands: the newest snapshot is the best place to begin again from.
                None if !matches!(self.link, Link::Open | Link::Opening) => self.begin_at(port, offset, effects),
                None => self.send_for_snapshot(&[port], effects),
            },
        }
        match self.link {
            Link::Open => effects.push(HubEffect::Say { port, message: FromHub::Connected }),
            Link::Waiting(_) => effects.push(HubEffect::Say { port, message: FromHub::Lost }),
            Link::LoggedOut => effects.push(HubEffect::Say { port, message: FromHub::LoggedOut }),
            Link::Closed | Link::Opening => {}
        }
    }

    /// Begins again from where `port` stands. The others may stand elsewhere, or in a history that is no more.
    fn begin_at(&mut self, port: u32, offset: Offset, effects: &mut Vec<HubEffect>) {
        self.floor = Some(offset);
        self.kept.clear();
        self.open(effects);
        let others: Vec<u32> = self.ports.iter().copied().filter(|other| *other != port).collect();
        self.send_for_snapshot(&others, effects);
    }

    fn send_for_snapshot(&mut self, ports: &[u32], effects: &mut Vec<HubEffect>) {
        self.behind.extend(ports);
        effects.extend(ports.iter().map(|port| HubEffect::Say { port: *port, message: FromHub::Behind }));
    }

    /// The offset of the newest record that was relayed.
    fn head(&self) -> Option<Offset> {
        self.kept.back().map(|(offset, _)| *offset).or(self.floor)
    }

    /// The kept records after `offset`; `None` where they are not all kept.
    fn tail(&self, offset: Offset) -> Option<Vec<String>> {
        if self.floor == Some(offset) {
            return Some(self.kept.iter().map(|(_, data)| data.clone()).collect());
        }
        let at = self.kept.iter().position(|(kept, _)| *kept == offset)?;
        Some(self.kept.iter().skip(at + 1).map(|(_, data)| data.clone()).collect())
    }

    fn open(&mut self, effects: &mut Vec<HubEffect>) {
        let Some(head) = self.head() else { return };
        self.stream += 1;
        self.counted = 0;
        self.link = Link::Opening;
        self.heard = self.now;
        effects.push(HubEffect::Close);
        effects.push(HubEffect::Open { stream: self.stream, offset: head.to_string() });
    }

    fn frame(&mut self, data: String, id: Option<&str>, effects: &mut Vec<HubEffect>) {
        self.heard = self.now;
        if let Some(offset) = id.and_then(|id| id.parse::<Offset>().ok()) {
            match self.head() {
                Some(head) if offset.epoch == head.epoch && offset.seq <= head.seq => {}
                Some(head) if offset.epoch == head.epoch && offset.seq == head.seq + 1 => {
                    self.kept.push_back((offset, data.clone()));
                    while self.kept.len() > KEPT {
                        if let Some((gone, _)) = self.kept.pop_front() {
                            self.floor = Some(gone);
                        }
                    }
                }
                // Something was lost on the way: the stream begins again where it was whole (R6).
                _ => {
                    self.open(effects);
                    return;
                }
            }
        } else if let Ok(LogFrame::Heartbeat { seq }) = serde_json::from_str(&data) {
            // What the heartbeat before counted is here by now, or was lost on the way.
            if self.head().is_some_and(|head| head.seq < self.counted) {
                self.open(effects);
                return;
            }
            self.counted = seq;
        }
        let message = FromHub::Frames { frames: vec![data] };
        let follow = self.ports.difference(&self.behind);
        effects.extend(follow.map(|port| HubEffect::Say { port: *port, message: message.clone() }));
    }

    fn closed(&mut self, status: u16, effects: &mut Vec<HubEffect>) {
        match status {
            401 => {
                self.link = Link::LoggedOut;
                self.say_all(&FromHub::LoggedOut, effects);
            }
            // The server does not have this offset (any more): only a snapshot leads on.
            409 | 410 => {
                self.link = Link::Closed;
                self.floor = None;
                self.kept.clear();
                let all: Vec<u32> = self.ports.iter().copied().collect();
                self.send_for_snapshot(&all, effects);
            }
            _ => self.wait(effects),
        }
    }

    fn wait(&mut self, effects: &mut Vec<HubEffect>) {
        self.tries += 1;
        let full = 250u64 << (self.tries - 1).min(5);
        // A jitter of its own for every try: many browsers must not come back at one instant.
        self.jitter = self.jitter.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.link = Link::Waiting(Millis(self.now.0 + full / 2 + (self.jitter >> 33) % (full / 2).max(1)));
        self.stream += 1;
        self.say_all(&FromHub::Lost, effects);
    }

    fn pass_time(&mut self, effects: &mut Vec<HubEffect>) {
        if matches!(self.link, Link::Open | Link::Opening) && self.now.since(self.heard) > SILENT {
            effects.push(HubEffect::Close);
            self.wait(effects);
        }
        if matches!(self.link, Link::Waiting(at) if at <= self.now) && !self.ports.is_empty() {
            self.open(effects);
        }
        if self.now.since(self.alive) >= ALIVE {
            self.alive = self.now;
            self.say_all(&FromHub::Alive, effects);
        }
        if self.ports.is_empty() {
            return;
        }
        let mut at = Millis(self.alive.0 + ALIVE);
        if let Link::Waiting(due) = self.link {
            at = at.min(due.max(self.now));
        }
        effects.push(HubEffect::Wake { at });
    }

    fn say_all(&self, message: &FromHub, effects: &mut Vec<HubEffect>) {
        effects.extend(self.ports.iter().map(|port| HubEffect::Say { port: *port, message: message.clone() }));
    }
}
