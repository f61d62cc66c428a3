//! The host's life: claim, start the agent, play prompts one after the other, end with one `Ended` event.
//!
//! One task owns everything that changes; connections only send it commands and watch its state.

mod ending;
mod setup;
mod turns;
mod vigil;

use qd_agents::catalogue;
use qd_agents::driver::{Command, Signal, Start, arguments, driver};
use qd_agents::link::{Link, LinkError};
use qd_core::event::{Abilities, EventBody, Request};
use qd_core::ids::MessageId;
use qd_proc::{
    Cgroup, Child, Exit, Group, Identity, SESSION_MARK, Scope, Spawn, SpawnError, Stdin, set_child_subreaper,
};
use std::collections::{BTreeSet, VecDeque};
use std::future::pending;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::fence;
use super::meter::Meter;
use super::moments::Saver;
use super::output::{self, OutputLog};
use super::protocol::{HostState, Settled, ToHost, VERSION};
use super::scratch;
use super::socket::{self, Face};
use super::spec::{FirstMessage, HostFile, HostSpec};
use super::stderr::Stderr;
use super::wire::Wire;
use crate::time::SharedClock;
use ending::{Finish, told_to_end};
use vigil::Vigil;

/// Output is durable after this at the latest.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// How long an agent has to end a cancelled turn by itself before it gets signals.
const CANCEL_GRACE: Duration = Duration::from_millis(1500);
/// The longest time that an attempt waits before its start: a clock that was set must not hold it for ever.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// How long servers have to hear the end.
const FAREWELL: Duration = Duration::from_secs(2);

/// A host that could not do its work. An agent's failure is none: that is an ending.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The run folder cannot be read or written.
    #[error("the run folder {} cannot be used", run_dir.display())]
    Folder {
        /// The folder.
        run_dir: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The attempt has a host already, or was buried.
    #[error("the attempt in {} was started or buried before", run_dir.display())]
    Taken {
        /// The folder.
        run_dir: PathBuf,
    },
    /// The output cannot be appended, so the agent was ended.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
    /// The process cannot be set up.
    #[error("the host cannot be set up")]
    Setup(#[source] io::Error),
}

/// The whole process `qd host --run-dir DIR`: one thread, until the attempt is over.
pub fn main(run_dir: &Path, clock: SharedClock) -> Result<(), HostError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(HostError::Setup)?;
    runtime.block_on(run(run_dir, clock))
}

/// Runs the attempt that was claimed in `run_dir` to its end.
async fn run(run_dir: &Path, clock: SharedClock) -> Result<(), HostError> {
    let folder = |source| HostError::Folder { run_dir: run_dir.to_owned(), source };
    let spec = HostSpec::read(run_dir).map_err(folder)?;
    set_child_subreaper().map_err(HostError::Setup)?;
    let listener = socket::bind(run_dir).map_err(folder)?;
    let identity = Identity::own();
    // From here on somebody may connect, and a burial comes too late.
    HostFile { version: VERSION, identity }.claim(run_dir).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => HostError::Taken { run_dir: run_dir.to_owned() },
        _ => folder(source),
    })?;
    let log = OutputLog::create(run_dir).map_err(folder)?;
    let (publish, state) = watch::channel(HostState::starting());
    let (commands, orders) = mpsc::channel(64);
    let face = Face { session: spec.session, attempt: spec.attempt, state, commands };
    let mut servers = JoinSet::new();
    servers.spawn(socket::serve(listener, face));

    let mut host = Host::new(spec, clock, log, publish);
    let outcome = host.live(run_dir, orders).await;
    fence::disband(host.cgroup.as_ref()).await;
    scratch::remove(run_dir);
    output::release(run_dir);
    // The state ends with the host, and with it the connections.
    drop(host);
    let _ = timeout(FAREWELL, servers.join_next()).await;
    outcome
}

/// Why the output ends early, and what to do about it.
fn unwritten(error: &HostError) -> String {
    match error {
        HostError::Output(error) if error.kind() == io::ErrorKind::StorageFull => {
            "No space left on the disk of the data directory. Free some, then send a message to go on.".to_owned()
        }
        HostError::Output(error) => format!("The output could not be written: {error}."),
        other => format!("The output could not be written: {other}."),
    }
}

/// The agent's process with its pipes.
struct Agent {
    child: Child,
    link: Link<ChildStdout, ChildStdin>,
    stderr: Option<ChildStderr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Until the agent takes prompts.
    Booting {
        until: Instant,
    },
    /// Without a prompt, until this time.
    Idle {
        until: Instant,
    },
    InTurn,
    /// Something is used up, and a person is asked; the turn was cut off for it, or was over.
    Paused {
        cut_off: bool,
    },
    /// A person ended it; the agent has until then to end its turn.
    Cancelling {
        until: Instant,
    },
}

