//! The one builder through which git is called.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use qd_proc::{End, Output, Run, RunError, Signal, Spawn};

use crate::env::GitEnv;
use crate::ids::{CommitId, TreeHash};
use crate::path::{GitPath, ended};

/// More than this from one call is refused rather than cut: half a list of changes would be untrue.
const STDOUT_LIMIT: usize = 64 << 20;
const STDERR_LIMIT: usize = 16 << 10;
/// The setting under which no hook runs.
const NO_HOOKS: &str = "core.hooksPath=/dev/null";

/// A git call that gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It did not start; most often git is not installed.
    #[error("git did not run")]
    Run(#[from] RunError),
    /// It ended with an exit code that the caller did not expect. For people to read, never to decide by.
    #[error("git {command} failed with {code:?}: {stderr}")]
    Failed {
        /// The subcommand.
        command: String,
        /// The exit code; none where a signal ended it.
        code: Option<i32>,
        /// The end of what it said.
        stderr: String,
    },
    /// It used up its time and was ended.
    #[error("git {command} took too long")]
    TimedOut {
        /// The subcommand.
        command: String,
    },
    /// It answered more than fits.
    #[error("git {command} answered more than {limit} bytes")]
    TooMuch {
        /// The subcommand.
        command: String,
        /// How many would have fitted.
        limit: usize,
    },
    /// It answered something that is not in its documented format.
    #[error("git {command} answered something unexpected")]
    Unexpected {
        /// The subcommand.
        command: String,
    },
    /// Files that git cannot read: no permission, or a repository without a commit in a folder.
    #[error("not readable: {paths:?}")]
    Unreadable {
        /// Which.
        paths: Vec<GitPath>,
    },
    /// A file beside the repository could not be read or written.
    #[error("{}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl GitError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// One call of git.
#[derive(Debug, Clone)]
pub(crate) struct Git<'a> {
    env: &'a GitEnv,
    dir: PathBuf,
    command: String,
    options: Vec<String>,
    args: Vec<OsString>,
    vars: Vec<(&'static str, OsString)>,
    stdin: Option<Vec<u8>>,
    stdout_limit: usize,
    cut: bool,
    on_drop: Signal,
}

impl<'a> Git<'a> {
    /// A call that only reads.
    pub fn read(env: &'a GitEnv, dir: &Path, command: &str) -> Self {
        let git = Self::new(env, dir, command);
        // Never take a lock only to refresh the index: the user's own git would fail at that moment.
        git.var("GIT_OPTIONAL_LOCKS", "0")
    }

    /// A call that writes objects, refs, an index or files.
    pub fn write(env: &'a GitEnv, dir: &Path, command: &str) -> Self {
        // Git takes its lock files away on TERM, and leaves them for the user on KILL.
        Self { on_drop: Signal::Term, ..Self::new(env, dir, command) }
    }

    fn new(env: &'a GitEnv, dir: &Path, command: &str) -> Self {
        let git = Self {
            env,
            dir: dir.to_owned(),
            command: command.to_owned(),
            options: Vec::new(),
            args: Vec::new(),
            vars: Vec::new(),
            stdin: None,
            stdout_limit: STDOUT_LIMIT,
            cut: false,
            on_drop: Signal::Kill,
        };
        git
            // Messages in one language for logs; UTF-8 so that names in them are not escaped.
            .var("LC_ALL", "C.UTF-8")
            .var("LANGUAGE", "C")
            // Nobody is there to answer a prompt for a password.
            .var("GIT_TERMINAL_PROMPT", "0")
            // Names are names: a file called `*` is not a pattern.
            .var("GIT_LITERAL_PATHSPECS", "1")
            // Hooks are made for a person at a terminal; they may ask, rewrite or start long work.
            .option(NO_HOOKS)
            // It would start a daemon, or run a hook, for an index that is thrown away.
            .config("core.fsmonitor", "false")
            // It would put its second half into the user's repository, also for a temporary index.
            .config("core.splitIndex", "false")
            // It makes a file with mixed line ends an error, and so invisible.
            .config("core.safecrlf", "false")
            // It would move the repositories inside a checkout, and the work in them.
            .config("submodule.recurse", "false")
            // It would take the blank of an empty line out of a diff.
            .config("diff.suppressBlankEmpty", "false")
            // It would leave out, without an error code of its own, what cannot be read.
            .config("add.ignoreErrors", "false")
            // No packing behind our back: it would outlive the call.
            .config("gc.auto", "0")
            .config("maintenance.auto", "false")
    }

    /// Lets the user's hooks run: for what they would do themselves with `git commit`.
    pub fn with_hooks(mut self) -> Self {
        if let Some(at) = self.options.iter().position(|option| option == NO_HOOKS) {
            self.options.drain(at - 1..=at);
        }
        self
    }

    /// Overrides a setting of the user for this call.
    pub fn config(self, name: &str, value: &str) -> Self {
        self.option(format!("{name}={value}"))
    }

    fn option(mut self, setting: impl Into<String>) -> Self {
        self.options.push("-c".to_owned());
        self.options.push(setting.into());
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Ends the options and adds paths.
    pub fn paths(self, paths: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arg("--").args(paths)
    }

    /// Gives paths by standard input.
    pub fn names(self, paths: &[GitPath]) -> Self {
        self.args(["--pathspec-from-file=-", "--pathspec-file-nul"]).stdin(ended(paths))
    }

    /// Sets a variable; a later one of the same name wins, and both win over the caller's surroundings.
    pub fn var(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.vars.push((name, value.as_ref().to_owned()));
        self
    }

    pub fn vars(mut self, vars: &[(&'static str, OsString)]) -> Self {
        self.vars.extend_from_slice(vars);
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Takes at most `limit` bytes of the answer and lets the rest go, for what may be shown in part.
    pub fn cut_at(mut self, limit: usize) -> Self {
        self.stdout_limit = limit;
        self.cut = true;
        self
    }

    /// Runs it; any exit code is an answer.
    pub async fn answer(self) -> Result<Answer, GitError> {
        let spawn = Spawn::new(&self.env.program)
            .envs(&self.env.variables)
            .envs(self.vars)
            .cwd(&self.dir)
            .args(self.options)
            .arg(&self.command)
            .args(self.args)
            .on_drop(self.on_drop);
        let mut run = Run::new(spawn, self.env.timeout).limits(self.stdout_limit, STDERR_LIMIT);
        if let Some(bytes) = self.stdin {
            run = run.stdin(bytes);
        }
        let output = run.output().await?;
        let command = self.command;
        if output.end == End::TimedOut {
            return Err(GitError::TimedOut { command });
        }
        if output.stdout.truncated() && !self.cut {
            return Err(GitError::TooMuch { command, limit: self.stdout_limit });
        }
        Ok(Answer { command, output })
    }

    /// Runs it and takes no exit code but 0.
    pub async fn ok(self) -> Result<Vec<u8>, GitError> {
        let answer = self.answer().await?;
        if answer.code() == Some(0) { Ok(answer.into_stdout()) } else { Err(answer.failed()) }
    }

    /// Runs it for its one line.
    pub async fn line(self) -> Result<Vec<u8>, GitError> {
        self.ok().await.map(one_line)
    }

    /// Runs it for its one line, a path.
    pub async fn path(self) -> Result<PathBuf, GitError> {
        self.line().await.map(|line| PathBuf::from(OsString::from_vec(line)))
    }

    /// Runs it for the name of a tree.
    pub async fn tree(self) -> Result<TreeHash, GitError> {
        let command = self.command.clone();
        let line = self.line().await?;
        text(&line).and_then(TreeHash::parse).ok_or(GitError::Unexpected { command })
    }

    /// Runs it for the name of a commit.
    pub async fn commit(self) -> Result<CommitId, GitError> {
        let command = self.command.clone();
        let line = self.line().await?;
        text(&line).and_then(CommitId::parse).ok_or(GitError::Unexpected { command })
    }
}

/// What git answered, with any exit code.
#[derive(Debug)]
pub(crate) struct Answer {
    command: String,
    output: Output,
}

impl Answer {
    pub fn code(&self) -> Option<i32> {
        self.output.code()
    }

    pub fn truncated(&self) -> bool {
        self.output.stdout.truncated()
    }

    /// What it said beside its answer; that of hooks is in it.
    pub fn said(&self) -> String {
        self.output.stderr.text().trim_end().to_owned()
    }

    pub fn into_stdout(self) -> Vec<u8> {
        self.output.stdout.into_bytes()
    }

    pub fn failed(self) -> GitError {
        GitError::Failed { code: self.output.code(), stderr: self.said(), command: self.command }
    }

    pub fn unexpected(self) -> GitError {
        GitError::Unexpected { command: self.command }
    }
}

/// Takes off the line end and nothing else: names may end in white space.
pub(crate) fn one_line(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    bytes
}

pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
