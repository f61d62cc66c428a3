//! The world of a schedule: one browser with its tabs, hubs, journal and clock; the command line; the network between
//! them and the server. Time is virtual; everything that is on its way lies in a queue until a step delivers it.

use super::cli::Cli;
use super::disk::Ground;
use super::eyes::{Around, Before, Eyes};
use super::heal::every_task;
use super::server::{Http, Server};
use super::tape::Tape;
use super::violation::{Violated, Violation};
use crate::random::Random;
use qd_client::event::{FromHub, JournalEntry, ToHub};
use qd_client::hub::{Hub, HubEffect, HubEvent};
use qd_client::{Client, Config, Effect, Event};
use qd_core::command::Command;
use qd_core::ids::{Mid, Millis};
use qd_core::op::Offset;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use uuid::Uuid;

/// More rings of clocks than this in one stretch of time are a loop.
const RINGS: u32 = 5_000;
/// More commits than this in one schedule are one, too.
const COMMITS: u32 = 4_000;
/// When every schedule begins.
const BEGIN: u64 = 1_763_800_000_000;
/// The server says that it is there so often, in milliseconds.
const HEARTBEAT: u64 = 15_000;

/// A tab.
pub struct Tab {
    /// Survives reloads.
    pub id: Uuid,
    /// Counts the pages that were loaded: one is answered only while it is there.
    pub page: u32,
    /// The real client.
    pub client: Client,
    /// Which hub it talks to.
    pub hub: usize,
    /// What the hub said and did not arrive yet.
    pub inbox: VecDeque<FromHub>,
    /// What other tabs did to the journal and was not heard yet.
    pub storage: VecDeque<(String, Option<String>)>,
    wake: Option<u64>,
    /// Watches it.
    pub eyes: Eyes,
}

/// A hub. Its number is its name.
pub struct HubHost {
    /// The real hub.
    pub hub: Hub,
    /// What tabs said and did not arrive yet.
    pub inbox: VecDeque<(u32, ToHub)>,
    wake: Option<u64>,
    /// It does nothing any more.
    pub hangs: bool,
}

/// How a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// The request is on its way.
    Asked,
    /// It is open.
    Open,
    /// The server sends nothing more, and nobody was told.
    Stalled,
    /// The hub gave it up; what was on its way may still come.
    GivenUp,
    /// It was cut; the hub hears of it after what was on its way.
    Ended(u16),
}

/// A stream of the log.
pub struct Stream {
    /// Of which hub.
    pub hub: usize,
    /// Its number there.
    pub number: u32,
    /// How it stands.
    pub flow: Flow,
    /// What the server has sent so far.
    pub at: Offset,
    /// Frames on their way.
    pub frames: VecDeque<(String, Option<String>)>,
    beaten: u64,
}

/// A POST on its way.
#[derive(Clone, Debug)]
pub struct Post {
    /// The page that waits; none for the command line.
    pub page: Option<u32>,
    /// The mutation.
    pub mid: Mid,
    /// Its body.
    pub body: String,
}

/// An answer on its way; without `http` the connection broke.
pub struct Reply {
    /// The page that waits; none for the command line.
    pub page: Option<u32>,
    /// The mutation.
    pub mid: Mid,
    /// What comes.
    pub http: Option<Http>,
}

/// Something that a person did.
#[derive(Clone, Debug)]
pub struct Clicked {
    /// What.
    pub command: Command,
    /// What it can't be done without.
    pub requires: Option<Mid>,
}

