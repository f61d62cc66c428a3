//! Ports for what runs in a worktree: ten of its own, so that the servers of two tasks do not meet.

use crate::config::PORTS;
use crate::engine::Engine;
use qd_core::ids::TaskId;
use qd_core::row::{Branch, Project, Row, RowKind, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::PoisonError;

/// Where they begin and end: below what systems give to whoever asks for any port.
const FIRST: u16 = 21_000;
const LAST: u16 = 30_000;
/// The variable that names the first one.
const VARIABLE: &str = "QD_FIRST_PORT";

/// The first of ten ports that no other worktree has and that are free now; `None` where there are none left.
pub(super) fn own(engine: &Engine, task: TaskId) -> Option<u16> {
    let mut given = engine.inner.desks.ports.lock().unwrap_or_else(PoisonError::into_inner);
    let recorded: BTreeMap<TaskId, u16> = engine.read(|state| {
        let port = |task: &Task| Some((task.id, task.standing()?.port?));
        state
            .of_kind(RowKind::Task)
            .filter_map(|row| if let Row::Task(task) = row { port(task) } else { None })
            .collect()
    });
    given.retain(|task, _| !recorded.contains_key(task));
    if let Some(port) = given.get(&task) {
        return Some(*port);
    }
    let taken: BTreeSet<u16> = recorded.into_values().chain(given.values().copied()).collect();
    let port = (FIRST..LAST).step_by(usize::from(PORTS)).find(|port| !taken.contains(port) && are_free(*port))?;
    given.insert(task, port);
    Some(port)
}

fn are_free(first: u16) -> bool {
    (first..first + PORTS).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
}

/// The variables that tell a program in the worktree its ports.
pub(crate) fn variables(engine: &Engine, project: &Project, branch: &Branch) -> BTreeMap<String, String> {
    let Some(first) = branch.port else { return BTreeMap::new() };
    let named = engine.config().project(&project.path).ports;
    let each = named.into_iter().zip(first..first.saturating_add(PORTS));
    each.chain([(VARIABLE.to_owned(), first)]).map(|(name, port)| (name, port.to_string())).collect()
}
