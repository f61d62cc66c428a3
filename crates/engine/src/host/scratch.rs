//! The attempt's own temporary folder. Agents put Unix sockets into it (Claude Code does), whose paths may have 107
//! bytes, so a long run folder gets a short folder elsewhere instead.

use qd_core::ids::of_cause;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// What a path of the folder leaves for the names below it.
const LONGEST: usize = 70;

/// Where the folder of this run is or would be.
pub(super) fn place(run_dir: &Path) -> PathBuf {
    let inside = run_dir.join("tmp");
    if inside.as_os_str().len() <= LONGEST {
        return inside;
    }
    let name = of_cause(&["scratch", &run_dir.to_string_lossy()]).simple().to_string();
    let short = std::env::temp_dir().join(format!("qd-{}", name.get(..12).unwrap_or(&name)));
    if short.as_os_str().len() < inside.as_os_str().len() { short } else { inside }
}

/// Makes the folder, only for its owner. One that is there already is somebody else's: an error.
pub(super) fn make(run_dir: &Path) -> io::Result<PathBuf> {
    let place = place(run_dir);
    DirBuilder::new().mode(0o700).create(&place)?;
    Ok(place)
}

/// Takes the folder away.
pub(super) fn remove(run_dir: &Path) {
    // Only what was made here is there; what cannot be removed is left to the system's own cleaning.
    let _ = std::fs::remove_dir_all(place(run_dir));
}