/// See the module.
pub struct World {
    /// The server's clock.
    pub now: u64,
    /// How far the browser's clock is off, in milliseconds.
    pub skew: i64,
    /// Draws what is not chosen by steps.
    pub random: Random,
    /// The server.
    pub server: Server,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// The hubs, by name.
    pub hubs: Vec<HubHost>,
    /// Streams.
    pub streams: Vec<Stream>,
    /// POSTs on their way.
    pub posts: Vec<Post>,
    /// Answers on their way.
    pub replies: Vec<Reply>,
    /// Requests of snapshots on their way.
    pub asks: Vec<(u32, Vec<Mid>)>,
    /// Snapshots on their way; without text with the status of the failure.
    pub snapshots: Vec<(u32, Result<String, u16>)>,
    /// The journal.
    pub storage: BTreeMap<String, String>,
    /// How many entries the journal refuses from now on.
    pub refusing: u32,
    /// The base that was kept, with where it was.
    pub cache: Option<(String, Offset)>,
    /// The command line.
    pub cli: Cli,
    /// Which tab ever posted which mutation.
    pub sent: HashSet<(Uuid, Mid)>,
    /// All that was clicked.
    pub clicked: HashMap<Mid, Clicked>,
    /// Clicks that the journal refused: a reload may forget them.
    pub unsaved: HashSet<Mid>,
    /// Saves that gave way to a later one before they were sent.
    pub gave_way: HashSet<Mid>,
    /// Whether history was ever cut off.
    pub restored: bool,
    /// Records what the cores are told, for a replay elsewhere.
    pub tape: Option<Tape>,
    pages: u32,
    commits: u32,
}

impl World {
    /// A world of this seed, with a project, agents, tasks and two tabs.
    pub fn new(seed: u64, ground: Ground, tape: Option<Tape>) -> Violated<Self> {
        let mut world = Self {
            now: BEGIN,
            skew: 0,
            random: Random::new(seed ^ 0x51_7e_a5_ed),
            server: Server::new(seed, ground)?,
            tabs: Vec::new(),
            hubs: Vec::new(),
            streams: Vec::new(),
            posts: Vec::new(),
            replies: Vec::new(),
            asks: Vec::new(),
            snapshots: Vec::new(),
            storage: BTreeMap::new(),
            refusing: 0,
            cache: None,
            cli: Cli::default(),
            sent: HashSet::new(),
            clicked: HashMap::new(),
            unsaved: HashSet::new(),
            gave_way: HashSet::new(),
            restored: false,
            tape,
            pages: 0,
            commits: 0,
        };
        world.furnish()?;
        world.server.back_up()?;
        world.open_tab()?;
        world.open_tab()?;
        Ok(world)
    }

    /// The server's clock.
    pub fn server_now(&self) -> Millis {
        Millis(self.now)
    }

    /// The browser's clock.
    pub fn browser_now(&self) -> Millis {
        Millis(self.now.saturating_add_signed(self.skew))
    }

