//! Moving a document into the archive and out of it. The file is renamed at once, never over another, so that it is
//! before or after in one place. Blocking.

use super::Site;
use super::write::{WriteError, inside, sync_folder};
use crate::engine::Engine;
use crate::receipts;
use qd_core::calendar::month;
use qd_core::ids::{Mid, Millis};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

/// A document to be moved.
pub(super) struct Move {
    pub job: Mid,
    /// When it was asked for: names the month of the archive.
    pub at: Millis,
    /// Where it is, relative to the project.
    pub from: String,
    pub archived: bool,
    /// Paths that belong to tasks, whether a file is there now or not.
    pub taken: HashSet<String>,
}

/// Which name a move has chosen: after a crash it is looked for there.
#[derive(Serialize, Deserialize)]
struct Chosen {
    to: String,
}

fn receipt(job: Mid) -> String {
    format!("{job}.moving")
}

/// Lets go what a move that is told has left.
pub(super) fn tidy(engine: &Engine, job: Mid) {
    receipts::remove(engine, &receipt(job));
}

/// Moves it; gives where it is now.
pub(super) fn place(engine: &Engine, site: &Site, order: &Move) -> Result<String, WriteError> {
    let Move { job, at, from, archived, taken } = order;
    let failed = |path: &str| {
        let path = path.to_owned();
        move |source| WriteError::Io { path, source }
    };
    let source = site.root.join(from);
    if fs::symlink_metadata(&source).is_err() {
        // An earlier run may have moved it, and died before it could tell.
        let chosen = receipts::load::<Chosen>(engine, &receipt(*job));
        let there = chosen.filter(|chosen| site.root.join(&chosen.to).is_file());
        return there.map(|chosen| chosen.to).ok_or_else(|| WriteError::Gone(from.clone()));
    }
    inside(&site.root, from)?;
    let folder = if *archived { format!("{}/archive/{}", site.tasks_dir, month(*at)) } else { site.tasks_dir.clone() };
    inside(&site.root, &format!("{folder}/x"))?;
    fs::create_dir_all(site.root.join(&folder)).map_err(failed(&folder))?;
    let name = Path::new(from).file_name().and_then(|name| name.to_str()).unwrap_or("task.md");
    let (stem, ending) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    for number in 1..=u32::MAX {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let to = format!("{folder}/{stem}{number}{ending}");
        let target = site.root.join(&to);
        if taken.contains(&to) || fs::symlink_metadata(&target).is_ok() {
            continue;
        }
        receipts::store(engine, &receipt(*job), &Chosen { to: to.clone() }).map_err(failed(&to))?;
        match rename(&source, &target) {
            Ok(()) => {
                [source.parent(), target.parent()].into_iter().flatten().for_each(sync_folder);
                return Ok(to);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&to)(error)),
        }
    }
    Err(WriteError::Restless(from.clone()))
}

/// Renames a file, but not over another one.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system knows of it.
        Err(Errno::INVAL | Errno::NOSYS) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::rename(from, to)
        }
        renamed => Ok(renamed?),
    }
}

#[cfg(test)]
mod tests;
