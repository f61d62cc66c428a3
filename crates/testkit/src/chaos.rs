//! Kills at random instants: the real server, hosts and agents, with `kill -9`, while sessions of every kind start, work,
//! ask, are answered, written to and cancelled. What must hold afterwards is in [`checks`] and [`witness`].
//!
//! A seed fixes what is done and when it is meant to be done; the machine decides what it hits.

mod act;
mod checks;
mod starts;
mod witness;

pub use starts::{Starts, exactly_once};

use crate::panel::{Api, Home, Panel, Process, TOKEN, processes, wait_for};
use crate::random::Random;
use act::Acts;
use anyhow::{Context as _, Result, ensure};
use qd_core::ids::SessionId;
use qd_core::row::{Row, RowKind, Session};
use qd_proc::Signal;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use witness::Witness;

/// How soon after a kill every session has a true status (issue, "Done when" 4).
const TRUE_WITHIN: Duration = Duration::from_secs(5);
/// The agent of these sessions: it says who it is before it does anything else.
const AGENT: &str = "marked";
/// Tasks of the repository.
const TASKS: usize = 6;
/// Kills of a run.
const ROUNDS: u64 = 4;

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Kills of servers, hosts and agents.
    pub kills: [u32; 3],
    /// Sessions that were accepted.
    pub sessions: usize,
    /// Attempts that were seen running.
    pub attempts: usize,
    /// Mutations that were settled.
    pub mutations: usize,
    /// The longest time until every status was true, in milliseconds.
    pub slowest: u64,
}

/// When a kill happens.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After a while, in milliseconds.
    Later(u64),
    /// While a mutation is on its way, after so many microseconds.
    Commit(u64),
    /// As soon as an attempt is claimed.
    Claimed,
    /// As soon as an attempt has a host.
    Hosted,
}

/// Whom a kill hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Server,
    Host,
    Agent,
    ServerAndHost,
}

/// The stage of a run.
struct Stage {
    home: Home,
    repository: PathBuf,
    head: String,
    port: String,
}

impl Stage {
    fn set(qd: &Path) -> Result<(Self, Panel)> {
        let home = Home::new(qd)?;
        let names: Vec<String> = (0..TASKS).map(|n| format!("tasks/task-{n}.md")).collect();
        let text = |n: usize| format!("# Task {n}\n\n- [ ] one\n- [ ] two\n");
        let texts: Vec<String> = (0..TASKS).map(text).collect();
        let mut files: Vec<(&str, &[u8])> = vec![("src/lib.rs", b"pub fn deck() {}\n")];
        files.extend(names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_bytes())));
        let repository = home.repository("deck", &files)?;
        let head = home.git(&repository, &["rev-parse", "HEAD"])?;
        fs::create_dir(home.data())?;
        let line = format!("echo \"$QD_SESSION\" >> '{}'; exec '{}' demo-agent", marks(&home).display(), qd.display());
        let config =
            format!("max_sessions = 4\n[agents.{AGENT}]\ncommand = '/bin/sh'\nargs = ['-c', {}]\n", quoted(&line));
        fs::write(home.data().join("config.toml"), config)?;
        let port = free_port()?;
        let panel = home.serve(&["--port", &port, repository.to_str().context("a path that is not UTF-8")?])?;
        wait_for("tasks and agent", Duration::from_secs(20), || {
            let state = panel.api.state()?;
            let agent = state.agents().iter().any(|agent| agent.name == AGENT && agent.found);
            Ok((agent && state.of_kind(RowKind::Task).count() == TASKS).then_some(()))
        })?;
        Ok((Self { home, repository, head, port }, panel))
    }

    /// Starts the server again where it was.
    fn serve(&self) -> Result<Panel> {
        let path = self.repository.to_str().context("a path that is not UTF-8")?;
        self.home.serve(&["--port", &self.port, path])
    }

    fn root(&self) -> PathBuf {
        self.home.path("")
    }
}

