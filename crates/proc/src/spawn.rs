//! What to start and how. The environment is empty until the caller puts something in.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::cgroup::Cgroup;
use crate::child::Child;
use crate::children;
use crate::confine::{Restriction, Ruleset};
use crate::identity::Signal;

/// What the child reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stdin {
    /// End of file at once. The default: a program that asks gets no answer instead of waiting for ever.
    #[default]
    Null,
    /// A pipe, for a protocol.
    Piped,
}

/// How far the child stands from its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Group {
    /// A process group of its own, in the session of the parent.
    #[default]
    Own,
    /// A session of its own (and so a group): no terminal, untouched by the parent's hang-up.
    Session,
}

/// A process that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// No such program, neither at that path nor on the child's `PATH`.
    #[error("program not found: {}", program.display())]
    NotFound {
        /// As it was asked for.
        program: PathBuf,
    },
    /// It is there and cannot be run: no permission, wrong format, or its interpreter is missing.
    #[error("program cannot be run: {}", program.display())]
    NotExecutable {
        /// As it was asked for.
        program: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The folder to start in is not there or not a folder.
    #[error("working folder missing: {}", cwd.display())]
    CwdMissing {
        /// As it was asked for.
        cwd: PathBuf,
    },
    /// Anything else: out of processes, arguments too long, …
    #[error("cannot start {}", program.display())]
    Other {
        /// As it was asked for.
        program: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
}

/// A process to be started.
#[derive(Debug, Clone)]
pub struct Spawn {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: BTreeMap<OsString, OsString>,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) stdin: Stdin,
    pub(crate) group: Group,
    pub(crate) on_drop: Signal,
    confinement: Option<Ruleset>,
    cgroup: Option<Cgroup>,
}

impl Spawn {
    /// `program` is a path, or a name that is looked up on the `PATH` given to the child.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: BTreeMap::new(),
            cwd: None,
            stdin: Stdin::default(),
            group: Group::default(),
            on_drop: Signal::Kill,
            confinement: None,
            cgroup: None,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets one variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Sets variables; a later one replaces an earlier one of the same name.
    #[must_use]
    pub fn envs<K: AsRef<OsStr>, V: AsRef<OsStr>>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self {
        for (name, value) in variables {
            self.env.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        }
        self
    }

    /// Hands on those variables of `source` that `names` lists. Whatever is not listed does not reach the child.
    #[must_use]
    pub fn allow<N: AsRef<OsStr>>(
        mut self,
        source: &BTreeMap<OsString, OsString>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        for name in names {
            if let Some(value) = source.get(name.as_ref()) {
                self.env.insert(name.as_ref().to_owned(), value.clone());
            }
        }
        self
    }

    /// The folder to start in.
    #[must_use]
    pub fn cwd(mut self, cwd: impl AsRef<Path>) -> Self {
        self.cwd = Some(cwd.as_ref().to_owned());
        self
    }

    /// What it reads from.
    #[must_use]
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// How far it stands from its parent.
    #[must_use]
    pub fn group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// What the group gets when the guard is dropped; KILL unless set. TERM is for programs that must take their
    /// lock files away and are known to end on it.
    #[must_use]
    pub fn on_drop(mut self, signal: Signal) -> Self {
        self.on_drop = signal;
        self
    }

    /// What it and all that it starts may reach.
    #[must_use]
    pub fn confined(mut self, ruleset: Ruleset) -> Self {
        self.confinement = Some(ruleset);
        self
    }

    /// The group that it and all that it starts are in from their first instruction on.
    #[must_use]
    pub fn in_cgroup(mut self, cgroup: Cgroup) -> Self {
        self.cgroup = Some(cgroup);
        self
    }

    /// Starts it with stdout and stderr piped. Dropping the [`Child`] ends its group.
    pub fn spawn(&self) -> Result<Child, SpawnError> {
        let stdin = match self.stdin {
            Stdin::Null => Stdio::null(),
            Stdin::Piped => Stdio::piped(),
        };
        let command = self.command(stdin, Stdio::piped(), Stdio::piped())?;
        let child = self.start(command)?;
        Child::guard(child, self.on_drop).map_err(|source| self.other(source))
    }

    pub(crate) fn start(&self, command: std::process::Command) -> Result<tokio::process::Child, SpawnError> {
        let mut command = tokio::process::Command::from(command);
        children::spawn(&mut command).map_err(|source| self.explain(source))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub(crate) fn command(
        &self,
        stdin: Stdio,
        stdout: Stdio,
        stderr: Stdio,
    ) -> Result<std::process::Command, SpawnError> {
        // The kernel reports a missing folder and a missing program alike.
        if let Some(cwd) = self.cwd.as_ref().filter(|cwd| !cwd.is_dir()) {
            return Err(SpawnError::CwdMissing { cwd: cwd.clone() });
        }
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env);
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        match self.group {
            Group::Own => {
                command.process_group(0);
            }
            Group::Session => own_session(&mut command),
        }
        if let Some(cgroup) = &self.cgroup {
            enter(&mut command, cgroup.entrance().map_err(|source| self.other(source))?);
        }
        // Last, as it refuses what the steps before it need.
        if let Some(ruleset) = &self.confinement {
            confine(&mut command, ruleset.restriction.clone());
        }
        Ok(command)
    }

    fn explain(&self, source: io::Error) -> SpawnError {
        let program = self.program.clone();
        let is_path = program.components().count() > 1;
        match source.kind() {
            // The file is there, so what is missing is the interpreter that its first line names.
            io::ErrorKind::NotFound if is_path && program.exists() => SpawnError::NotExecutable { program, source },
            io::ErrorKind::NotFound => SpawnError::NotFound { program },
            io::ErrorKind::PermissionDenied => SpawnError::NotExecutable { program, source },
            _ if source.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
                SpawnError::NotExecutable { program, source }
            }
            _ => self.other(source),
        }
    }

    pub(crate) fn other(&self, source: io::Error) -> SpawnError {
        SpawnError::Other { program: self.program.clone(), source }
    }
}

#[expect(unsafe_code, reason = "a new session must be made between fork and exec")]
fn own_session(command: &mut std::process::Command) {
    // SAFETY: setsid is async-signal-safe and the closure neither allocates nor takes a lock.
    unsafe {
        command.pre_exec(|| {
            rustix::process::setsid()?;
            Ok(())
        });
    }
}

#[expect(unsafe_code, reason = "a group of the kernel's must be entered between fork and exec")]
fn enter(command: &mut std::process::Command, entrance: File) {
    // SAFETY: write is async-signal-safe, the descriptor was opened before the fork, and the closure neither allocates
    // nor takes a lock.
    unsafe {
        command.pre_exec(move || {
            // Zero stands for whoever writes it (cgroups(7)).
            rustix::io::write(&entrance, b"0")?;
            Ok(())
        });
    }
}

#[expect(unsafe_code, reason = "rights must be given up between fork and exec")]
fn confine(command: &mut std::process::Command, restriction: Restriction) {
    // SAFETY: two system calls on a descriptor that was opened before the fork; the closure neither allocates nor takes
    // a lock.
    unsafe {
        command.pre_exec(move || restriction.put_on());
    }
}
