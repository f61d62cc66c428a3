//! Nasty repositories, each walked through the whole way of the work: looked at, saved, kept, taken back, kept again,
//! reverted, discarded and brought back. What git itself makes of it is the reference.

mod config;
mod contents;
mod kinds;
mod names;
mod overlooked;
mod places;
mod refused;
mod sparse;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use qd_git::revert::{RevertOutcome, RevertPrepared};
use qd_git::{
    Changes, CommitId, FileChange, How, KeepOutcome, KeepReceipt, KeepRequest, KeptIndex, RevertRequest, Status,
    TakeBackRequest, UndoOutcome, Updated,
};

use crate::fixture::{Fixture, content, write};

type Content = BTreeMap<PathBuf, Vec<u8>>;

/// What the user has under way while the work lands.
const OWN: [(&str, &[u8]); 2] = [("mine.txt", b"edited\r\nby the \xff user"), ("notes of the user", b"untracked\n")];

/// A project with work in a worktree.
pub struct Place {
    pub fixture: Fixture,
    pub root: PathBuf,
    pub worktree: PathBuf,
}

impl Place {
    /// `prepare` makes what `main` is to have; it gets the fixture and the top of the user's checkout.
    pub async fn new(prepare: impl FnOnce(&Fixture, &Path)) -> Self {
        let fixture = Fixture::new().await;
        let root = fixture.root();
        write(&root, "mine.txt", "of the project\n");
        fixture.git(&root, &["add", "mine.txt"]);
        fixture.git(&root, &["commit", "-qm", "mine"]);
        prepare(&fixture, &root);
        if !fixture.git(&root, &["status", "--porcelain", "-uall"]).is_empty() {
            fixture.commit_all(&root, "prepared");
        }
        let worktree = fixture.worktree().await;
        Self { fixture, root, worktree }
    }

    pub fn write(&self, path: impl AsRef<OsStr>, bytes: impl AsRef<[u8]>) {
        write(&self.worktree, path, bytes);
    }

