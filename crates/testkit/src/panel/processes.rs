//! The processes of a home: who belongs to it is told by its path in their arguments or their environment.

use anyhow::Result;
use qd_core::ids::SessionId;
use qd_proc::{Identity, SESSION_MARK, table};
use std::fs;
use std::path::Path;

/// A process of a home.
#[derive(Clone, Debug)]
pub struct Process {
    /// Who it is.
    pub identity: Identity,
    /// Its arguments, with blanks between.
    pub arguments: String,
    /// The mark of its session, `id.attempt`.
    pub mark: Option<String>,
    /// It was forked and has not yet become the program that it is for: it looks like its parent and is not.
    pub forked: bool,
}

impl Process {
    /// The run folder that it is the host of, `id/attempt`.
    pub fn hosts(&self) -> Option<&str> {
        let (_, folder) = self.arguments.split_once(" host --run-dir ")?;
        folder.split_once("/run/").map(|(_, run)| run.trim_end())
    }

    /// Whether it is a host.
    pub fn hosts_somebody(&self) -> bool {
        self.hosts().is_some() && !self.forked
    }

    /// The attempt that it hosts or works for.
    pub fn attempt(&self) -> Option<(SessionId, u32)> {
        let (id, number) = match (&self.mark, self.hosts()) {
            (Some(mark), _) => mark.rsplit_once('.')?,
            (None, Some(folder)) => folder.split_once('/')?,
            (None, None) => return None,
        };
        Some((id.parse().ok()?, number.parse().ok()?))
    }

    /// Whether it is an agent.
    pub fn is_agent(&self) -> bool {
        self.mark.is_some() && self.arguments.contains("demo-agent") && !self.forked
    }
}

/// The processes of the home at `root` that run now.
pub fn processes(root: &Path) -> Result<Vec<Process>> {
    let root = root.as_os_str().as_encoded_bytes();
    let contains = |text: &[u8]| text.windows(root.len()).any(|window| window == root);
    let mut found = Vec::new();
    for row in table::rows()? {
        let file = |pid: u32, name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let (arguments, environment) = (file(row.identity.pid, "cmdline"), file(row.identity.pid, "environ"));
        if row.zombie || !(contains(&arguments) || contains(&environment)) {
            continue;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\0', " ");
        let mark = environment.split(|byte| *byte == 0).find_map(|one| {
            let one = String::from_utf8_lossy(one);
            one.strip_prefix(SESSION_MARK)?.strip_prefix('=').map(str::to_owned)
        });
        let forked = file(row.parent, "cmdline") == arguments;
        found.push(Process { identity: row.identity, arguments: text(&arguments), mark, forked });
    }
    Ok(found)
}