/// A port that the kernel gives nobody: a client that calls a port of the others while nobody listens may be given that
/// very port and reach itself.
fn free_port() -> Result<String> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 97)? * 100;
    let mut ports = (0..100).map(|_| 20_000 + own + NEXT.fetch_add(1, Ordering::Relaxed) % 100);
    let free = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    Ok(free.context("a hundred ports are taken")?.to_string())
}

/// Where agents leave their marks.
fn marks(home: &Home) -> PathBuf {
    home.path("marks")
}

/// A TOML string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// One run. What failed is told with the place where everything was left.
pub fn run(qd: &Path, seed: u64) -> Result<Report> {
    staged(qd, seed, |stage, panel| Run::new(stage, &panel.api, seed)?.play(panel))
}

/// Plays on a stage of its own, which is left as it is where the play fails.
fn staged<T>(qd: &Path, seed: u64, play: impl FnOnce(&Stage, Panel) -> Result<T>) -> Result<T> {
    let (stage, panel) = Stage::set(qd)?;
    play(&stage, panel).map_err(|error| {
        let log = crate::panel::tail(&stage.home.path("server.log"));
        let place = stage.home.keep();
        error.context(format!("seed {seed}; everything lies in {}; the log ends:\n{log}", place.display()))
    })
}

struct Run<'a> {
    stage: &'a Stage,
    random: Random,
    witness: Witness,
    acts: Acts,
    report: Report,
}

impl<'a> Run<'a> {
    fn new(stage: &'a Stage, api: &Api, seed: u64) -> Result<Self> {
        let witness = Witness::new(api)?;
        let acts = Acts::new(api.clone(), stage.home.path("prompts"));
        Ok(Self { stage, random: Random::new(seed), witness, acts, report: Report::default() })
    }

    fn play(mut self, mut panel: Panel) -> Result<Report> {
        for round in 0..ROUNDS {
            panel = self.round(panel).with_context(|| format!("round {round}"))?;
        }
        self.settle(&panel).context("at the end")?;
        self.report.mutations = self.witness.outcomes();
        let ended = panel.stop()?;
        ensure!(ended.code == Some(0), "the server ended with {:?}", ended.code);
        ensure!(!ended.stderr.contains(TOKEN), "the token is in the log");
        wait_for("no process is left", Duration::from_secs(3), || {
            Ok(processes(&self.stage.root())?.is_empty().then_some(()))
        })?;
        Ok(self.report)
    }

    /// Acts, kills, starts again, looks.
    fn round(&mut self, mut panel: Panel) -> Result<Panel> {
        let state = panel.api.state()?;
        let started = self.acts.go_on(&state, &mut self.random);
        let moment = match self.random.below(6) {
            0 | 1 => Moment::Later(self.random.below(1500)),
            2 => Moment::Commit(self.random.below(20_000)),
            3 => Moment::Claimed,
            4 => Moment::Hosted,
            _ => Moment::Later(self.random.below(60)),
        };
        let victim = match self.random.below(7) {
            0..=2 => Victim::Server,
            3 | 4 => Victim::Host,
            5 => Victim::Agent,
            _ => Victim::ServerAndHost,
        };
        self.come(moment, &started);
        if !matches!(moment, Moment::Commit(_) | Moment::Claimed) {
            self.acts.collect(&mut self.witness);
            self.witness.look(&panel.api).context("before the kill")?;
        }
        let mut killed = None;
        if matches!(victim, Victim::Server | Victim::ServerAndHost) {
            self.report.kills[0] += 1;
            panel.kill()?;
            killed = if victim == Victim::ServerAndHost { self.kill(Process::hosts_somebody, 1)? } else { None };
            panel = self.stage.serve()?;
        } else if victim == Victim::Host {
            killed = self.kill(Process::hosts_somebody, 1)?;
        } else {
            killed = self.kill(Process::is_agent, 2)?.or(killed);
        }
        self.all_true(&panel.api, killed).with_context(|| format!("after {victim:?} was killed, {moment:?}"))?;
        self.acts.collect(&mut self.witness);
        self.witness.look(&panel.api).with_context(|| format!("after {victim:?} was killed, {moment:?}"))?;
        Ok(panel)
    }