    pub fn remove(&self, path: &str) {
        let path = self.worktree.join(path);
        if path.symlink_metadata().unwrap().is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    pub fn link(&self, target: &str, path: &str) {
        std::os::unix::fs::symlink(target, self.worktree.join(path)).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        let to = self.worktree.join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(self.worktree.join(from), to).unwrap();
    }

    /// Runs git in the worktree.
    pub fn git(&self, args: &[&str]) -> String {
        self.fixture.git(&self.worktree, args)
    }

    pub fn request(&self) -> KeepRequest {
        KeepRequest {
            worktree: self.worktree.clone(),
            target: "main".into(),
            message: "Add things\n".into(),
            how: How::Squash,
            exclude: Vec::new(),
            id: "s1".into(),
        }
    }

    pub async fn changes(&self) -> Changes {
        self.fixture.repo.changes(&self.worktree, &self.fixture.tip("main"), &[]).await.unwrap()
    }

    pub async fn keep(&self) -> KeepReceipt {
        match self.fixture.repo.keep(&self.request()).await.unwrap() {
            KeepOutcome::Kept(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }

    /// The whole way; what the list of changes told at its beginning.
    pub async fn walk(&self) -> Vec<String> {
        self.user_has_work_under_way();
        let changes = self.look().await;
        self.land_and_take_back(&changes).await;
        self.discard_and_bring_back().await;
        self.is_sound();
        told(&changes)
    }

    fn user_has_work_under_way(&self) {
        for (path, bytes) in OWN {
            write(&self.root, path, bytes);
        }
    }

    /// The list says what git says, every file of it has a diff of its own, and looking writes nothing.
    pub async fn look(&self) -> Changes {
        let before = self.fixture.git_directory();
        let base = self.fixture.tip("main");
        let snapshot = self.fixture.repo.snapshot(&self.worktree, &base, &[]).await.unwrap();
        let changes = snapshot.changes().await.unwrap();
        assert_eq!(changes.unseen, []);
        for file in &changes.files {
            let diff = snapshot.diff(file).await.unwrap();
            let parts = if file.status == Status::TypeChanged { 2 } else { 1 };
            let found = diff.text.lines().filter(|line| line.starts_with("diff --git ")).count();
            assert_eq!(found, parts, "{:?}: {}", file.path, diff.text);
        }
        assert_eq!(self.fixture.git_directory(), before, "looking wrote into the repository");
        changes
    }

    async fn land_and_take_back(&self, changes: &Changes) {
        let (fixture, root) = (&self.fixture, &self.root);
        let (base, before, work) = (fixture.tip("main"), content(root), content(&self.worktree));
        let status = fixture.git(root, &["status", "--porcelain", "-uall"]);
        let receipt = self.keep().await;
        assert_eq!((fixture.tip("main"), fixture.tip("main~1")), (receipt.new.clone(), base.clone()));
        assert_eq!(fixture.tip_tree("main"), changes.tree.as_str());
        assert_eq!(fixture.tip(&receipt.saved.reference), receipt.saved.commit);
        assert_eq!(content(root), self.landed(&before, changes), "the checkout is not what git checks out");
        assert_eq!(content(&self.worktree), work);
        let undone = fixture.repo.undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
        assert!(matches!(undone, UndoOutcome::Undone { .. }), "{undone:?}");
        assert_eq!((fixture.tip("main"), content(root)), (base, before.clone()));
        let again = self.keep().await;
        assert_eq!(fixture.tip_tree("main"), changes.tree.as_str());
        self.take_back_in_the_worktree(&again).await;
        assert_eq!(content(&self.worktree), work);
        self.revert(&again).await;
        assert_eq!(content(root), before);
        assert_eq!(fixture.git(root, &["status", "--porcelain", "-uall"]), status);
        assert_eq!(content(&self.worktree), work);
    }

    /// The worktree stands on the target without the work, and then where it was before.
    async fn take_back_in_the_worktree(&self, receipt: &KeepReceipt) {
        let repo = &self.fixture.repo;
        let state = || (self.git(&["rev-parse", "HEAD"]), self.git(&["status", "--porcelain", "-uall"]));
        let before = state();
        let index = KeptIndex::in_folder(self.fixture.dir.path().join("kept"));
        std::fs::create_dir_all(self.fixture.dir.path().join("kept")).unwrap();
        let moment = repo.keep_moment(&self.worktree, &index, "refs/quarterdeck/updates/t").await.unwrap();
        let request = TakeBackRequest {
            revert: reverting(receipt),
            worktree: self.worktree.clone(),
            label: "quarterdeck/without/work".into(),
            exclude: Vec::new(),
        };
        assert_eq!(repo.take_back(&request).await.unwrap(), Updated::Merged);
        assert_eq!(self.git(&["rev-parse", "HEAD"]).trim(), receipt.new.as_str());
        let tree = self.fixture.git(&self.root, &["rev-parse", &format!("{}^{{tree}}", receipt.old)]);
        assert_eq!(self.changes().await.tree.as_str(), tree.trim(), "what the work brought is gone, and nothing else");
        repo.go_back(&self.worktree, &index, &moment, "refs/quarterdeck/updates/t.undone", &[]).await.unwrap();
        assert_eq!(state(), before);
    }

    async fn revert(&self, receipt: &KeepReceipt) {
        let request = reverting(receipt);
        let RevertPrepared::Ready(prepared) = self.fixture.repo.prepare_revert(&request).await.unwrap() else {
            panic!("nothing to revert")
        };
        assert_eq!(self.fixture.repo.land_revert(&prepared).await.unwrap(), RevertOutcome::Reverted);
    }

    pub async fn discard_and_bring_back(&self) {
        let status = ["status", "--porcelain", "-uall"];
        let staged = ["diff", "--cached", "--raw", "--no-ext-diff", "--abbrev=40"];
        let state = || (content(&self.worktree), self.git(&status), self.git(&staged), self.fixture.tip("qd/work"));
        let before = state();
        let receipt = self.fixture.repo.discard(&self.worktree, "qd/work", "s1").await.unwrap();
        assert!(!self.worktree.exists());
        self.fixture.git(&self.root, &["reflog", "expire", "--expire=now", "--all"]);
        self.fixture.git(&self.root, &["-c", "gc.pruneExpire=now", "prune", "--expire=now"]);
        self.fixture.repo.undo_discard(&receipt).await.unwrap();
        assert_eq!(state(), before);
    }

    /// What was there, and in place of what changed what git checks out of it.
    fn landed(&self, before: &Content, changes: &Changes) -> Content {
        let place = self.fixture.dir.path().join("reference");
        self.fixture.git(&self.root, &["worktree", "add", "-q", "--detach", place.to_str().unwrap(), "main"]);
        let mut reference = content(&place);
        self.fixture.git(&self.root, &["worktree", "remove", "--force", place.to_str().unwrap()]);
        let mut expected = before.clone();
        for path in changes.files.iter().flat_map(|file| file.old_path.iter().chain([&file.path])) {
            expected.remove(path.as_path());
        }
        for file in &changes.files {
            let path = file.path.as_path();
            expected.extend(reference.remove(path).map(|bytes| (path.to_owned(), bytes)));
        }
        expected
    }

    /// No lock is left behind, no temporary file, and git finds nothing wrong.
    pub fn is_sound(&self) {
        let names: Vec<_> = self.fixture.git_directory().into_keys().collect();
        let locks: Vec<_> = names.iter().filter(|path| path.extension() == Some(OsStr::new("lock"))).collect();
        assert_eq!(locks, [] as [&PathBuf; 0]);
        assert_eq!(std::fs::read_dir(self.fixture.dir.path().join("scratch")).unwrap().count(), 0);
        self.fixture.git(&self.root, &["fsck", "--full", "--no-dangling"]);
    }

    /// Everything that must be the same after a refusal.
    pub fn state(&self) -> (CommitId, Content, Content, String) {
        let status = self.fixture.git(&self.root, &["diff-index", "--cached", "--raw", "HEAD"]);
        (self.fixture.tip("main"), content(&self.root), content(&self.worktree), status)
    }
}

fn reverting(KeepReceipt { old, new, .. }: &KeepReceipt) -> RevertRequest {
    RevertRequest { target: "main".into(), old: old.clone(), new: new.clone(), message: "Revert it".into() }
}

pub fn told(changes: &Changes) -> Vec<String> {
    let line = |file: &FileChange| {
        let path = &file.path;
        match (file.status, &file.old_path) {
            (Status::Added, _) => format!("A {path}"),
            (Status::Modified, _) => format!("M {path}"),
            (Status::Deleted, _) => format!("D {path}"),
            (Status::TypeChanged, _) => format!("T {path}"),
            (Status::ModeChanged, _) => format!("X {path}"),
            (status, Some(old)) => format!("{} {old} {path}", if status == Status::Renamed { "R" } else { "C" }),
            (status, None) => panic!("{status:?} from nowhere"),
        }
    };
    changes.files.iter().map(line).collect()
}