struct Host {
    spec: HostSpec,
    clock: SharedClock,
    log: OutputLog,
    publish: watch::Sender<HostState>,
    meter: Meter,
    phase: Phase,
    queue: VecDeque<FirstMessage>,
    /// Every message that ever came.
    seen: BTreeSet<MessageId>,
    settled: Vec<Settled>,
    requests: Vec<Request>,
    /// What the agent can do, as far as it said.
    can: Abilities,
    conversation: Option<String>,
    /// The reason with which the last turn ended.
    stop: Option<String>,
    /// Who descended from this process when the turn began.
    before_turn: Vec<Identity>,
    /// Whether a person ended the turn that is running.
    interrupted: bool,
    stderr: Stderr,
    vigil: Vigil,
    /// Saves the worktree before each message, while that succeeds.
    saver: Option<Saver>,
    /// Whether the first message is to tell what was said before.
    retell: bool,
    /// Where its processes are kept together, where the system lets it.
    cgroup: Option<Cgroup>,
    sync_at: Option<Instant>,
}

/// What woke the host.
enum Woken {
    Signals(Result<Option<Vec<Signal>>, LinkError>),
    Stderr(io::Result<usize>),
    Order(ToHost),
    Exited,
    Phase,
    Vigil,
    Sync,
    Told,
}

impl Host {
    fn new(spec: HostSpec, clock: SharedClock, log: OutputLog, publish: watch::Sender<HostState>) -> Self {
        let boot = Duration::from_millis(spec.boot_deadline_ms);
        let vigil = Vigil::new(spec.limits.clone());
        let saver = spec.moments.clone().map(|setup| Saver::new(setup, spec.session, spec.cwd.clone()));
        let retell = spec.fork.as_ref().is_some_and(|fork| fork.conversation.is_none());
        Self {
            queue: spec.messages.iter().cloned().collect(),
            seen: spec.messages.iter().map(|message| message.id).collect(),
            spec,
            clock,
            log,
            publish,
            meter: Meter::default(),
            phase: Phase::Booting { until: Instant::now() + boot },
            settled: Vec::new(),
            requests: Vec::new(),
            can: Abilities::default(),
            conversation: None,
            stop: None,
            before_turn: Vec::new(),
            interrupted: false,
            stderr: Stderr::new(),
            vigil,
            saver,
            retell,
            cgroup: None,
            sync_at: None,
        }
    }

    async fn live(&mut self, run_dir: &Path, mut orders: mpsc::Receiver<ToHost>) -> Result<(), HostError> {
        self.append(vec![EventBody::Began {
            agent: self.spec.agent.clone(),
            program: self.program(),
            cwd: self.spec.cwd.display().to_string(),
            resumed: self.spec.resume.clone(),
        }])?;
        let remarks = self.spec.remarks.iter().map(|text| EventBody::Note { text: text.clone() });
        let retold = self.retell.then(|| self.retold());
        self.append(remarks.chain(retold).collect())?;
        let mut told = pin!(told_to_end());
        self.cgroup = fence::gather(run_dir, &self.spec.mark());
        let mut before = self.wait_until_loadable(&mut orders, told.as_mut()).await?;
        if before.is_none() {
            before = self.set_up(&mut orders, told.as_mut()).await?;
        }
        let (mut agent, mut finish) = match before {
            Some(finish) => (None, Some(finish)),
            None => match self.start(run_dir) {
                Ok(agent) => (Some(agent), None),
                Err(reason) => (None, Some(Finish::Failed(reason))),
            },
        };
        let mut broken = None;
        if let Some(agent) = &mut agent {
            match self.attend(agent, &mut orders, told.as_mut()).await {
                Ok(reached) => finish = Some(reached),
                Err(error) => broken = Some(error),
            }
        }
        let exit = if let Some(agent) = &mut agent {
            let (exit, late) = self.wind_down(agent, finish.as_ref()).await;
            if let (Some(Finish::Closed), Some(late)) = (&finish, late) {
                finish = Some(late);
            }
            exit
        } else {
            // What a set-up has left behind is ended with the attempt that has no agent.
            let _ = self.scope().kill().await;
            None
        };
        // The log may have failed for want of room; the agent is gone, so there may be some now.
        let finish = broken.as_ref().map_or(finish, |broken| Some(Finish::Failed(unwritten(broken))));
        self.end(finish.unwrap_or(Finish::Closed), exit).await?;
        broken.map_or(Ok(()), Err)
    }

