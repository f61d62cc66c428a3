//! What goes wrong. Each fault says whether it befell anything: only then it counts.

use super::server::Http;
use super::step::Kind;
use super::violation::Violated;
use super::world::{Flow, Reply, World};
use qd_client::event::ToHub;
use qd_client::hub::HubEvent;
use qd_wire::ErrorCode;

/// How far the clock is set, in milliseconds.
const CLOCKS: [i64; 6] = [30_000, -30_000, 600_000, -600_000, -3_600_000, 2 * 86_400_000];

fn index(n: u16, count: usize) -> Option<usize> {
    (count > 0).then(|| usize::from(n) % count)
}

impl World {
    /// Something goes wrong. Says whether it befell anything.
    pub fn fail(&mut self, kind: Kind, a: u16, b: u16) -> Violated<bool> {
        match kind {
            Kind::PostLost | Kind::PostTwice | Kind::PostEarly | Kind::NoAnswer | Kind::LoggedOut | Kind::Refused => {
                self.fail_post(kind, a, b)
            }
            Kind::ReplyLost => {
                let Some(at) = index(a, self.replies.len()) else { return Ok(false) };
                self.replies[at].http = None;
                Ok(true)
            }
            Kind::ReplyEarly => {
                if self.replies.len() < 2 {
                    return Ok(false);
                }
                self.take_reply(1 + usize::from(a) % (self.replies.len() - 1))
            }
            Kind::Cut | Kind::Stall | Kind::Stale | Kind::Mixed | Kind::NoStream => Ok(self.fail_stream(kind, a, b)),
            Kind::NoSnapshot => {
                let Some(at) = index(a, self.asks.len()) else { return Ok(false) };
                let (page, _) = self.asks.remove(at);
                self.snapshots.push((page, Err([0, 401, 502, 503][usize::from(b) % 4])));
                Ok(true)
            }
            Kind::SnapshotLate => self.be_late(),
            Kind::Reload | Kind::ReloadCached | Kind::TabDies => self.close_page(kind, a, b),
            Kind::Killed => {
                self.kill(a, b)?;
                Ok(true)
            }
            Kind::Restored => {
                self.kill(a, b)?;
                let loses = self.server.restore()?;
                self.restored |= loses;
                // What is known of a history that is no more is void.
                for tab in self.tabs.iter_mut().filter(|_| loses) {
                    tab.eyes.forget();
                }
                self.replies.iter_mut().for_each(|reply| reply.http = None);
                Ok(loses)
            }
            Kind::NewEpoch => {
                self.kill(a, b)?;
                self.restored = true;
                self.server.new_epoch()?;
                Ok(true)
            }
            Kind::HubHangs => {
                let Some(name) = index(a, self.hubs.len()).filter(|name| !self.hubs[*name].hangs) else {
                    return Ok(false);
                };
                self.hubs[name].hangs = true;
                Ok(true)
            }
            Kind::Full => {
                self.refusing = 1 + u32::from(a % 3);
                Ok(true)
            }
            Kind::Collected => self.server.collect(self.server_now()),
            Kind::ClockSet => {
                self.skew += CLOCKS[usize::from(a) % CLOCKS.len()];
                Ok(true)
            }
            Kind::Sleep => {
                self.pass(1000 * (40 + u64::from(a % 120)))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn fail_post(&mut self, kind: Kind, a: u16, b: u16) -> Violated<bool> {
        let count = self.posts.len();
        let Some(at) = index(a, count) else { return Ok(false) };
        match kind {
            Kind::PostLost => {
                let post = self.posts.remove(at);
                self.replies.push(Reply { page: post.page, mid: post.mid, http: None });
            }
            // The second one goes its own way.
            Kind::PostTwice => {
                let post = self.posts[at].clone();
                self.settle(&[post], false)?;
                self.replies.pop();
            }
            Kind::PostEarly => {
                if count < 2 {
                    return Ok(false);
                }
                let post = self.posts.remove(1 + usize::from(a) % (count - 1));
                self.settle(&[post], false)?;
            }
            Kind::Refused => {
                let post = self.posts.remove(at);
                self.settle(&[post], true)?;
            }
            Kind::LoggedOut => {
                let post = self.posts.remove(at);
                let http = Some(Http::error(401, ErrorCode::Unauthorized));
                self.replies.push(Reply { page: post.page, mid: post.mid, http });
            }
            _ => {
                let post = self.posts.remove(at);
                if b.is_multiple_of(2) {
                    self.settle(std::slice::from_ref(&post), false)?;
                    self.replies.pop();
                }
                let http = match b / 2 % 5 {
                    0 => Http::error(500, ErrorCode::Internal),
                    1 => Http { status: 502, body: "<html><title>Bad Gateway</title></html>".to_owned() },
                    2 => Http::error(429, ErrorCode::Overloaded),
                    3 => Http { status: 200, body: "{\"mid\":".to_owned() },
                    _ => Http { status: 404, body: "<html>no such page</html>".to_owned() },
                };
                self.replies.push(Reply { page: post.page, mid: post.mid, http: Some(http) });
            }
        }
        Ok(true)
    }

    fn fail_stream(&mut self, kind: Kind, a: u16, b: u16) -> bool {
        let wanted = match kind {
            Kind::NoStream => Flow::Asked,
            Kind::Stale => Flow::GivenUp,
            _ => Flow::Open,
        };
        let found = self.streams_in(wanted);
        let Some(at) = index(a, found.len()).map(|n| found[n]) else { return false };
        match kind {
            Kind::NoStream => self.streams[at].flow = Flow::Ended([0, 401, 502, 503][usize::from(b) % 4]),
            Kind::Cut => {
                self.fill(at);
                let kept = usize::from(b) % (self.streams[at].frames.len() + 1);
                self.streams[at].frames.truncate(kept);
                self.streams[at].flow = Flow::Ended(0);
            }
            Kind::Stall => {
                self.fill(at);
                let kept = usize::from(b) % (self.streams[at].frames.len() + 1);
                self.streams[at].frames.truncate(kept);
                self.streams[at].flow = Flow::Stalled;
            }
            Kind::Mixed => {
                self.fill(at);
                let frames = &mut self.streams[at].frames;
                // Something must follow: no network loses the end of a stream and goes on.
                let Some(n) = index(b / 3, frames.len().saturating_sub(1)) else { return false };
                match b % 3 {
                    0 => drop(frames.remove(n)),
                    1 => frames.insert(n, frames[n].clone()),
                    _ => frames.swap(n, n + 1),
                }
            }
            _ => {
                let stream = self.streams.remove(at);
                let now = self.browser_now();
                for (data, id) in stream.frames {
                    self.tell_hub(stream.hub, HubEvent::Frame { stream: stream.number, data, id, now });
                }
                if b.is_multiple_of(2) {
                    self.tell_hub(stream.hub, HubEvent::Closed { stream: stream.number, status: 0, now });
                }
            }
        }
        true
    }

    /// Everything but the snapshots that are on their way arrives; then they do.
    fn be_late(&mut self) -> Violated<bool> {
        if self.snapshots.is_empty() && self.deliver(Kind::SnapshotRead, 0, 0)? {
            self.report(Kind::Runs, 0, 0)?;
            self.report(Kind::FileChanged, 0, 7)?;
        }
        let late = std::mem::take(&mut self.snapshots);
        if late.is_empty() {
            return Ok(false);
        }
        self.calm()?;
        self.snapshots = late;
        self.take_snapshot()
    }

    fn close_page(&mut self, kind: Kind, a: u16, b: u16) -> Violated<bool> {
        let Some(at) = index(a, self.tabs.len()) else { return Ok(false) };
        let tab = self.tabs.remove(at);
        // A page that is closed says so, one that crashed does not.
        if !b.is_multiple_of(3) {
            self.hubs[tab.hub].inbox.push_back((tab.page, ToHub::Leave));
        }
        match kind {
            Kind::Reload => self.load(tab.id, tab.eyes, None)?,
            Kind::ReloadCached => {
                let cache = self.cache.clone();
                let any = cache.is_some();
                self.load(tab.id, tab.eyes, cache)?;
                return Ok(any);
            }
            _ if self.tabs.is_empty() => self.open_tab()?,
            _ => {}
        }
        Ok(true)
    }

    /// The server is killed: after it settled a POST and before the reply, or before. It is up again at once; nothing
    /// that was on its way arrives whole.
    fn kill(&mut self, a: u16, b: u16) -> Violated<()> {
        if b.is_multiple_of(2)
            && let Some(at) = index(a, self.posts.len())
        {
            let post = self.posts[at].clone();
            self.settle(&[post], false)?;
            self.replies.pop();
        }
        let broken = self.posts.drain(..).map(|post| Reply { page: post.page, mid: post.mid, http: None });
        self.replies.extend(broken);
        let unread: Vec<_> = self.asks.drain(..).map(|(page, _)| (page, Err(503))).collect();
        self.snapshots.extend(unread);
        for stream in self.streams.iter_mut().filter(|s| matches!(s.flow, Flow::Open | Flow::Asked | Flow::Stalled)) {
            stream.flow = Flow::Ended(0);
        }
        self.server.restart()
    }
}
