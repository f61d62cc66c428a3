//! Generated change sets. What changed is what `git diff` itself says, and the patch makes the tree.
//!
//! `QD_CHANGE_SETS` is how many, `QD_SEED` where they begin; else five hundred from the clock.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use qd_git::Status;

use crate::fixture::{Dice, Fixture, tasks};

const FOLDERS: [&str; 6] = ["", "src/", "src/deep/er/", "with space/", "caf\u{e9}/", "tasks/"];
const NAMES: [&str; 9] = ["a.rs", "b.rs", "c.txt", "D.TXT", "image.bin", "link", "run.sh", "quote\"d", "tab\there"];

fn name(dice: &mut Dice) -> String {
    format!("{}{}", dice.of(&FOLDERS), dice.of(&NAMES))
}

fn text(dice: &mut Dice) -> Vec<u8> {
    let end = *dice.of(&["\n", "\n", "\n", "\r\n"]);
    let mut text = String::new();
    for line in 0..dice.roll(40) {
        let _ = write!(text, "line {line} {}{end}", dice.roll(3));
    }
    match dice.roll(8) {
        0 => text.push_str("no end of line"),
        1 => text.push_str(&"x".repeat(5_000)),
        2 => text.push('\0'),
        3 => text.clear(),
        _ => {}
    }
    text.into_bytes()
}

/// Changes some lines of what is there.
fn edited(dice: &mut Dice, old: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = old.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(lines.len() + 1);
        match dice.roll(3) {
            0 => lines.insert(at, format!("new {}\n", dice.roll(100)).into_bytes()),
            1 if at < lines.len() => drop(lines.remove(at)),
            _ if at < lines.len() => lines[at] = format!("changed {}\n", dice.roll(100)).into_bytes(),
            _ => lines.push(b"appended".to_vec()),
        }
    }
    lines.concat()
}

/// One edit. What is impossible just now does not happen.
fn happen(fixture: &Fixture, worktree: &Path, dice: &mut Dice) {
    let at = |name: &str| worktree.join(name);
    let put = |path: PathBuf, bytes: &[u8]| {
        let _ = fs::create_dir_all(path.parent().unwrap());
        let _ = fs::write(path, bytes);
    };
    let one = name(dice);
    match dice.roll(14) {
        0..=2 => {
            if let Ok(old) = fs::read(at(&one)) {
                put(at(&one), &edited(dice, &old));
            }
        }
        3 | 4 => put(at(&one), &text(dice)),
        5 => drop(fs::remove_file(at(&one))),
        6 | 7 => {
            let to = at(&name(dice));
            let _ = fs::create_dir_all(to.parent().unwrap());
            let _ = fs::rename(at(&one), &to);
            if dice.roll(2) == 0
                && let Ok(old) = fs::read(&to)
            {
                put(to, &edited(dice, &old));
            }
        }
        8 => {
            if let Ok(old) = fs::read(at(&one)) {
                put(at(&name(dice)), &old);
            }
        }
        9 => {
            let mode = if dice.roll(2) == 0 { 0o755 } else { 0o644 };
            let _ = fs::set_permissions(at(&one), fs::Permissions::from_mode(mode));
        }
        10 => {
            let _ = fs::remove_file(at(&one));
            let _ = symlink(name(dice), at(&one));
        }
        11 => {
            let _ = fs::remove_file(at(&one));
            put(at(&format!("{one}/inside")), b"inside\n");
        }
        12 => drop(fixture.git(worktree, &["add", "-A"])),
        _ => drop(fixture.git(worktree, &["commit", "-q", "--allow-empty", "-am", "some"])),
    }
}

