//! What the network and the browser do when they do what they should: each step delivers something that is on its way.

use super::server::Http;
use super::step::Kind;
use super::violation::Violated;
use super::world::{Flow, Post, Reply, World};
use qd_client::Event;
use qd_client::hub::HubEvent;

/// Deliveries in one calm moment are bounded by this many rounds.
const ROUNDS: usize = 40;

fn index(n: u16, count: usize) -> Option<usize> {
    (count > 0).then(|| usize::from(n) % count)
}

impl World {
    /// Delivers. Says whether there was anything to deliver.
    pub fn deliver(&mut self, kind: Kind, a: u16, b: u16) -> Violated<bool> {
        match kind {
            Kind::Post => self.take_posts(1),
            Kind::Posts => self.take_posts(2 + usize::from(a % 3)),
            Kind::Reply => self.take_reply(0),
            Kind::SnapshotRead => self.read_snapshot(),
            Kind::SnapshotArrives => self.take_snapshot(),
            Kind::StreamOpens => {
                let asked: Vec<usize> = self.streams_in(Flow::Asked);
                let Some(at) = index(a, asked.len()) else { return Ok(false) };
                self.open_stream(asked[at]);
                Ok(true)
            }
            Kind::Frames => {
                let ready: Vec<usize> = (0..self.streams.len())
                    .filter(|at| self.streams[*at].flow != Flow::GivenUp && self.stream_has_news(*at))
                    .collect();
                let Some(at) = index(a, ready.len()) else { return Ok(false) };
                self.flow(ready[at], 1 + usize::from(b % 4));
                Ok(true)
            }
            Kind::ToTab => {
                let full: Vec<usize> = (0..self.tabs.len()).filter(|at| !self.tabs[*at].inbox.is_empty()).collect();
                let Some(at) = index(a, full.len()) else { return Ok(false) };
                self.say_to_tab(full[at])
            }
            Kind::ToHub => {
                let full: Vec<usize> = (0..self.hubs.len())
                    .filter(|at| !self.hubs[*at].hangs && !self.hubs[*at].inbox.is_empty())
                    .collect();
                let Some(at) = index(a, full.len()) else { return Ok(false) };
                Ok(self.say_to_hub(full[at]))
            }
            Kind::Storage => {
                let full: Vec<usize> = (0..self.tabs.len()).filter(|at| !self.tabs[*at].storage.is_empty()).collect();
                let Some(at) = index(a, full.len()) else { return Ok(false) };
                self.tell_of_storage(full[at])
            }
            Kind::Calm => self.calm(),
            Kind::Cache => {
                let Some(at) = index(a, self.tabs.len()) else { return Ok(false) };
                let client = &self.tabs[at].client;
                let kept = client.base_json().zip(client.applied());
                let any = kept.is_some();
                self.cache = kept.or(self.cache.take());
                Ok(any)
            }
            Kind::Backup => {
                self.server.back_up()?;
                Ok(true)
            }
            Kind::Opened => {
                if self.tabs.len() > 3 {
                    return Ok(false);
                }
                self.open_tab()?;
                Ok(true)
            }
            Kind::LogIn => self.log_in(),
            _ => Ok(false),
        }
    }

    /// The first `count` POSTs reach the server, which settles them in one batch.
    fn take_posts(&mut self, count: usize) -> Violated<bool> {
        let count = count.min(self.posts.len());
        let posts: Vec<Post> = self.posts.drain(..count).collect();
        self.settle(&posts, false)?;
        Ok(count > 0)
    }

    /// The server settles POSTs; its answers are on their way.
    pub(super) fn settle(&mut self, posts: &[Post], refuse: bool) -> Violated<()> {
        let bodies: Vec<String> = posts.iter().map(|p| p.body.clone()).collect();
        let now = self.server_now();
        let answers = self.server.post(&bodies, refuse, now)?;
        self.replies.extend(posts.iter().zip(answers).map(|(post, http)| Reply {
            page: post.page,
            mid: post.mid,
            http: Some(http),
        }));
        Ok(())
    }

    /// The answer at a place of the queue arrives.
    pub(super) fn take_reply(&mut self, at: usize) -> Violated<bool> {
        if at >= self.replies.len() {
            return Ok(false);
        }
        let Reply { page, mid, http } = self.replies.remove(at);
        let Some(page) = page else {
            if let Some(body) = self.cli.answered(mid, http.as_ref()) {
                self.posts.push(Post { page: None, mid, body });
            }
            return Ok(true);
        };
        let now = self.browser_now();
        let Some(at) = self.tab_of(page) else { return Ok(true) };
        let event = match http {
            Some(Http { status, body }) => Event::Reply { mid, status, body, now },
            None => Event::SendFailed { mid, now },
        };
        self.tell(at, event)?;
        Ok(true)
    }

    fn read_snapshot(&mut self) -> Violated<bool> {
        if self.asks.is_empty() {
            return Ok(false);
        }
        let (page, mids) = self.asks.remove(0);
        let text = self.server.snapshot(&mids)?;
        self.snapshots.push((page, Ok(text)));
        Ok(true)
    }

    pub(super) fn take_snapshot(&mut self) -> Violated<bool> {
        if self.snapshots.is_empty() {
            return Ok(false);
        }
        let (page, text) = self.snapshots.remove(0);
        let now = self.browser_now();
        let Some(at) = self.tab_of(page) else { return Ok(true) };
        let event = match text {
            Ok(text) => Event::Snapshot { text, now },
            Err(status) => Event::SnapshotFailed { status, now },
        };
        self.tell(at, event)?;
        Ok(true)
    }

