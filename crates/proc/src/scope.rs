//! Processes that belong together: by control group where there is one, by process group, by descent, and by the
//! session's mark when they left those.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use crate::cgroup::Cgroup;
use crate::identity::{Identity, Signal};
use crate::{SESSION_MARK, children, gone, table};

/// Each pass meets only what was forked during the one before; a tree that outruns this many is reported.
const MAX_PASSES: usize = 20;
/// How long killed processes may take to vanish before the next pass.
const PASS: Duration = Duration::from_millis(500);

/// A set of processes, defined by rule and looked up afresh each time. The calling process is never in it.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    ancestor: Option<u32>,
    group: Option<u32>,
    mark: Option<String>,
    cgroup: Option<Cgroup>,
    spared: BTreeSet<Identity>,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Processes that got a signal.
    pub signalled: BTreeSet<Identity>,
    /// Processes that were still there after the last pass. Empty means that a whole pass found nobody.
    pub left: Vec<Identity>,
    /// How many times the table was read.
    pub passes: usize,
}

impl Swept {
    /// Whether nobody is left.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty()
    }
}

impl Scope {
    /// Nobody.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Whoever descends from `pid` now, without it.
    #[must_use]
    pub fn with_descendants_of(mut self, pid: u32) -> Self {
        self.ancestor = Some(pid);
        self
    }

    /// Whoever is in the process group `group`, its leader too.
    #[must_use]
    pub fn with_group(mut self, group: u32) -> Self {
        self.group = Some(group);
        self
    }

    /// Whoever was started with `QD_SESSION=<mark>`.
    #[must_use]
    pub fn with_mark(mut self, mark: impl Into<String>) -> Self {
        self.mark = Some(mark.into());
        self
    }

    /// Whoever is in the control group, or in one below it.
    #[must_use]
    pub fn with_cgroup(mut self, cgroup: &Cgroup) -> Self {
        self.cgroup = Some(cgroup.clone());
        self
    }

    /// Leaves one process out (its descendants stay in).
    #[must_use]
    pub fn sparing(mut self, process: Identity) -> Self {
        self.spared.insert(process);
        self
    }

    /// Who is in it now. Zombies are not.
    pub fn members(&self) -> io::Result<Vec<Identity>> {
        let rows = table::rows()?;
        let own = std::process::id();
        let descendants = self.ancestor.map(|pid| descent(&rows, pid)).unwrap_or_default();
        let grouped = self.cgroup.as_ref().map_or_else(|| Ok(Vec::new()), Cgroup::members)?;
        let is_member = |row: &&table::Row| {
            let pid = row.identity.pid;
            let marked = || self.mark.as_ref().is_some_and(|mark| table::has_variable(pid, SESSION_MARK, mark));
            !row.zombie
                && pid != own
                && !self.spared.contains(&row.identity)
                && (grouped.contains(&row.identity)
                    || descendants.contains(&pid)
                    || self.group == Some(row.group)
                    || marked())
        };
        Ok(rows.iter().filter(is_member).map(|row| row.identity).collect())
    }

    /// Sends a signal to each member; returns who got it.
    pub fn signal(&self, signal: Signal) -> io::Result<Vec<Identity>> {
        let mut members = self.members()?;
        // One that may not be signalled (another user's) stays in the scope and shows as left.
        members.retain(|member| member.signal(signal).unwrap_or(false));
        Ok(members)
    }

    /// Kills the control group at one blow, also who is being forked in it; not where somebody in it is to live.
    /// Returns who was in it.
    async fn kill_cgroup(&self) -> io::Result<Vec<Identity>> {
        let Some(cgroup) = &self.cgroup else { return Ok(Vec::new()) };
        let members = cgroup.members()?;
        let own = std::process::id();
        if members.iter().any(|member| member.pid == own || self.spared.contains(member)) {
            return Ok(Vec::new());
        }
        cgroup.kill()?;
        // Whoever is stuck shows in the passes.
        cgroup.emptied(PASS).await?;
        children::reap_adopted()?;
        Ok(members)
    }

    /// Kills the control group, then members in passes until one pass finds none, at most a fixed number of passes.
    pub async fn kill(&self) -> io::Result<Swept> {
        let mut swept = Swept { signalled: self.kill_cgroup().await?.into_iter().collect(), ..Swept::default() };
        while swept.passes < MAX_PASSES {
            swept.passes += 1;
            swept.left = self.members()?;
            if swept.left.is_empty() {
                break;
            }
            swept.signalled.extend(self.signal(Signal::Kill)?);
            swept.left = gone::wait_gone(&swept.left, PASS).await;
            children::reap_adopted()?;
        }
        if !swept.left.is_empty() {
            swept.left = self.members()?;
        }
        Ok(swept)
    }

    /// Asks members to end, gives them `grace`, then kills.
    pub async fn sweep(&self, grace: Duration) -> io::Result<Swept> {
        let asked = self.signal(Signal::Term)?;
        gone::wait_gone(&asked, grace).await;
        children::reap_adopted()?;
        let mut swept = self.kill().await?;
        swept.signalled.extend(asked);
        Ok(swept)
    }
}

/// All processes that were started with `QD_SESSION=<mark>`, whatever sessions and groups they made.
pub fn marked(mark: &str) -> io::Result<Vec<Identity>> {
    Scope::nobody().with_mark(mark).members()
}

/// All processes that descend from `pid`, without it.
pub fn descendants_of(pid: u32) -> io::Result<Vec<Identity>> {
    Scope::nobody().with_descendants_of(pid).members()
}

/// Kills all processes that carry the mark, save the caller.
pub async fn kill_marked(mark: &str) -> io::Result<Swept> {
    Scope::nobody().with_mark(mark).kill().await
}

/// For a host that is a subreaper: ends everything below it and everything that carries the mark, save itself.
pub async fn sweep(own_pid: u32, mark: &str, grace: Duration) -> io::Result<Swept> {
    Scope::nobody().with_descendants_of(own_pid).with_mark(mark).sweep(grace).await
}

fn descent(rows: &[table::Row], ancestor: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::from([ancestor]);
    loop {
        let before = found.len();
        let below = rows.iter().filter(|row| found.contains(&row.parent));
        let below: Vec<u32> = below.map(|row| row.identity.pid).collect();
        found.extend(below);
        if found.len() == before {
            found.remove(&ancestor);
            return found;
        }
    }
}