/// What `git diff` says of the tree: `status` letter by path, and the counts by path (none for binaries).
fn asked(fixture: &Fixture, worktree: &Path, tree: &str) -> (BTreeMap<String, (char, Option<String>)>, Counts) {
    let diff = |options: &[&str]| {
        let fixed = ["diff", "-z", "-M", "-l1000", "--no-ext-diff"];
        fixture.git(worktree, &[&fixed, options, &["main", tree]].concat())
    };
    let raw = diff(&["--name-status"]);
    let mut fields = raw.split('\0').filter(|field| !field.is_empty());
    let mut statuses = BTreeMap::new();
    while let Some(letter) = fields.next() {
        let letter = letter.chars().next().unwrap();
        let first = fields.next().unwrap().to_owned();
        let (path, old) = if letter == 'R' { (fields.next().unwrap().to_owned(), Some(first)) } else { (first, None) };
        statuses.insert(path, (letter, old));
    }
    let counted = diff(&["--numstat"]);
    let mut fields = counted.split('\0').filter(|field| !field.is_empty());
    let mut counts = Counts::new();
    while let Some(field) = fields.next() {
        let parts: Vec<&str> = field.splitn(3, '\t').collect();
        let path = if parts[2].is_empty() { fields.nth(1).unwrap() } else { parts[2] };
        let number = |part: &str| part.parse::<u64>().ok();
        let both = number(parts[0]).zip(number(parts[1]));
        // A file that became another kind of thing is counted twice.
        let sum = counts.entry(path.to_owned()).or_insert(Some((0, 0)));
        *sum = sum.zip(both).map(|(one, two)| (one.0 + two.0, one.1 + two.1));
    }
    (statuses, counts)
}

type Counts = BTreeMap<String, Option<(u64, u64)>>;

fn letter(status: Status) -> char {
    match status {
        Status::Added => 'A',
        Status::Modified | Status::ModeChanged => 'M',
        Status::Deleted => 'D',
        Status::Renamed => 'R',
        Status::Copied => 'C',
        Status::TypeChanged => 'T',
    }
}

async fn compare(fixture: &Fixture, worktree: &Path) {
    let snapshot = fixture.repo.snapshot(worktree, &fixture.tip("main"), &tasks()).await.unwrap();
    let changes = snapshot.changes().await.unwrap();
    let tree = fixture.expected_tree(worktree);
    assert_eq!(changes.tree.as_str(), tree);
    let (statuses, counts) = asked(fixture, worktree, &tree);
    let told = changes.files.iter().map(|file| {
        let bytes = |path: &qd_git::GitPath| String::from_utf8(path.as_bytes().to_vec()).unwrap();
        (bytes(&file.path), (letter(file.status), file.old_path.as_ref().map(bytes)))
    });
    assert_eq!(told.collect::<BTreeMap<_, _>>(), statuses);
    let told = changes.files.iter().map(|file| {
        let path = String::from_utf8(file.path.as_bytes().to_vec()).unwrap();
        (path, (!file.binary).then_some((file.additions, file.deletions)))
    });
    let told: Counts = told.collect();
    for (path, count) in &counts {
        assert_eq!(told.get(path), Some(count), "{path}");
    }
    assert_eq!(told.len(), counts.len());
    let patch = String::from_utf8_lossy(&snapshot.patch().await.unwrap()).into_owned();
    let git =
        fixture.git(worktree, &["diff", "-M", "-l1000", "--binary", "--full-index", "--no-ext-diff", "main", &tree]);
    assert_eq!(patch.trim_end(), git);
    for file in changes.files.iter().filter(|file| !file.binary).take(2) {
        // By itself each file reads as in the whole, but for what is not text.
        let diff = snapshot.diff(file).await.unwrap().text;
        assert!(git.contains(diff.trim_end()) || diff.contains('\u{fffd}'), "{diff}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the counts of a long run come by the environment")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn what_changed_is_what_git_diff_says() {
    #[expect(clippy::disallowed_methods, reason = "a new seed each time")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = setting("QD_SEED").unwrap_or(now);
    let fixture = Fixture::new().await;
    let mut dice = Dice(1);
    for folder in FOLDERS {
        for name in NAMES.iter().take(6) {
            let path = fixture.root().join(format!("{folder}{name}"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text(&mut dice)).unwrap();
        }
    }
    fixture.commit_all(&fixture.root(), "base");
    let worktree = fixture.worktree().await;
    for set in seed..seed + setting("QD_CHANGE_SETS").unwrap_or(500) {
        eprintln!("QD_SEED={set}");
        let mut dice = Dice(set);
        for _ in 0..=dice.roll(10) {
            happen(&fixture, &worktree, &mut dice);
        }
        compare(&fixture, &worktree).await;
        fixture.git(&worktree, &["reset", "-q", "--hard", "main"]);
        fixture.git(&worktree, &["clean", "-qfdx"]);
    }
}
