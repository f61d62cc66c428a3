//! A control group of the kernel's as the boundary of a session: what is in it cannot leave by making sessions, by
//! orphaning itself or by clearing its environment, and is ended by one write.
//!
//! Only version 2 without controllers is used: membership, the list of members and `cgroup.kill`. Where no group can be
//! made (no cgroup2, a kernel before 5.14, or a folder that belongs to root) there is none, and
//! [`Scope`](crate::Scope) works by descent and mark alone. Who may write to the parent's `cgroup.procs` can leave; a
//! [`Confinement`](crate::Confinement) prevents that.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::identity::Identity;

/// What every group of ours is called at the beginning. Only such groups are opened and removed.
const PREFIX: &str = "qd-";
/// The kernel counts a member out shortly after its end; no event that could be waited for tells it on all systems.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// A group that was made for us. Dropping it leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    /// Makes the group `qd-<name>` below the caller's own one, or takes the one that is there; none where the system
    /// does not let it. `name` may not hold a slash.
    pub fn create(name: &str) -> io::Result<Option<Self>> {
        match own() {
            Some(own) => Self::create_below(&own, name),
            None => Ok(None),
        }
    }

    /// As [`create`](Self::create), below the group in the folder `parent`.
    pub fn create_below(parent: &Path, name: &str) -> io::Result<Option<Self>> {
        if name.contains('/') {
            return Err(io::Error::new(ErrorKind::InvalidInput, "a group's name may not hold a slash"));
        }
        // Whoever moves a process must be allowed to write to the common parent of both groups.
        if OpenOptions::new().write(true).open(parent.join("cgroup.procs")).is_err() {
            return Ok(None);
        }
        let group = Self { path: parent.join(format!("{PREFIX}{name}")) };
        match fs::create_dir(&group.path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if is_refusal(&error) => return Ok(None),
            made => made?,
        }
        if group.path.join("cgroup.kill").exists() {
            return Ok(Some(group));
        }
        fs::remove_dir(&group.path)?;
        Ok(None)
    }

    /// The group at a path that [`path`](Self::path) told earlier, maybe to another process; none where it is gone.
    pub fn open(path: &Path) -> Option<Self> {
        let is_ours = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
        let is_group = is_ours && path.join("cgroup.kill").exists();
        is_group.then(|| Self { path: path.to_owned() })
    }

    /// Groups below the caller's own one whose name begins with `qd-<prefix>` and that nobody is in. One that was made a
    /// moment ago and is about to be entered is among them, so only what belongs to no living session may be removed.
    pub fn empty_ones(prefix: &str) -> io::Result<Vec<Self>> {
        let Some(own) = own() else { return Ok(Vec::new()) };
        let begins = format!("{PREFIX}{prefix}");
        let mut found = Vec::new();
        for entry in fs::read_dir(own)? {
            let entry = entry?;
            let is_named = entry.file_name().as_encoded_bytes().starts_with(begins.as_bytes());
            let group = Self::open(&entry.path()).filter(|_| is_named);
            found.extend(group.filter(|group| !group.is_populated().unwrap_or(true)));
        }
        Ok(found)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a child writes to, to be in the group.
    pub(crate) fn entrance(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(self.path.join("cgroup.procs"))
    }

    /// Who is in it or in a group below it now. Empty where it is gone.
    pub fn members(&self) -> io::Result<Vec<Identity>> {
        let mut members = Vec::new();
        for folder in self.folders()? {
            let Some(text) = unless_gone(fs::read_to_string(folder.join("cgroup.procs")))? else { continue };
            members.extend(text.lines().filter_map(|line| line.parse().ok()).filter_map(Identity::of));
        }
        Ok(members)
    }

    /// Whether anybody is in it or below it. False where it is gone.
    pub fn is_populated(&self) -> io::Result<bool> {
        let events = unless_gone(fs::read_to_string(self.path.join("cgroup.events")))?;
        Ok(events.is_some_and(|text| text.lines().any(|line| line == "populated 1")))
    }

    /// Kills everybody in it and below it, also who is being forked at this moment.
    pub fn kill(&self) -> io::Result<()> {
        unless_gone(fs::write(self.path.join("cgroup.kill"), "1")).map(|_| ())
    }

    /// Waits until nobody is in it, at most `limit`. Says whether that came to be.
    pub async fn emptied(&self, limit: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + limit;
        while self.is_populated()? {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(true)
    }

    /// Removes it with the groups that were made below it. Fails with [`ErrorKind::ResourceBusy`] while somebody is in
    /// it. Removing what is gone is no error.
    pub fn remove(&self) -> io::Result<()> {
        for folder in self.folders()?.iter().rev() {
            unless_gone(fs::remove_dir(folder))?;
        }
        Ok(())
    }

    /// Kills, waits at most `limit` and removes. False where somebody is left, as then is the group.
    pub async fn end(&self, limit: Duration) -> io::Result<bool> {
        self.kill()?;
        if !self.emptied(limit).await? {
            return Ok(false);
        }
        self.remove()?;
        Ok(true)
    }

    /// Its own folder and all below, each after its parent.
    fn folders(&self) -> io::Result<Vec<PathBuf>> {
        let mut folders = vec![self.path.clone()];
        let mut next = 0;
        while let Some(folder) = folders.get(next) {
            next += 1;
            for entry in unless_gone(fs::read_dir(folder))?.into_iter().flatten().collect::<Vec<_>>() {
                let Ok(entry) = entry else { break };
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                }
            }
        }
        Ok(folders)
    }
}

