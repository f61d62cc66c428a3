//! How `xtask` meets the machine: the one place that starts programs, reads
//! the environment and prints. It knows nothing of what the programs are for.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};

/// A program to be run, with the workspace root as its folder.
pub fn tool(program: impl AsRef<OsStr>) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "build commands run in the foreground; `proc` is part of the product"
    )]
    let mut command = Command::new(program);
    command.current_dir(crate::workspace::root());
    command
}

/// The cargo that started this command.
pub fn cargo() -> Command {
    tool(variable("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// `npm --prefix ui ARGS`, quiet about anything but its work.
pub fn npm<const N: usize>(args: [&str; N]) -> Command {
    let mut command = tool("npm");
    command.args(["--prefix", "ui"]).args(args);
    command.env("npm_config_fund", "false").env("npm_config_audit", "false");
    command.env("npm_config_update_notifier", "false");
    command
}

/// A variable of the environment, none if it is unset or empty.
pub fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether a machine runs us: no questions, no browser.
pub fn unattended() -> bool {
    variable("CI").is_some()
}

/// The folder in which this user keeps what can be made again.
pub fn cache() -> Result<PathBuf> {
    let base = variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set: no place for the cache")?;
    Ok(base.join("quarterdeck"))
}

/// Prints a line on stdout.
#[expect(clippy::print_stdout, reason = "the terminal is the interface of xtask")]
pub fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// Running a [`Command`] with errors that name it.
pub trait Run {
    /// Runs it on our own terminal; an exit code other than 0 is an error.
    fn run(&mut self) -> Result<()>;
    /// Runs it and returns its stdout; an exit code other than 0 is an error with its stderr.
    fn read(&mut self) -> Result<String>;
}

impl Run for Command {
    fn run(&mut self) -> Result<()> {
        let status = self.status().map_err(|error| cannot_start(self, &error))?;
        ensure!(status.success(), "`{}` ended with {status}", line(self));
        Ok(())
    }

    fn read(&mut self) -> Result<String> {
        let output = self.stdin(Stdio::null()).output().map_err(|error| cannot_start(self, &error))?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` ended with {}\n{}", line(self), output.status, stderr.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy();
    match (error.kind(), hint(&program)) {
        (std::io::ErrorKind::NotFound, Some(hint)) => anyhow!("`{program}` is missing: {hint}"),
        _ => anyhow!("cannot start `{program}`: {error}"),
    }
}

/// Fails with one line that says how to install it, if a program is missing.
pub fn require(program: &str) -> Result<PathBuf> {
    which::which(program).map_err(|_| {
        let hint = hint(program).unwrap_or("install it and put it on PATH");
        anyhow!("`{program}` is missing: {hint}")
    })
}

fn hint(program: &str) -> Option<&'static str> {
    Some(match program {
        "node" | "npm" => {
            "install Node 20 or newer (https://nodejs.org, `apt-get install nodejs npm`, `brew install node`)"
        }
        "git" => "install it with `apt-get install git` or `brew install git`",
        "chromium" => "install it with `apt-get install chromium`, or name a Chrome in QD_CHROMIUM",
        "cargo" | "rustc" => "install Rust from https://rustup.rs",
        _ => return None,
    })
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