    fn program(&self) -> String {
        let name = self.spec.program.file_name().unwrap_or(self.spec.program.as_os_str()).to_string_lossy();
        match &self.spec.version {
            Some(version) => format!("{name} {version}"),
            None => name.into_owned(),
        }
    }

    /// Waits where the conversation cannot be gone on with yet. Gives the end, where that comes first.
    async fn wait_until_loadable(
        &mut self,
        orders: &mut mpsc::Receiver<ToHost>,
        mut told: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<Finish>, HostError> {
        let wait = self.spec.not_before.map(|at| Duration::from_millis(at.since(self.clock.now())));
        let Some(wait) = wait.filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST_WAIT)) else {
            return Ok(None);
        };
        let (title, seconds) = (&self.spec.title, wait.as_millis().div_ceil(1000));
        let text =
            format!("{title} cannot load a conversation this soon after its beginning: it starts in {seconds} s.");
        self.append(vec![EventBody::Note { text }])?;
        let until = Instant::now() + wait;
        loop {
            self.tell();
            tokio::select! {
                () = sleep_until(until) => break,
                () = &mut told => return Ok(Some(Finish::Told)),
                Some(order) = orders.recv() => if self.order_before_start(order) {
                    return Ok(Some(Finish::Cancelled));
                },
            }
        }
        self.begin_to_boot();
        Ok(None)
    }

    /// The time that an agent has to get ready counts from here.
    fn begin_to_boot(&mut self) {
        self.phase = Phase::Booting { until: Instant::now() + Duration::from_millis(self.spec.boot_deadline_ms) };
    }

    /// Starts the agent; an error is the reason for people.
    fn start(&mut self, run_dir: &Path) -> Result<Agent, String> {
        let title = &self.spec.title.clone();
        let like = &self.spec.like.clone();
        let like = like.as_deref();
        let start = Start {
            title: title.clone(),
            cwd: self.spec.cwd.clone(),
            resume: self.spec.resume.clone(),
            fork: self.spec.fork.clone(),
            spent: self.spec.spent,
            permission: self.spec.permission,
            model: self.spec.model.clone(),
            seed: self.spec.mark(),
            login: like.and_then(catalogue::login).map(str::to_owned),
            quirks: like.map(|name| catalogue::quirks(name, self.spec.protocol)).unwrap_or_default(),
        };
        let scratch = scratch::make(run_dir).map_err(|error| format!("No temporary folder could be made: {error}."))?;
        let (ruleset, remark) = self.spec.fence.ruleset(&scratch);
        if let Some(text) = remark {
            // A log that cannot be written shows at the next event.
            let _ = self.append(vec![EventBody::Note { text }]);
        }
        let mut spawn = Spawn::new(&self.spec.program)
            .args(&self.spec.args)
            .args(arguments(self.spec.protocol, &start))
            .envs(&self.spec.env)
            .env(SESSION_MARK, self.spec.mark())
            .env("TMPDIR", scratch)
            .cwd(&self.spec.cwd)
            .stdin(Stdin::Piped)
            .group(Group::Session);
        if let Some(cgroup) = &self.cgroup {
            spawn = spawn.in_cgroup(cgroup.clone());
        }
        if let Some(ruleset) = ruleset {
            spawn = spawn.confined(ruleset);
        }
        let mut child = spawn.spawn().map_err(|error| match error {
            SpawnError::NotFound { program } => {
                let install = like.and_then(catalogue::entry).and_then(|entry| entry.doors.first());
                let install = install.map(|door| format!(" Run `{}`.", door.install));
                format!("The program {} of {title} was not found.{}", program.display(), install.unwrap_or_default())
            }
            SpawnError::NotExecutable { program, source } => {
                format!("The program {} of {title} cannot be run: {source}.", program.display())
            }
            SpawnError::CwdMissing { cwd } => format!("The folder {} is not there.", cwd.display()),
            SpawnError::Other { source, .. } => format!("{title} could not be started: {source}."),
        })?;
        let (stdin, stdout, stderr) = (child.take_stdin(), child.take_stdout(), child.take_stderr());
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(format!("{title} could not be started: it has no pipes."));
        };
        let link = Link::open(driver(self.spec.protocol, start), stdout, stdin).tapped(Box::new(Wire::begin(run_dir)));
        Ok(Agent { child, link, stderr })
    }

    /// Attends to everything until there is a reason to end.
    async fn attend(
        &mut self,
        agent: &mut Agent,
        orders: &mut mpsc::Receiver<ToHost>,
        mut told: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Finish, HostError> {
        let mut chunk = vec![0; 8 << 10];
        loop {
            self.tell();
            let (phase_until, sync_at, vigil_due) = (self.phase_until(), self.sync_at, self.vigil_due());
            let woken = tokio::select! {
                signals = agent.link.next() => Woken::Signals(signals),
                Some(order) = orders.recv() => Woken::Order(order),
                read = read(agent.stderr.as_mut(), &mut chunk) => Woken::Stderr(read),
                _ = agent.child.wait() => Woken::Exited,
                () = until(phase_until) => Woken::Phase,
                () = until(sync_at) => Woken::Sync,
                () = until(vigil_due) => Woken::Vigil,
                () = &mut told => Woken::Told,
            };
            let finish = match woken {
                Woken::Signals(Ok(Some(signals))) => self.signals(signals, agent).await?,
                Woken::Signals(Ok(None)) | Woken::Exited => Some(self.gone()),
                Woken::Signals(Err(error)) => Some(Finish::Failed(format!("{}: {error}.", self.spec.title))),
                Woken::Stderr(read) => {
                    let read = read.unwrap_or(0);
                    self.read_stderr(agent, chunk.get(..read).unwrap_or_default())?;
                    None
                }
                Woken::Order(order) => self.order(order, agent).await?,
                Woken::Phase => self.phase_over(),
                Woken::Vigil => self.look(agent),
                Woken::Sync => {
                    self.sync().await?;
                    None
                }
                Woken::Told => Some(Finish::Told),
            };
            if let Some(finish) = finish {
                return Ok(finish);
            }
        }
    }

    fn read_stderr(&mut self, agent: &mut Agent, read: &[u8]) -> Result<(), HostError> {
        let told = if read.is_empty() {
            agent.stderr = None;
            self.stderr.finish()
        } else {
            self.stderr.push(read)
        };
        self.append(told.into_iter().collect())
    }

    fn phase_until(&self) -> Option<Instant> {
        match self.phase {
            Phase::Booting { until } | Phase::Idle { until } | Phase::Cancelling { until } => Some(until),
            Phase::InTurn | Phase::Paused { .. } => None,
        }
    }

    fn phase_over(&self) -> Option<Finish> {
        match self.phase {
            Phase::Booting { .. } => {
                let seconds = self.spec.boot_deadline_ms.div_ceil(1000);
                Some(Finish::Failed(format!("{} did not get ready within {seconds} s.", self.spec.title)))
            }
            Phase::Idle { .. } => Some(Finish::Done),
            Phase::Cancelling { .. } => Some(Finish::Cancelled),
            Phase::InTurn | Phase::Paused { .. } => None,
        }
    }

    /// Appends events and takes from them what the state shows.
    fn append(&mut self, bodies: Vec<EventBody>) -> Result<(), HostError> {
        if bodies.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        self.log.append(now, &bodies).map_err(HostError::Output)?;
        self.sync_at.get_or_insert_with(|| Instant::now() + SYNC_EVERY);
        for body in bodies {
            self.meter.fold(now, &body);
            self.vigil.fold(&body);
            match body {
                EventBody::Conversation { id } => self.conversation = Some(id),
                EventBody::Asked { request } => self.requests.push(request),
                EventBody::Answered { request, .. } => self.requests.retain(|asked| asked.id != request),
                _ => {}
            }
        }
        Ok(())
    }

    async fn sync(&mut self) -> Result<(), HostError> {
        self.sync_at = None;
        self.log.sync().await.map_err(HostError::Output)
    }

    /// Publishes the state, where it changed.
    fn tell(&self) {
        self.publish_with(None);
    }

    fn publish_with(&self, ending: Option<qd_core::event::Ending>) {
        let state = HostState {
            offset: self.log.offset(),
            status: self.status(),
            requests: self.requests.clone(),
            conversation: self.conversation.clone(),
            activity: self.meter.activity().clone(),
            settled: self.settled.clone(),
            ending,
        };
        self.publish.send_if_modified(|known| {
            let changed = *known != state;
            *known = state;
            changed
        });
    }

    /// Every process of the attempt: whoever descends from here, and whoever carries the mark and was adopted elsewhere.
    fn scope(&self) -> Scope {
        fence::orphans(self.spec.mark(), self.cgroup.as_ref()).with_descendants_of(std::process::id())
    }
}

/// Reads from a pipe; never ends where that is closed.
async fn read(pipe: Option<&mut (impl AsyncRead + Unpin)>, chunk: &mut [u8]) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read(chunk).await,
        None => pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
