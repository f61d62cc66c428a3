//! Being told by the system that files changed. Only says *that* something changed: what, a look finds out.

use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// The project.
    pub root: PathBuf,
    /// The folder of its documents.
    pub tasks: PathBuf,
    /// The git directory of the checkout, where there is one.
    pub git_dir: Option<PathBuf>,
}

/// What was seen since it was last asked for.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Wakes whoever waits.
    pub wake: Notify,
    files: AtomicBool,
    head: AtomicBool,
    places: AtomicBool,
    /// Whether whatever happens in the git directory may mend what is wrong with the project.
    pub wary: AtomicBool,
}

/// What to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The documents.
    pub files: bool,
    /// HEAD, and whether it is a repository.
    pub head: bool,
    /// Folders came or went: watch anew.
    pub places: bool,
}

impl Seen {
    /// What was seen, once.
    pub(super) fn take(&self) -> Look {
        Look {
            files: self.files.swap(false, Ordering::AcqRel),
            head: self.head.swap(false, Ordering::AcqRel),
            places: self.places.swap(false, Ordering::AcqRel),
        }
    }

    fn mark(&self, look: Look) {
        if look == Look::default() {
            return;
        }
        for (flag, set) in [(&self.files, look.files), (&self.head, look.head), (&self.places, look.places)] {
            flag.fetch_or(set, Ordering::AcqRel);
        }
        self.wake.notify_one();
    }
}

/// Watches until it is dropped.
pub(super) fn watch(places: &Places, seen: &Arc<Seen>) -> notify::Result<RecommendedWatcher> {
    let (marks, about) = (Arc::clone(seen), places.clone());
    let handler = move |event| marks.mark(meaning(&about, event, marks.wary.load(Ordering::Acquire)));
    // Links are not followed: what lies behind one is not of the project.
    let mut watcher = RecommendedWatcher::new(handler, Config::default().with_follow_symlinks(false))?;
    if places.tasks.is_dir() {
        watcher.watch(&places.tasks, RecursiveMode::Recursive)?;
    }
    // The nearest folder above tells when the tasks' folder comes, goes or is replaced.
    if let Some(above) = places.tasks.ancestors().skip(1).find(|folder| folder.is_dir()) {
        watcher.watch(above, RecursiveMode::NonRecursive)?;
        if above != places.root {
            watcher.watch(&places.root, RecursiveMode::NonRecursive)?;
        }
    }
    if let Some(git_dir) = &places.git_dir {
        watcher.watch(git_dir, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

/// What an event means.
fn meaning(places: &Places, event: notify::Result<Event>, wary: bool) -> Look {
    let all = Look { files: true, head: true, places: true };
    let Ok(event) = event else { return all };
    if event.need_rescan() {
        return all;
    }
    // Reading is no change, and this server reads.
    if matches!(event.kind, EventKind::Access(_)) {
        return Look::default();
    }
    let mut look = Look::default();
    for path in &event.paths {
        look.files |= path.starts_with(&places.tasks) && !is_temporary(path);
        if places.tasks.starts_with(path) {
            look.files = true;
            look.places |= !matches!(event.kind, EventKind::Modify(notify::event::ModifyKind::Metadata(_)));
        }
        let git = places.root.join(".git");
        let told = |dir: &PathBuf| ["HEAD", "config"].iter().any(|name| *path == dir.join(name));
        let head = |dir: &PathBuf| told(dir) || (wary && path.starts_with(dir));
        look.head |= *path == git || places.git_dir.as_ref().is_some_and(head);
        look.places |= *path == git;
    }
    look
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| super::walk::job_of_temporary(name).is_some())
}

/// The git directory of the checkout at `root`: `.git`, or where a linked worktree's or submodule's `.git` points.
pub(super) fn git_dir(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = std::fs::read_to_string(&git).ok()?;
    let target = text.trim_end().strip_prefix("gitdir: ")?;
    root.join(target).canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{AccessKind, CreateKind, Flag};

    fn look(kind: EventKind, path: &str) -> Look {
        let places = Places { root: "/p".into(), tasks: "/p/tasks".into(), git_dir: Some("/p/.git".into()) };
        meaning(&places, Ok(Event::new(kind).add_path(path.into())), false)
    }

    #[test]
    fn an_event_says_what_to_look_at() {
        let create = EventKind::Create(CreateKind::Any);
        assert_eq!(look(create, "/p/tasks/a.md"), Look { files: true, ..Look::default() });
        assert_eq!(look(create, "/p/.git/HEAD"), Look { head: true, ..Look::default() });
        assert_eq!(look(create, "/p/.git/config"), Look { head: true, ..Look::default() });
        assert_eq!(look(create, "/p/tasks"), Look { files: true, places: true, head: false });
        assert_eq!(look(create, "/p/.git"), Look { head: true, places: true, files: false });
        assert_eq!(look(create, "/p/.git/index.lock"), Look::default());
        assert_eq!(look(EventKind::Access(AccessKind::Any), "/p/tasks/a.md"), Look::default());
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        let places = Places { root: "/p".into(), tasks: "/p/tasks".into(), git_dir: None };
        assert_eq!(meaning(&places, Ok(lost), false), Look { files: true, head: true, places: true });
    }
}
