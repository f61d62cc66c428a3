//! What lies on disk: the user's checkout, the worktrees, and what git can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

/// Files by name: their bytes and whether they may be run.
pub type Files = BTreeMap<PathBuf, (Vec<u8>, bool)>;

/// The folder of a sequence.
pub struct Deck {
    pub case: PathBuf,
}

impl Deck {
    /// A project with a history and two tasks.
    pub fn new(case: &Path) -> Self {
        let deck = Self { case: case.canonicalize().unwrap() };
        let home = deck.case.join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join(".gitconfig"), "[user]\nname = Ada\nemail = ada@example.org\n").unwrap();
        symlink(real_git(), home.join("git")).unwrap();
        for (name, text) in [("tasks/one.md", "# One\n- [ ] a\n"), ("tasks/two.md", "# Two\n- [ ] b\n")] {
            write(&deck.root(), name, text.as_bytes());
        }
        for name in NAMES {
            write(&deck.root(), name, lines(0).as_bytes());
        }
        write(&deck.root(), ".gitignore", b"*.tmp\n");
        deck.git(&deck.root(), &["init", "-q", "-b", "main"]);
        deck.git(&deck.root(), &["add", "-A"]);
        deck.git(&deck.root(), &["commit", "-q", "-m", "Start"]);
        deck
    }

    /// The user's checkout.
    pub fn root(&self) -> PathBuf {
        self.case.join("deck")
    }

    /// The user's git; what it can't do is said.
    pub fn try_git(&self, dir: &Path, args: &[&str]) -> Result<String, String> {
        #[expect(clippy::disallowed_methods, reason = "the test plays the user with their git")]
        let mut git = std::process::Command::new(self.case.join("home/git"));
        let output = git.current_dir(dir).args(args).env("HOME", self.case.join("home")).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }

    pub fn git(&self, dir: &Path, args: &[&str]) -> String {
        self.try_git(dir, args).unwrap_or_else(|said| panic!("git {args:?}: {said}"))
    }

    /// All files below a folder that git does not ignore, but for the tasks' documents.
    pub fn files(&self, root: &Path) -> Files {
        let listed = self.git(root, &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let names: BTreeSet<&str> = listed.split('\0').filter(|name| !name.is_empty()).collect();
        let mut files = Files::new();
        for name in names.into_iter().filter(|name| !name.starts_with("tasks/")) {
            let path = root.join(name);
            let Ok(meta) = path.symlink_metadata() else { continue };
            if meta.is_file() {
                files.insert(name.into(), (fs::read(&path).unwrap(), meta.permissions().mode() & 0o100 != 0));
            }
        }
        files
    }

    /// The names of the contents of these files.
    pub fn blobs(&self, files: &Files) -> BTreeSet<String> {
        let drafts = self.case.join("drafts");
        let _ = fs::create_dir(&drafts);
        let mut arguments = vec!["hash-object".to_owned(), "--no-filters".to_owned()];
        for (number, (bytes, _)) in files.values().enumerate() {
            let draft = drafts.join(number.to_string());
            fs::write(&draft, bytes).unwrap();
            arguments.push(draft.to_str().unwrap().to_owned());
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.git(&self.root(), &arguments).lines().map(str::to_owned).collect()
    }

    /// All that a ref reaches.
    pub fn reachable(&self) -> BTreeSet<String> {
        let listed = self.git(&self.root(), &["rev-list", "--objects", "--all", "--no-object-names"]);
        listed.lines().map(str::to_owned).collect()
    }

    /// Where all refs are, and HEAD.
    pub fn refs(&self) -> String {
        let refs = self.git(&self.root(), &["for-each-ref", "--format=%(refname) %(objectname)"]);
        format!("{refs}HEAD {}", self.git(&self.root(), &["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"]))
    }

    pub fn status(&self, root: &Path) -> String {
        self.git(root, &["status", "--porcelain", "--untracked-files=all", "--", ".", ":!tasks"])
    }
}

/// Writes a file below a folder, where that is possible.
pub fn write(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    let _ = fs::create_dir_all(path.parent().unwrap());
    let _ = fs::write(path, bytes);
}

/// The files that everybody works on: few, so that they meet.
pub const NAMES: [&str; 3] = ["a.txt", "src/b.txt", "run.sh"];

/// A text of which one of two lines says a number: two that meet conflict as often as not.
pub fn lines(number: u64) -> String {
    let at = 2 + 4 * (number % 2);
    (0..9)
        .map(|line| if line == at { format!("line {line} is {number}\n") } else { format!("line {line}\n") })
        .collect()
}

fn real_git() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap()
}
