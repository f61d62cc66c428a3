//! A home of its own, servers in it, and the program.

use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A home directory with nothing in it but what a test puts there.
pub struct Home {
    dir: TempDir,
}

impl Home {
    pub fn new() -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(home.path("here")).unwrap();
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    #[expect(clippy::disallowed_methods, reason = "tests run the real program")]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.dir.path()).env("PATH", std::env::var("PATH").unwrap());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("QD_LOG", "debug").current_dir(self.path("here"));
        command.stdin(Stdio::null());
        command
    }

    /// `qd` with the data directory of this home.
    pub fn qd(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_qd"));
        command.arg("--data-dir").arg(self.data()).args(arguments);
        command
    }

    /// Runs `qd` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.qd(arguments).output().unwrap())
    }

    /// Runs `qd` until it prints this.
    pub fn until(&self, arguments: &[&str], says: &str) {
        let begun = Instant::now();
        while !self.run(arguments).done().contains(says) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{arguments:?} never said {says}");
        }
    }

    /// A git repository with one task and one commit.
    pub fn repository(&self, name: &str) -> PathBuf {
        let dir = self.path(name);
        fs::create_dir_all(dir.join("tasks")).unwrap();
        fs::write(dir.join("tasks/first.md"), "# The first task\n\n- [x] one\n- [ ] two\n").unwrap();
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["add", "--all"],
            &["-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "--message=Start"],
            &["config", "user.name", "T"],
            &["config", "user.email", "t@localhost"],
        ] {
            self.git(&dir, arguments);
        }
        dir
    }

    /// Waits until no work on git and files is under way.
    pub fn settled(&self) {
        let begun = Instant::now();
        while !self.run(&["--json", "jobs"]).json().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", self.run(&["jobs"]));
        }
    }

    /// What git answers in `dir`.
    pub fn git(&self, dir: &Path, arguments: &[&str]) -> String {
        let git = self.command("git").args(arguments).current_dir(dir).output().unwrap();
        assert!(git.status.success(), "{arguments:?}: {git:?}");
        String::from_utf8(git.stdout).unwrap()
    }

    /// Starts a server that takes a free port, and waits for its line.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        self.serve_with(arguments, |_| ())
    }

    /// The same, with a change of how it is started.
    pub fn serve_with(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Server {
        let port_given = arguments.contains(&"--port");
        let mut command = self.qd(&["serve", "--no-open"]);
        command.args(if port_given { &[][..] } else { &["--port", "0"] }).args(arguments);
        change(&mut command);
        Server::start(command)
    }
}

/// A command that ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Standard output, of a command that did what it was asked to.
    pub fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The lines of standard output as JSON.
    pub fn json(self) -> Vec<Value> {
        self.done().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// A running server. Dropped, it is killed.
pub struct Server {
    pub child: Child,
    pub url: String,
    pub token: String,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some((url, token)) =
            line.trim_end().strip_prefix("listening on ").and_then(|rest| rest.split_once("/?token="))
        else {
            let mut errors = String::new();
            stderr.read_to_string(&mut errors).unwrap();
            panic!("no address: {line:?} {errors}");
        };
        Self { child, url: url.to_owned(), token: token.to_owned(), stdout, stderr }
    }

    pub fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }

    /// Sends TERM and waits for the end; what it printed after its line, and its errors.
    pub fn stop(mut self) -> Ended {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Ended { code, stdout, stderr }
    }

    #[expect(clippy::disallowed_methods, reason = "tests run the real program")]
    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    pub fn agent() -> ureq::Agent {
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into()
    }

    /// The status of an answer, asked with the token.
    pub fn get(&self, path: &str) -> u16 {
        let request = Self::agent().get(format!("{}{path}", self.url));
        request.header("Authorization", format!("Bearer {}", self.token)).call().unwrap().status().as_u16()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The file `server.json`.
pub fn server_json(data: &Path) -> Value {
    serde_json::from_slice(&fs::read(data.join("server.json")).unwrap()).unwrap()
}
