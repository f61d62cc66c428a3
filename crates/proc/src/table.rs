//! The process table of the machine, read afresh at each call.

use std::io;

use crate::identity::Identity;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as system;

/// One process as the kernel shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Who it is.
    pub identity: Identity,
    /// Its parent now (an orphan has that of whoever adopted it).
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// It ended and waits to be reaped.
    pub zombie: bool,
}

/// The row of one process; none where it does not exist.
pub fn row(pid: u32) -> Option<Row> {
    system::row(pid)
}

/// All processes that the caller can see.
pub fn rows() -> io::Result<Vec<Row>> {
    system::rows()
}

/// Whether the process was started with `name=value` in its environment. False where it may not be read.
pub fn has_variable(pid: u32, name: &str, value: &str) -> bool {
    system::has_variable(pid, name, value)
}
