//! What stands outside of the store: the project's folder with its repository, the worktrees, the starts.

use super::document::{Text, edit_file};
use super::model::{Desk, Model, Stage};
use super::process::names;
use super::reference::Edit;
use qd_core::row::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The folder of a case.
pub struct Disk {
    pub case: PathBuf,
}

impl Disk {
    /// A project with a repository in `case`.
    pub fn new(case: &Path) -> Self {
        let disk = Self { case: case.canonicalize().unwrap() };
        let home = disk.case.join("home");
        fs::create_dir(&home).unwrap();
        fs::write(home.join(".gitconfig"), "[user]\nname = Ada\nemail = ada@example.org\n").unwrap();
        symlink(real_git(), home.join("git")).unwrap();
        fs::create_dir_all(disk.deck().join("tasks")).unwrap();
        fs::write(disk.deck().join("README"), "Deck\n").unwrap();
        disk.git(&["init", "-q", "-b", "main"]);
        disk.git(&["add", "-A"]);
        disk.git(&["commit", "-q", "-m", "Start"]);
        disk
    }

    pub fn deck(&self) -> PathBuf {
        self.case.join("deck")
    }

    fn git(&self, args: &[&str]) -> String {
        #[expect(clippy::disallowed_methods, reason = "the test plays the user with their git")]
        let mut git = std::process::Command::new(self.case.join("home/git"));
        let output = git.current_dir(self.deck()).args(args).env("HOME", self.case.join("home")).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The documents by what they are. Fails where one is not whole or there twice.
    pub fn documents(&self) -> BTreeMap<u32, (PathBuf, Text)> {
        let tasks = self.deck().join("tasks");
        let mut documents = BTreeMap::new();
        for name in names(&tasks).iter().filter(|name| !name.starts_with('.')) {
            let said = fs::read_to_string(tasks.join(name)).unwrap();
            let text = Text::parse(&said).unwrap_or_else(|| panic!("{name} is not whole:\n{said}"));
            let twice = documents.insert(text.id, (tasks.join(name), text));
            assert!(twice.is_none(), "two files of one document: {name} and {twice:?}");
        }
        documents
    }

    /// Edits a document in an editor; false where it has no file.
    pub fn edit(&self, edit: &Edit) -> bool {
        let Some((path, _)) = self.documents().remove(&edit.document) else { return false };
        edit_file(&path, &self.case.join("draft"), |text| {
            text.editor.push(edit.line);
            text.both = edit.both.unwrap_or(text.both);
        })
    }

    /// The attempts that are claimed.
    pub fn claimed(&self) -> BTreeSet<PathBuf> {
        let runs = self.case.join("data/run");
        let attempts = |session: &String| {
            let folder = runs.join(session);
            let numbers = names(&folder).into_iter().filter(|name| name.parse::<u32>().is_ok());
            numbers.map(|name| folder.join(name)).collect::<Vec<_>>()
        };
        names(&runs).iter().flat_map(attempts).collect()
    }

    /// How often each attempt was started.
    fn spawned(&self) -> BTreeMap<PathBuf, u32> {
        let said = fs::read_to_string(self.case.join("spawned")).unwrap_or_default();
        let mut counts = BTreeMap::new();
        for line in said.lines() {
            *counts.entry(PathBuf::from(line)).or_default() += 1;
        }
        counts
    }

    /// Fails where an attempt was started twice, or one was started (or was not) against its word. `claimed` are those
    /// that a server had claimed when it died.
    pub fn agrees_on_starts(&self, model: &Model, claimed: &BTreeSet<PathBuf>) {
        let spawned = self.spawned();
        assert!(spawned.values().all(|times| *times == 1), "started twice: {spawned:?}");
        for session in &model.sessions {
            let attempt = self.case.join("data/run").join(session.id.to_string()).join("1");
            let started = spawned.contains_key(&attempt);
            match session.stage {
                Stage::Ran => assert!(started || claimed.contains(&attempt), "never started: {session:?}"),
                Stage::Late | Stage::Cancelled => assert!(!started, "started all the same: {session:?}"),
                Stage::Starting | Stage::Cancelling => assert!(!started, "no server ran: {session:?}"),
            }
        }
    }

    /// Fails where the files of the documents are not those of the model.
    pub fn agrees_on_documents(&self, model: &Model, rows: &BTreeMap<u32, Task>) {
        let documents = self.documents();
        let leftovers: Vec<_> =
            names(&self.deck().join("tasks")).into_iter().filter(|name| name.starts_with('.')).collect();
        assert_eq!(leftovers, [""; 0], "left over");
        let with_file = model.tasks.iter().filter(|task| task.file.is_some()).count();
        assert_eq!(documents.len(), with_file, "files: {documents:?}");
        for task in &model.tasks {
            let Some(file) = &task.file else { continue };
            let (path, text) = &documents[&file.id];
            assert_eq!(text, file, "{}", path.display());
            let told = rows[&file.id].path.as_ref().map(|path| self.deck().join(path));
            assert_eq!(told.as_ref(), Some(path));
        }
    }

    /// Fails where main, its checkout, branches or worktrees are not those of the model.
    pub fn agrees_on_work(&self, model: &Model, rows: &BTreeMap<u32, Task>) {
        let tip = model.main.last().unwrap();
        let kept = self.git(&["ls-tree", "-r", "--name-only", "main"]);
        assert_eq!(work_files(kept.lines().map(str::to_owned)), tip.files, "on main");
        assert_eq!(self.git(&["rev-list", "--count", "main"]).trim(), model.main.len().to_string(), "commits on main");
        assert_eq!(self.git(&["status", "--porcelain", "--", ".", ":!tasks"]), "", "the checkout follows main");
        let mut branches = BTreeSet::from(["main".to_owned()]);
        let mut folders = BTreeSet::from([self.deck().display().to_string()]);
        for task in &model.tasks {
            let branch = rows[&task.row.id].branch.as_ref();
            let (Desk::Stands(work) | Desk::Discarded(work)) = &task.desk else {
                assert_eq!(branch, None);
                continue;
            };
            let branch = branch.unwrap();
            assert_eq!(branch.discarded.is_some(), matches!(task.desk, Desk::Discarded(_)), "{branch:?}");
            assert_eq!(rows[&task.row.id].landing.is_some(), !task.landings.is_empty());
            if let Some(saved) = &branch.discarded {
                let saved = self.git(&["ls-tree", "-r", "--name-only", saved]);
                assert_eq!(work_files(saved.lines().map(str::to_owned)), work.files, "what was discarded is saved");
            } else {
                assert_eq!(work_files(names(Path::new(&branch.path)).into_iter()), work.files, "in {}", branch.path);
                branches.insert(branch.name.clone());
                folders.insert(branch.path.clone());
            }
        }
        let found = self.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
        assert_eq!(found.lines().map(str::to_owned).collect::<BTreeSet<_>>(), branches);
        let listed = self.git(&["worktree", "list", "--porcelain"]);
        let listed = listed.lines().filter_map(|line| line.strip_prefix("worktree ").map(str::to_owned));
        // What was made ahead is of no task yet.
        let spares = self.case.join("data/spares").display().to_string();
        assert_eq!(listed.filter(|path| !path.starts_with(&spares)).collect::<BTreeSet<_>>(), folders);
        let standing: BTreeSet<String> = names(&self.case.join("data/worktrees")).into_iter().collect();
        assert_eq!(standing.len(), folders.len() - 1, "folders of worktrees: {standing:?}");
        let receipts = names(&self.case.join("data/receipts"));
        let halves = |name: &&String| name.rsplit('.').next() == Some("tmp") || name.contains(".prepared.");
        assert_eq!(receipts.iter().filter(halves).collect::<Vec<_>>(), [""; 0], "left over");
    }
}

/// Where work of this number lies in a worktree.
pub fn work_file(number: u32) -> String {
    format!("work-{number}")
}

fn work_files(names: impl Iterator<Item = String>) -> BTreeSet<u32> {
    names.filter_map(|name| name.strip_prefix("work-")?.parse().ok()).collect()
}

fn real_git() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap()
}