    /// Waits for the moment.
    fn come(&mut self, moment: Moment, started: &[SessionId]) {
        let in_time = Instant::now() + Duration::from_millis(1500);
        let exists =
            |file: &str| started.iter().any(|id| self.stage.home.data().join(format!("run/{id}/1{file}")).exists());
        match moment {
            Moment::Later(ms) => sleep(Duration::from_millis(ms)),
            Moment::Commit(us) => sleep(Duration::from_micros(us)),
            Moment::Claimed => while !exists("") && Instant::now() < in_time {},
            Moment::Hosted => while !exists("/host.json") && Instant::now() < in_time {},
        }
    }

    /// Kills one of those who are meant; which attempt it was of.
    fn kill(&mut self, meant: impl Fn(&Process) -> bool, place: usize) -> Result<Option<(SessionId, u32)>> {
        let all: Vec<Process> = processes(&self.stage.root())?.into_iter().filter(|p| meant(p)).collect();
        let drawn = usize::try_from(self.random.below(all.len() as u64))?;
        let Some(process) = all.get(drawn) else { return Ok(None) };
        if !process.identity.signal(Signal::Kill)? {
            return Ok(None);
        }
        self.report.kills[place] += 1;
        Ok(process.attempt())
    }

    /// Waits until each session was seen with a status that is true, and the attempt whose process was killed is over.
    fn all_true(&mut self, api: &Api, killed: Option<(SessionId, u32)>) -> Result<()> {
        let begun = Instant::now();
        let mut untrue: Option<Vec<(SessionId, String)>> = None;
        loop {
            // Processes after rows: what the rows say may have begun to be so, never ceased to.
            let state = api.state()?;
            let processes = processes(&self.stage.root())?;
            let open = untrue.take();
            let still =
                |session: &Session| open.as_ref().is_none_or(|open| open.iter().any(|(id, _)| *id == session.id));
            let sessions = state
                .of_kind(RowKind::Session)
                .filter_map(|row| if let Row::Session(s) = row { Some(s) } else { None });
            let now: Vec<(SessionId, String)> = sessions
                .filter(|session| still(session))
                .filter_map(|session| {
                    let run = self.stage.home.data().join(format!("run/{}/{}", session.id, session.attempt));
                    Some((session.id, checks::untrue(session, run.exists(), &processes, killed)?))
                })
                .collect();
            if now.is_empty() {
                let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                self.report.slowest = self.report.slowest.max(took);
                return Ok(());
            }
            ensure!(begun.elapsed() < TRUE_WITHIN, "after {TRUE_WITHIN:?} a status is not true: {now:?}");
            untrue = Some(now);
            sleep(Duration::from_millis(30));
        }
    }

    /// Ends everything and looks at what is left.
    fn settle(&mut self, panel: &Panel) -> Result<()> {
        self.acts.finish(&mut self.witness)?;
        self.acts.end_all(&mut self.witness)?;
        self.witness.look(&panel.api)?;
        let history = self.witness.history(&panel.api)?;
        self.report.sessions = history.state.of_kind(RowKind::Session).count();
        self.report.attempts = history.shown.len();
        checks::each_attempt_began_once(&marks(&self.stage.home), &history)?;
        checks::messages_are_settled(&history.state, self.witness.outputs())?;
        checks::no_worktree_is_forgotten(&self.stage.home, &self.stage.repository, &history.state)?;
        checks::the_checkout_is_untouched(&self.stage.home, &self.stage.repository, &self.stage.head)?;
        wait_for("ended sessions leave no process", TRUE_WITHIN, || {
            let left = processes(&self.stage.root())?;
            Ok(left.iter().all(|p| p.mark.is_none() && p.hosts().is_none()).then_some(()))
        })
    }
}
