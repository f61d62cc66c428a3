//! A full disk and a read-only one: real mounts, which only root can make. Elsewhere these tests say that they were
//! skipped.

use crate::world::{Scribe, rows};
use qd_store::{OpenError, SqliteStore, Store, StoreError};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A mount, taken away when dropped.
struct Mount {
    at: PathBuf,
    _dir: TempDir,
}

impl Mount {
    fn new(options: &[&str]) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let at = dir.path().join("disk");
        fs::create_dir(&at).unwrap();
        let mounted = run("mount", &[options, &[at.to_str().unwrap()]].concat());
        if !mounted {
            eprintln!("SKIPPED: nothing can be mounted here");
        }
        mounted.then_some(Self { at, _dir: dir })
    }

    fn tmpfs(size: &str) -> Option<Self> {
        Self::new(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &["-l", self.at.to_str().unwrap()]);
    }
}

#[expect(clippy::disallowed_methods, reason = "a test that needs a mount; the store knows no processes")]
fn run(program: &str, args: &[&str]) -> bool {
    std::process::Command::new(program).args(args).output().is_ok_and(|out| out.status.success())
}

#[test]
fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_space() {
    let Some(disk) = Mount::tmpfs("1m") else {
        return;
    };
    let data = disk.at.join("data");
    let ballast = disk.at.join("ballast");
    fs::write(&ballast, vec![0; 300 * 1024]).unwrap();
    let mut store = SqliteStore::open(&data).unwrap();
    let mut log = Scribe::new();
    let text = "x".repeat(4000);
    let (refused, before) = loop {
        let before = log.clone();
        let commit = log.put(log.head.seq, &text);
        match store.commit(std::slice::from_ref(&commit)) {
            Ok(()) => {}
            Err(StoreError::Full) => break (commit, before),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert!(before.head.seq > 3, "the disk was full from the beginning");
    assert_eq!(store.reader().head().unwrap(), before.head);
    assert_eq!(rows(&mut store).len() as u64, before.head.seq);
    assert_eq!(store.reader().outcome(refused.record.mid).unwrap(), None);
    assert!(matches!(store.commit(std::slice::from_ref(&refused)), Err(StoreError::Full)), "still full");

    fs::remove_file(&ballast).unwrap();
    store.commit(&[refused]).unwrap();
    drop(store);
    let mut store = SqliteStore::open(&data).unwrap();
    assert_eq!(store.load().unwrap().head, log.head);
    assert_eq!(rows(&mut store).len() as u64, log.head.seq);
}

#[test]
fn a_disk_that_is_full_from_the_beginning_is_named() {
    let Some(disk) = Mount::tmpfs("64k") else {
        return;
    };
    // The file system is full when this fails: that is what it is for.
    let _ = fs::write(disk.at.join("ballast"), vec![0; 128 * 1024]);
    let refused = SqliteStore::open(&disk.at).map(drop);
    assert!(matches!(refused, Err(OpenError::Full { .. })), "{refused:?}");
}

fn read_only(path: &Path) {
    let refused = SqliteStore::open(path).map(drop);
    assert!(matches!(refused, Err(OpenError::ReadOnly { .. })), "{refused:?}");
}

#[test]
fn a_read_only_directory_is_named() {
    let Some(disk) = Mount::tmpfs("1m") else {
        return;
    };
    drop(SqliteStore::open(&disk.at).unwrap());
    assert!(run("mount", &["-o", "remount,ro", disk.at.to_str().unwrap()]));
    read_only(&disk.at);
    assert!(matches!(SqliteStore::open(&disk.at.join("new")).map(drop), Err(OpenError::CannotMake { .. })));
}
