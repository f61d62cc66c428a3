//! What the store says at its door: each thing that can be wrong with a data directory has its error, and changes
//! nothing.

use crate::world::{Scribe, rows};
use qd_store::{OpenError, SqliteStore, Store};
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn with_rows(n: u64) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let mut log = Scribe::new();
    SqliteStore::open(dir.path()).unwrap().commit(&log.puts(n)).unwrap();
    let file = dir.path().join("quarterdeck.db");
    (dir, file)
}

fn refusal(dir: &Path) -> OpenError {
    SqliteStore::open(dir).map(drop).expect_err("it must not open")
}

#[test]
fn a_missing_directory_is_made_for_the_owner_alone() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("a/b");
    drop(SqliteStore::open(&data).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("quarterdeck.db")), 0o600);
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    fs::write(&data, "mine").unwrap();
    assert!(matches!(refusal(&data), OpenError::NotADirectory { path } if path == data));
    assert!(matches!(refusal(&data.join("below")), OpenError::CannotMake { .. }));
    assert_eq!(fs::read(&data).unwrap(), b"mine");
}

#[test]
fn a_second_server_is_refused_until_the_first_is_gone() {
    let (dir, _) = with_rows(1);
    let first = SqliteStore::open(dir.path()).unwrap();
    let reader = first.reader();
    assert!(matches!(refusal(dir.path()), OpenError::Locked { .. }));
    drop(first);
    SqliteStore::open(dir.path()).unwrap();
    assert_eq!(reader.head().unwrap().seq, 1);
}

#[test]
fn a_damaged_database_is_named_and_left_alone() {
    for damage in [wipe_the_header, wipe_a_page, cut_in_half] {
        let (dir, file) = with_rows(500);
        damage(&file);
        let before = fs::read(&file).unwrap();
        match refusal(dir.path()) {
            OpenError::Corrupt { path, detail } => assert!(path == file && !detail.is_empty()),
            other => panic!("{other:?}"),
        }
        assert!(fs::read(&file).unwrap() == before, "the file was changed");
    }
}

fn wipe_the_header(file: &Path) {
    overwrite(file, 0, 4096);
}

fn wipe_a_page(file: &Path) {
    overwrite(file, 4096 * 10, 4096);
}

fn overwrite(file: &Path, at: u64, len: usize) {
    let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&vec![0x5a; len]).unwrap();
}

fn cut_in_half(file: &Path) {
    let len = fs::metadata(file).unwrap().len();
    fs::OpenOptions::new().write(true).open(file).unwrap().set_len(len / 2).unwrap();
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let (dir, file) = with_rows(3);
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&file).unwrap();
    match refusal(dir.path()) {
        OpenError::Newer { found: 99, known, .. } => assert!(known < 99),
        other => panic!("{other:?}"),
    }
    assert!(fs::read(&file).unwrap() == before);
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 1).unwrap();
    assert_eq!(rows(&mut SqliteStore::open(dir.path()).unwrap()).len(), 3);
}

#[test]
fn every_refusal_says_what_to_do() {
    let (dir, file) = with_rows(1);
    let _first = SqliteStore::open(dir.path()).unwrap();
    assert!(refusal(dir.path()).to_string().contains(&dir.path().display().to_string()));
    assert!(refusal(&file).to_string().contains("--data-dir"));
}