/// The folder of the group that the caller is in.
fn own() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    place(&mounts, &groups)
}

/// From `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`) and `/proc/self/cgroup` (cgroups(7)).
fn place(mounts: &str, groups: &str) -> Option<PathBuf> {
    let own = Path::new(groups.lines().find_map(|line| line.strip_prefix("0::"))?);
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        if kind.split(' ').next() != Some("cgroup2") {
            return None;
        }
        let mut fields = place.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        // A mount may show a part of the tree only; a group outside that part cannot be reached by it.
        Some(Path::new(point).join(own.strip_prefix(root).ok()?))
    })
}

/// None where what was asked for is not there any more: a group that is being removed answers in either way.
fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error()) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the system does not want a group there, for good.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
        39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw\n";

    #[test]
    fn own_group_is_found_below_the_mount() {
        let found = place(HYBRID, "8:pids:/x\n0::/user.slice/one\n").unwrap();
        assert_eq!(found, Path::new("/sys/fs/cgroup/unified/user.slice/one"));
    }

    #[test]
    fn mount_of_a_part_shows_only_that_part() {
        let mounts = "41 31 0:38 /box /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(place(mounts, "0::/box/in").unwrap(), Path::new("/sys/fs/cgroup/in"));
        assert_eq!(place(mounts, "0::/elsewhere"), None);
    }

    #[test]
    fn without_the_second_version_there_is_no_place() {
        assert_eq!(place("31 23 0:28 / /sys/fs/cgroup rw - cgroup cgroup rw,pids\n", "0::/"), None);
        assert_eq!(place(HYBRID, "8:pids:/x\n"), None);
    }

    #[test]
    fn folder_that_is_no_group_gives_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Cgroup::create_below(folder.path(), "x").unwrap(), None);
        std::fs::write(folder.path().join("cgroup.procs"), "").unwrap();
        assert_eq!(Cgroup::create_below(folder.path(), "x").unwrap(), None);
        assert!(!folder.path().join("qd-x").exists(), "what was tried is taken away");
        assert!(Cgroup::create_below(folder.path(), "../x").is_err());
    }

    #[test]
    fn only_own_groups_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["user.slice", "qd-x", "qd-plain"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["user.slice", "qd-x"] {
            std::fs::write(folder.path().join(name).join("cgroup.kill"), "").unwrap();
        }
        assert!(Cgroup::open(&folder.path().join("qd-x")).is_some());
        assert_eq!(Cgroup::open(&folder.path().join("user.slice")), None);
        assert_eq!(Cgroup::open(&folder.path().join("qd-plain")), None);
        assert_eq!(Cgroup::open(&folder.path().join("qd-gone")), None);
    }
}