    /// The streams that stand so.
    pub(super) fn streams_in(&self, flow: Flow) -> Vec<usize> {
        (0..self.streams.len()).filter(|at| self.streams[*at].flow == flow).collect()
    }

    fn open_stream(&mut self, at: usize) {
        let (hub, number, offset) = (self.streams[at].hub, self.streams[at].number, self.streams[at].at);
        let now = self.browser_now();
        match self.server.frames(offset) {
            Ok(_) => {
                self.streams[at].flow = Flow::Open;
                self.tell_hub(hub, HubEvent::Opened { stream: number, now });
            }
            Err(status) => {
                self.streams.remove(at);
                self.tell_hub(hub, HubEvent::Closed { stream: number, status, now });
            }
        }
    }

    pub(super) fn stream_has_news(&self, at: usize) -> bool {
        let stream = &self.streams[at];
        let behind = stream.flow == Flow::Open && stream.at != self.server.history.head();
        behind || !stream.frames.is_empty() || matches!(stream.flow, Flow::Ended(_))
    }

    /// What the server wrote into the stream by now is on its way.
    pub(super) fn fill(&mut self, at: usize) {
        let stream = &mut self.streams[at];
        if stream.flow != Flow::Open || stream.at == self.server.history.head() {
            return;
        }
        if let Ok(frames) = self.server.frames(stream.at) {
            for (offset, frame) in frames {
                stream.at = offset;
                stream.frames.push_back((frame, Some(offset.to_string())));
            }
        } else {
            stream.frames.push_back(("{\"frame\":\"resync\"}".to_owned(), None));
            stream.flow = Flow::Ended(0);
        }
    }

    /// At most `count` frames reach the hub, then the end where it has come.
    pub(super) fn flow(&mut self, at: usize, count: usize) {
        self.fill(at);
        let now = self.browser_now();
        let (hub, number) = (self.streams[at].hub, self.streams[at].number);
        for _ in 0..count {
            let Some((data, id)) = self.streams[at].frames.pop_front() else { break };
            self.tell_hub(hub, HubEvent::Frame { stream: number, data, id, now });
        }
        if let (Flow::Ended(status), true) = (self.streams[at].flow, self.streams[at].frames.is_empty()) {
            self.streams.remove(at);
            self.tell_hub(hub, HubEvent::Closed { stream: number, status, now });
        }
    }

    fn say_to_tab(&mut self, at: usize) -> Violated<bool> {
        let Some(message) = self.tabs[at].inbox.pop_front() else { return Ok(false) };
        let now = self.browser_now();
        self.tell(at, Event::Hub { message, now })?;
        Ok(true)
    }

    fn say_to_hub(&mut self, at: usize) -> bool {
        let Some((port, message)) = self.hubs[at].inbox.pop_front() else { return false };
        let now = self.browser_now();
        self.tell_hub(at, HubEvent::Port { port, message, now });
        true
    }

    fn tell_of_storage(&mut self, at: usize) -> Violated<bool> {
        let Some((key, value)) = self.tabs[at].storage.pop_front() else { return Ok(false) };
        let now = self.browser_now();
        self.tell(at, Event::Storage { key, value, now })?;
        Ok(true)
    }

    /// Everyone who was logged out logs in again.
    pub(super) fn log_in(&mut self) -> Violated<bool> {
        let out: Vec<u32> =
            self.tabs.iter().filter(|t| t.client.connection().state == "logged_out").map(|t| t.page).collect();
        let now = self.browser_now();
        for page in &out {
            if let Some(at) = self.tab_of(*page) {
                self.tell(at, Event::LoggedIn { now })?;
            }
        }
        Ok(!out.is_empty())
    }

    /// All that is on its way arrives, and what follows from it. Says whether there was anything.
    pub(super) fn calm(&mut self) -> Violated<bool> {
        let mut any = false;
        for _ in 0..ROUNDS {
            let mut moved = false;
            while !self.posts.is_empty() {
                moved |= self.take_posts(64)?;
            }
            for _ in 0..self.replies.len() {
                moved |= self.take_reply(0)?;
            }
            for _ in 0..self.asks.len() {
                moved |= self.read_snapshot()?;
            }
            for _ in 0..self.snapshots.len() {
                moved |= self.take_snapshot()?;
            }
            for name in 0..self.hubs.len() {
                while !self.hubs[name].hangs && self.say_to_hub(name) {
                    moved = true;
                }
            }
            while let Some(at) = self.streams_in(Flow::Asked).first().copied() {
                moved = true;
                self.open_stream(at);
            }
            self.streams.retain(|s| s.flow != Flow::GivenUp);
            let mut at = 0;
            while at < self.streams.len() {
                let before = self.streams.len();
                if self.stream_has_news(at) {
                    moved = true;
                    self.flow(at, usize::MAX);
                }
                at += usize::from(self.streams.len() == before);
            }
            for at in 0..self.tabs.len() {
                while self.say_to_tab(at)? {
                    moved = true;
                }
                while self.tell_of_storage(at)? {
                    moved = true;
                }
            }
            any |= moved;
            if !moved {
                break;
            }
        }
        Ok(any)
    }
}
