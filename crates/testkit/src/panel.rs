//! The real binary on a home, a data directory and repositories of its own. Processes are ended by pid and start time,
//! and only those that were started here.

mod api;
mod processes;

pub use api::{Answer, Api};
pub use processes::{Process, processes};

use anyhow::{Context as _, Result, bail, ensure};
use qd_proc::{Identity, Signal};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How often something is looked at that is waited for.
pub const GLANCE: Duration = Duration::from_millis(20);
/// The token of all servers that are started here.
pub const TOKEN: &str = "token-of-the-testkit";

/// The `qd` that was built beside the running program.
pub fn built_qd() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("qd"));
    beside.into_iter().find(|qd| qd.is_file()).context("there is no `qd` beside this program: cargo build --package qd")
}

/// Looks until `look` gives something.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "waited for {} s in vain: {what}", limit.as_secs());
        sleep(GLANCE);
    }
}

/// A home directory with nothing in it but what a test puts there.
pub struct Home {
    dir: TempDir,
    root: PathBuf,
    qd: PathBuf,
}

impl Drop for Home {
    /// Hosts outlive their servers: nothing that was started here does.
    fn drop(&mut self) {
        for process in processes(&self.root).unwrap_or_default() {
            let _ = process.identity.signal(Signal::Kill);
        }
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said beside.
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Home {
    /// An empty one, for this `qd`.
    pub fn new(qd: &Path) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("qd-").tempdir()?;
        let root = dir.path().canonicalize()?;
        let home = Self { dir, root, qd: qd.to_owned() };
        fs::create_dir(home.path("here"))?;
        Ok(home)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Leaves everything where it is, for whoever looks into what failed.
    pub fn keep(mut self) -> PathBuf {
        self.dir.disable_cleanup(true);
        self.root.clone()
    }

    /// A program in the environment of this home.
    #[expect(clippy::disallowed_methods, reason = "the testkit runs real programs")]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", &self.root).current_dir(self.path("here")).stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for (name, value) in
            [("GIT_CONFIG_NOSYSTEM", "1"), ("QD_TOKEN", TOKEN), ("QD_LOG", "debug"), ("LANG", "C.UTF-8")]
        {
            command.env(name, value);
        }
        command
    }

    /// `qd` with these arguments, on the data directory of this home unless they name another.
    pub fn qd(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&self.qd);
        command.args(arguments);
        if !arguments.contains(&"--data-dir") {
            command.arg("--data-dir").arg(self.data());
        }
        command
    }

    /// Runs `qd` to its end. One that serves is killed after a while.
    pub fn run(&self, arguments: &[&str]) -> Result<Ended> {
        finish(self.qd(arguments))
    }

    /// Runs git in `dir`; what it printed.
    pub fn git(&self, dir: &Path, arguments: &[&str]) -> Result<String> {
        let author = ["-c", "user.name=T", "-c", "user.email=t@localhost"];
        let output = self.command("git").args(author).args(arguments).current_dir(dir).output()?;
        let ended = Ended::from(output);
        ensure!(ended.code == Some(0), "git {arguments:?}: {}", ended.stderr);
        Ok(ended.stdout)
    }

    /// A git repository with these files in one commit.
    pub fn repository(&self, name: &str, files: &[(&str, &[u8])]) -> Result<PathBuf> {
        let dir = self.path(name);
        fs::create_dir_all(dir.join("tasks"))?;
        for (path, content) in files {
            let file = dir.join(path);
            fs::create_dir_all(file.parent().context("a file in no folder")?)?;
            fs::write(file, content)?;
        }
        self.git(&dir, &["init", "--quiet", "--initial-branch=main"])?;
        self.git(&dir, &["add", "--all"])?;
        self.git(&dir, &["commit", "--quiet", "--allow-empty", "--message=Start"])?;
        Ok(dir)
    }

    /// Starts a server and waits for its line. Without a port among the arguments it takes a free one.
    pub fn serve(&self, arguments: &[&str]) -> Result<Panel> {
        let mut all = vec!["serve", "--no-open"];
        all.extend(arguments);
        if !arguments.contains(&"--port") {
            all.extend(["--port", "0"]);
        }
        self.start(self.qd(&all))
    }

    /// Starts a server by a command.
    pub fn start(&self, mut command: Command) -> Result<Panel> {
        let log = self.path("server.log");
        let errors = OpenOptions::new().create(true).append(true).open(&log)?;
        command.stdout(Stdio::piped()).stderr(errors).process_group(0);
        let mut child = command.spawn()?;
        let identity = Identity::of(child.id()).context("the server is not in the process table")?;
        let mut stdout = BufReader::new(child.stdout.take().context("no standard output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let Some(url) = line.trim_end().strip_prefix("listening on ").and_then(|rest| rest.split_once("/?token="))
        else {
            let status = child.wait()?;
            bail!("the server ended with {status} and did not listen: {line:?} {}", tail(&log));
        };
        let api = Api::new(url.0, TOKEN);
        Ok(Panel { child, identity, api, stdout, log })
    }
}

/// Runs a command to its end; one that does not end is killed.
pub fn finish(mut command: Command) -> Result<Ended> {
    const LIMIT: Duration = Duration::from_secs(40);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let identity = Identity::of(child.id());
    let (done, killed) = std::sync::mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        let overdue = killed.recv_timeout(LIMIT).is_err_and(|e| e == std::sync::mpsc::RecvTimeoutError::Timeout);
        if let (true, Some(identity)) = (overdue, identity) {
            let _ = identity.signal(Signal::Kill);
        }
    });
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let errors = std::thread::spawn(move || read_all(stderr.as_mut()));
    let out = read_all(stdout.as_mut());
    let status = child.wait()?;
    drop(done);
    let _ = watchdog.join();
    Ok(Ended { code: status.code(), stdout: out, stderr: errors.join().unwrap_or_default() })
}

fn read_all(pipe: Option<&mut impl std::io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The end of a file.
pub fn tail(file: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = File::open(file) {
        let _ = file.read_to_string(&mut text);
    }
    let from = text.char_indices().rev().nth(1500).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or_default().to_owned()
}

/// A running server. Dropped, it is killed.
pub struct Panel {
    child: Child,
    /// Its process.
    pub identity: Identity,
    /// How it is asked.
    pub api: Api,
    stdout: BufReader<std::process::ChildStdout>,
    log: PathBuf,
}

impl Panel {
    /// Its port.
    pub fn port(&self) -> &str {
        self.api.url().rsplit(':').next().unwrap_or_default()
    }

    /// Kills it, as a crash would.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for that; what it printed since its line, and the log of this home's servers.
    pub fn stop(mut self) -> Result<Ended> {
        self.identity.signal(Signal::Term)?;
        let status = wait_for("the server ends", Duration::from_secs(15), || Ok(self.child.try_wait()?))?;
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout)?;
        Ok(Ended { code: status.code(), stdout, stderr: fs::read_to_string(&self.log)? })
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