    /// The tab that shows a page.
    pub fn tab_of(&self, page: u32) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.page == page)
    }

    /// Opens a tab.
    pub fn open_tab(&mut self) -> Violated<()> {
        let id = Uuid::from_u64_pair(self.random.draw(), self.random.draw());
        self.load(id, Eyes::default(), None)
    }

    /// Loads a page into a tab.
    pub fn load(&mut self, id: Uuid, mut eyes: Eyes, cached: Option<(String, Offset)>) -> Violated<()> {
        self.pages += 1;
        let config = Config { tab: id, seed: self.random.bytes() };
        let journal: Vec<JournalEntry> =
            self.storage.iter().map(|(key, value)| JournalEntry { key: key.clone(), value: value.clone() }).collect();
        let journaled = journal.iter().filter_map(|entry| match qd_client::journal::parse(&entry.key) {
            Some(qd_client::journal::Name::Intent(_, mid)) => Some(mid),
            _ => None,
        });
        eyes.reload(cached.as_ref().map(|(_, at)| *at), journaled.collect());
        if let Some(tape) = &mut self.tape {
            tape.panel(self.pages, &config);
        }
        let mut client = Client::new(&config);
        client.task_lines(&every_task());
        let (inbox, storage) = (VecDeque::new(), VecDeque::new());
        self.tabs.push(Tab { id, page: self.pages, client, hub: 0, inbox, storage, wake: None, eyes });
        self.hub(0);
        let now = self.browser_now();
        let at = self.tabs.len() - 1;
        self.tell(at, Event::Boot { now, journal, cached: cached.map(|(text, _)| text) }).map(drop)
    }

    /// Tells a tab something: one commit, watched. Gives the mutation that it made.
    pub fn tell(&mut self, at: usize, event: Event) -> Violated<Option<Mid>> {
        self.commits += 1;
        if self.commits > COMMITS {
            return Err(Violation::new("R11", "it never comes to rest"));
        }
        let tab = &mut self.tabs[at];
        let before = Before::look(&tab.client, &event);
        let clicks = matches!(event, Event::Act { .. } | Event::Retry { .. });
        let text = self.tape.as_ref().map(|_| serde_json::to_string(&event).unwrap_or_default());
        let out = tab.client.handle(event);
        if let (Some(tape), Some(text)) = (&mut self.tape, text) {
            tape.told(tab.page, &text, &out, &mut tab.client);
        }
        let around = Around {
            history: &self.server.history,
            sent: &self.sent,
            tab: tab.id,
            unsaved: &self.unsaved,
            clicked: &self.clicked,
            restored: self.restored,
        };
        tab.eyes.check(&tab.client, &before, &out, &around)?;
        if clicks {
            self.gave_way.extend(before.saves_that_left(&tab.client));
        }
        if let Some(intent) = out.mid.and_then(|mid| tab.client.pending().iter().find(|i| i.mid() == mid))
            && let Some(command) = intent.command.clone()
        {
            self.clicked.insert(intent.mid(), Clicked { command, requires: intent.mutation.requires });
        }
        let page = tab.page;
        for effect in out.effects {
            // A commit within the effects may have closed nothing: pages close by steps only.
            let Some(at) = self.tab_of(page) else { break };
            self.run(at, effect)?;
        }
        Ok(out.mid)
    }

    /// What is known beside the tabs.
    pub fn around(&self) -> Around<'_> {
        Around {
            history: &self.server.history,
            sent: &self.sent,
            tab: Uuid::nil(),
            unsaved: &self.unsaved,
            clicked: &self.clicked,
            restored: self.restored,
        }
    }

    fn run(&mut self, at: usize, effect: Effect) -> Violated<()> {
        let page = self.tabs[at].page;
        match effect {
            Effect::Journal { key, value } => {
                if self.refusing > 0 {
                    self.refusing -= 1;
                    if let Some(qd_client::journal::Name::Intent(_, mid)) = qd_client::journal::parse(&key) {
                        self.unsaved.insert(mid);
                    }
                    let now = self.browser_now();
                    return self.tell(at, Event::JournalRefused { key, now }).map(drop);
                }
                self.storage.insert(key.clone(), value.clone());
                self.tell_others(at, &key, Some(&value));
            }
            Effect::Unjournal { key } => {
                if self.storage.remove(&key).is_some() {
                    self.tell_others(at, &key, None);
                }
            }
            Effect::Send { mid, body } => {
                self.sent.insert((self.tabs[at].id, mid));
                self.posts.push(Post { page: Some(page), mid, body });
            }
            Effect::FetchSnapshot { mids } => self.asks.push((page, mids)),
            Effect::Hub { message } => {
                let name = self.tabs[at].hub;
                self.hub(name).inbox.push_back((page, message));
            }
            Effect::ReplaceHub => {
                self.tabs[at].hub += 1;
                self.tabs[at].inbox.clear();
                let name = self.tabs[at].hub;
                self.hub(name);
            }
            // The people of the model attach nothing.
            Effect::Login | Effect::PutBlob { .. } => {}
            Effect::Wake { at: when } => self.tabs[at].wake = Some(self.timer(when)),
        }
        Ok(())
    }

    fn tell_others(&mut self, at: usize, key: &str, value: Option<&str>) {
        for (other, tab) in self.tabs.iter_mut().enumerate() {
            if other != at {
                tab.storage.push_back((key.to_owned(), value.map(str::to_owned)));
            }
        }
    }

    /// The hub of a name, made where there is none.
    fn hub(&mut self, name: usize) -> &mut HubHost {
        while self.hubs.len() <= name {
            let jitter = self.random.draw() >> 32;
            if let Some(tape) = &mut self.tape {
                tape.hub(self.hubs.len(), jitter);
            }
            self.hubs.push(HubHost { hub: Hub::new(jitter), inbox: VecDeque::new(), wake: None, hangs: false });
        }
        &mut self.hubs[name]
    }

    /// Tells a hub something.
    pub fn tell_hub(&mut self, name: usize, event: HubEvent) {
        let host = &mut self.hubs[name];
        if host.hangs {
            return;
        }
        let text = self.tape.as_ref().map(|_| serde_json::to_string(&event).unwrap_or_default());
        let effects = host.hub.handle(event);
        if let (Some(tape), Some(text)) = (&mut self.tape, text) {
            tape.hub_told(name, &text, &effects);
        }
        for effect in effects {
            match effect {
                HubEffect::Open { stream, offset } => {
                    let Ok(at) = offset.parse() else { continue };
                    let (flow, frames) = (Flow::Asked, VecDeque::new());
                    self.streams.push(Stream { hub: name, number: stream, flow, at, frames, beaten: self.now });
                }
                HubEffect::Close => {
                    for stream in self.streams.iter_mut().filter(|s| s.hub == name) {
                        stream.flow = Flow::GivenUp;
                    }
                }
                HubEffect::Say { port, message } => {
                    if let Some(tab) = self.tabs.iter_mut().find(|tab| tab.page == port && tab.hub == name) {
                        tab.inbox.push_back(message);
                    }
                }
                HubEffect::Wake { at } => self.hubs[name].wake = Some(self.timer(at)),
            }
        }
    }

    /// Time passes; whatever is due by a clock happens at its time. Gives up a heartbeat where it is due.
    pub fn pass(&mut self, ms: u64) -> Violated<()> {
        let end = self.now + ms;
        for rings in 0.. {
            if rings > RINGS {
                return Err(Violation::new("R11", "something is due again and again at one instant"));
            }
            let tab = self.tabs.iter().filter_map(|t| t.wake).min();
            let hub = self.hubs.iter().filter(|h| !h.hangs).filter_map(|h| h.wake).min();
            let beat = self.streams.iter().filter(|s| s.flow == Flow::Open).map(|s| s.beaten + HEARTBEAT).min();
            let Some(due) = [tab, hub, beat].into_iter().flatten().min().filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.ring()?;
        }
        self.now = end;
        Ok(())
    }

    /// When a timer rings that the browser sets: setting the clock afterwards does not change that.
    fn timer(&self, at: Millis) -> u64 {
        self.now + at.since(self.browser_now())
    }

    fn ring(&mut self) -> Violated<()> {
        let now = self.browser_now();
        for at in 0..self.tabs.len() {
            if self.tabs[at].wake.is_some_and(|wake| wake <= self.now) {
                self.tabs[at].wake = None;
                self.tell(at, Event::Tick { now })?;
            }
        }
        for name in 0..self.hubs.len() {
            if self.hubs[name].wake.is_some_and(|wake| wake <= self.now) {
                self.hubs[name].wake = None;
                self.tell_hub(name, HubEvent::Tick { now });
            }
        }
        let (server_now, seq) = (self.now, self.server.history.head().seq);
        for stream in self.streams.iter_mut().filter(|s| s.flow == Flow::Open && s.beaten + HEARTBEAT <= server_now) {
            stream.beaten = server_now;
            stream.frames.push_back((format!("{{\"frame\":\"heartbeat\",\"seq\":{seq}}}"), None));
        }
        Ok(())
    }

    /// The pages of all tabs and all mutations in the journal: who could still send.
    pub fn journaled(&self) -> BTreeSet<Mid> {
        let names = self.storage.keys().filter_map(|key| match qd_client::journal::parse(key) {
            Some(qd_client::journal::Name::Intent(_, mid)) => Some(mid),
            _ => None,
        });
        names.collect()
    }
}
