//! A repository to try things on.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use qd_git::{CommitId, GitEnv, GitPath, Repo};
use tempfile::TempDir;

pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Names that break whoever splits, quotes or decodes.
pub const ODD_NAMES: [&[u8]; 7] = [
    b"with space.txt",
    b"quote\"and'tick",
    b"new\nline",
    "emoji \u{1f642}.md".as_bytes(),
    b"not-utf8-\xff\xfe",
    b":(top)star*[a].c",
    b"-leading\\back\ttab",
];

pub struct Fixture {
    pub dir: TempDir,
    pub repo: Repo,
}

impl Fixture {
    /// A repository on branch `main` with one commit of `README.md`, `src/a.txt` and `tasks/one.md`.
    pub async fn new() -> Self {
        let dir = folder();
        init(dir.path(), "repo");
        let root = dir.path().join("repo");
        write(&root, "README.md", "hello\n");
        write(&root, "src/a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n");
        write(&root, "tasks/one.md", "# One\n");
        write(&root, ".gitignore", "*.ignored\ntarget/\n.env\n");
        git(dir.path(), &root, &["add", "-A"]);
        git(dir.path(), &root, &["commit", "-qm", "first"]);
        let repo = Repo::open(&root, env(dir.path())).await.unwrap();
        Self { dir, repo }
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub fn git(&self, dir: &Path, args: &[&str]) -> String {
        git(self.dir.path(), dir, args)
    }

    pub fn tip(&self, name: &str) -> CommitId {
        CommitId::parse(&self.git(&self.root(), &["rev-parse", name])).unwrap()
    }

    pub fn tip_tree(&self, name: &str) -> String {
        self.git(&self.root(), &["rev-parse", &format!("{name}^{{tree}}")])
    }

    /// A worktree on `qd/work` at `main`.
    pub async fn worktree(&self) -> PathBuf {
        let path = self.dir.path().join("work tree");
        self.repo.create_worktree(&path, "qd/work", &self.tip("main")).await.unwrap();
        path
    }

    /// Commits everything in `dir`.
    pub fn commit_all(&self, dir: &Path, message: &str) {
        self.git(dir, &["add", "-A"]);
        self.git(dir, &["commit", "-qm", message]);
    }

    /// The tree that git makes of the worktree over an index of its own, with the documents of `main`.
    pub fn expected_tree(&self, worktree: &Path) -> String {
        let index = self.dir.path().join("expected.index");
        let script = format!(
            "cp -p \"$(git rev-parse --git-path index)\" '{index}' && export GIT_INDEX_FILE='{index}' && git add -A && git reset -q main -- tasks && git write-tree",
            index = index.display()
        );
        self.git(worktree, &["-c", &format!("alias.go=!{script}"), "go"])
    }

    /// All objects, refs and files of the git directory, to see that reading left it alone.
    pub fn git_directory(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        content(&self.root().join(".git"))
    }
}

pub fn folder() -> TempDir {
    let dir = TempDir::with_prefix("qd git ").unwrap();
    let home = dir.path().join("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::create_dir(dir.path().join("scratch")).unwrap();
    let config = "[user]\nname = Ann\nemail = ann@example.org\n[init]\ndefaultBranch = main\n";
    std::fs::write(home.join(".gitconfig"), config).unwrap();
    dir
}

pub fn env(dir: &Path) -> GitEnv {
    GitEnv::new(dir.join("home"), PATH, dir.join("scratch"))
        .variable("GIT_CONFIG_NOSYSTEM", "1")
        .variable("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
        .variable("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
}

pub fn init(dir: &Path, name: &str) {
    git(dir, dir, &["init", "-q", name]);
}

/// Runs git as the user would, outside the code under test.
#[expect(clippy::disallowed_methods, reason = "the user's git does not run through our builder")]
pub fn git(dir: &Path, cwd: &Path, args: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", dir.join("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
        .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
        .args(["-c", "protocol.file.allow=always"])
        // The hooks of a test are there to see who else runs them.
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(args)
        .current_dir(cwd)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {args:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

pub fn write(root: &Path, path: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
    let path = root.join(Path::new(&path));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

pub fn read(root: &Path, path: &str) -> String {
    std::fs::read_to_string(root.join(path)).unwrap()
}

pub fn make_executable(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Every file, link and permission below a folder, without its `.git`.
pub fn content(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let name = path.strip_prefix(root).unwrap().to_owned();
            if name == Path::new(".git") {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                found.insert(name, [b"link ", target.as_os_str().as_encoded_bytes()].concat());
            } else {
                let runs = entry.metadata().unwrap().permissions().mode() & 0o100 != 0;
                let mut bytes = if runs { b"run ".to_vec() } else { b"file ".to_vec() };
                bytes.extend(std::fs::read(&path).unwrap());
                found.insert(name, bytes);
            }
        }
    }
    found
}

pub fn tasks() -> Vec<GitPath> {
    vec!["tasks/".into()]
}

/// Numbers that look like chance, the same for the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % sides
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.roll(all.len())]
    }
}
