//! More nasty repositories. Each goes the whole round: list, every diff, keep, undo, keep again, revert, discard
//! and its undo; and after each step everything is what git itself says it should be.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use qd_git::revert::{RevertOutcome, RevertPrepared, RevertRequest};
use qd_git::{Head, How, KeepOutcome, KeepReceipt, KeepRequest, Repo, UndoOutcome};

use crate::fixture::{Fixture, ODD_NAMES, content, env, git, init, make_executable, read, tasks, write};

/// What stands before the round: the work, and the user's checkout.
struct Piece {
    fixture: Fixture,
    worktree: PathBuf,
}

impl Piece {
    /// `before` makes what is committed before the worktree is made, in the user's checkout.
    async fn new(before: impl FnOnce(&Fixture)) -> Self {
        let fixture = Fixture::new().await;
        before(&fixture);
        if !fixture.git(&fixture.root(), &["status", "--porcelain"]).is_empty() {
            fixture.commit_all(&fixture.root(), "before");
        }
        let worktree = fixture.worktree().await;
        Self { fixture, worktree }
    }

    fn write(&self, path: impl AsRef<OsStr>, text: impl AsRef<[u8]>) {
        write(&self.worktree, path, text);
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.worktree.join(path)).unwrap();
    }

    fn move_to(&self, from: &str, to: &str) {
        fs::create_dir_all(self.worktree.join(to).parent().unwrap()).unwrap();
        fs::rename(self.worktree.join(from), self.worktree.join(to)).unwrap();
    }

    fn repo(&self) -> &Repo {
        &self.fixture.repo
    }

    fn root(&self) -> PathBuf {
        self.fixture.root()
    }

    fn request(&self) -> KeepRequest {
        KeepRequest {
            worktree: self.worktree.clone(),
            target: "main".into(),
            message: "Work".into(),
            how: How::Squash,
            exclude: tasks(),
            id: "piece".into(),
        }
    }

    async fn keep(&self) -> KeepReceipt {
        match self.repo().keep(&self.request()).await.unwrap() {
            KeepOutcome::Kept(receipt) => receipt,
            other => panic!("{other:?}"),
        }
    }

    /// The list and the diffs are git's own.
    async fn look(&self) {
        let tree = self.fixture.expected_tree(&self.worktree);
        let snapshot = self.repo().snapshot(&self.worktree, &self.fixture.tip("main"), &tasks()).await.unwrap();
        let changes = snapshot.changes().await.unwrap();
        assert_eq!(changes.tree.as_str(), tree, "the tree");
        assert_eq!(changes.unseen, []);
        let options = ["-c", "core.quotePath=false", "diff-tree", "-r", "-z", "-M", "--name-only", "main", &tree];
        let named = self.fixture.git(&self.worktree, &options);
        let lossy = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let listed: Vec<String> = changes.files.iter().map(|file| lossy(file.path.as_bytes())).collect();
        assert_eq!(listed, named.split('\0').filter(|name| !name.is_empty()).collect::<Vec<_>>());
        for file in &changes.files {
            snapshot.diff(file).await.unwrap();
        }
        let patch = snapshot.patch().await.unwrap();
        let index = self.fixture.dir.path().join("patch.index");
        fs::write(self.fixture.dir.path().join("patch"), patch).unwrap();
        let script = format!(
            "export GIT_INDEX_FILE='{}'; git read-tree main && git apply --cached --binary --whitespace=nowarn '{}' && git write-tree",
            index.display(),
            self.fixture.dir.path().join("patch").display()
        );
        let applied = self.fixture.git(&self.worktree, &["-c", &format!("alias.go=!{script}"), "go"]);
        assert_eq!(applied, tree, "the patch makes the tree");
    }

    /// The whole round. The user's checkout stands on the target and has nothing of its own but ignored files.
    async fn round(&self) {
        let (before, old) = (content(&self.root()), self.fixture.tip("main"));
        let work = content(&self.worktree);
        self.look().await;
        let expected = self.fixture.expected_tree(&self.worktree);
        let receipt = self.keep().await;
        assert_eq!(self.fixture.tip_tree("main"), expected, "what lands is the work");
        assert_eq!(self.status(), "", "the checkout follows");
        let kept = content(&self.root());
        let undone = self.repo().undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
        assert!(matches!(undone, UndoOutcome::Undone { .. }), "{undone:?}");
        assert_eq!((content(&self.root()), self.fixture.tip("main")), (before.clone(), old.clone()), "undone");
        let receipt = self.keep().await;
        assert_eq!(content(&self.root()), kept);
        self.revert(&receipt).await;
        assert_eq!(self.fixture.tip_tree("main"), self.fixture.tip_tree(old.as_str()));
        assert_eq!((content(&self.root()), self.status().as_str()), (before, ""), "reverted");
        assert_eq!(content(&self.worktree), work, "the work was not touched");
        let discarded = self.repo().discard(&self.worktree, "qd/work", "piece").await.unwrap();
        assert!(!self.worktree.exists());
        self.repo().undo_discard(&discarded).await.unwrap();
        assert_eq!(content(&self.worktree), work, "brought back");
        self.fixture.git(&self.root(), &["fsck", "--full", "--no-dangling"]);
        assert!(!self.root().join(".git/index.lock").exists());
    }

    async fn revert(&self, receipt: &KeepReceipt) {
        let request = RevertRequest {
            target: "main".into(),
            old: receipt.old.clone(),
            new: receipt.new.clone(),
            message: "Revert".into(),
        };
        let RevertPrepared::Ready(prepared) = self.repo().prepare_revert(&request).await.unwrap() else {
            panic!("nothing to revert")
        };
        assert_eq!(self.repo().land_revert(&prepared).await.unwrap(), RevertOutcome::Reverted);
    }

    fn status(&self) -> String {
        self.fixture.git(&self.root(), &["status", "--porcelain"])
    }
}

fn nothing(_: &Fixture) {}

const LINES: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";

#[tokio::test]
async fn renames_with_edits_and_by_case_only() {
    let piece = Piece::new(|f| {
        write(&f.root(), "a/long.txt", LINES);
        write(&f.root(), "Readme.TXT", LINES);
        write(&f.root(), "same", LINES);
    })
    .await;
    piece.move_to("a/long.txt", "b/c/longer.txt");
    piece.write("b/c/longer.txt", LINES.replace("five", "FIVE"));
    piece.move_to("Readme.TXT", "readme.txt");
    piece.move_to("same", "deep/er/same");
    piece.round().await;
}

#[tokio::test]
async fn modes_links_and_files_that_became_something_else() {
    let piece = Piece::new(|f| {
        write(&f.root(), "run.sh", "#!/bin/sh\n");
        write(&f.root(), "file", "file\n");
        write(&f.root(), "folder/in", "in\n");
        write(&f.root(), "folder/other", "other\n");
        symlink("file", f.root().join("link")).unwrap();
        symlink("folder", f.root().join("to-folder")).unwrap();
    })
    .await;
    make_executable(&piece.worktree.join("run.sh"));
    piece.remove("file");
    piece.write("file/is/a/folder", "now\n");
    fs::remove_dir_all(piece.worktree.join("folder")).unwrap();
    piece.write("folder", "is a file\n");
    piece.remove("link");
    symlink("nowhere at all", piece.worktree.join("link")).unwrap();
    piece.remove("to-folder");
    piece.write("to-folder/real", "real\n");
    symlink("/etc/passwd", piece.worktree.join("outside")).unwrap();
    piece.round().await;
}

#[tokio::test]
async fn names_of_any_bytes_and_of_any_length() {
    let piece = Piece::new(|f| {
        for name in ODD_NAMES {
            write(&f.root(), OsStr::from_bytes(name), "odd\n");
        }
    })
    .await;
    for (number, name) in ODD_NAMES.into_iter().enumerate() {
        let path = piece.worktree.join(OsStr::from_bytes(name));
        if number % 2 == 0 { fs::remove_file(path).unwrap() } else { fs::write(path, "changed\n").unwrap() }
    }
    let deep: PathBuf = (0..6).map(|part| part.to_string().repeat(50)).chain(["x".repeat(250)]).collect();
    piece.write(deep, "deep\n");
    for name in ["*", "?[a]", "a\\b", "\"", "$(touch x)", "--", "tab\there", "ends with space ", ".hidden", "caf\u{e9}"]
    {
        piece.write(name, "hostile\n");
    }
    piece.round().await;
}

#[tokio::test]
async fn line_ends_and_encodings_by_setting_and_by_attribute() {
    for autocrlf in ["true", "input", "false"] {
        let piece = Piece::new(|f| {
            f.git(&f.root(), &["config", "core.autocrlf", autocrlf]);
            f.git(&f.root(), &["config", "core.safecrlf", "false"]);
            let attributes =
                "*.crlf text eol=crlf\n*.raw -text\n*.bin binary\n*.utf16 text working-tree-encoding=UTF-16LE eol=lf\n";
            write(&f.root(), ".gitattributes", attributes);
            write(&f.root(), "a.crlf", "one\r\ntwo\r\n");
            write(&f.root(), "a.raw", "one\r\ntwo\n");
            write(&f.root(), "mixed.txt", "one\r\ntwo\n");
            write(&f.root(), "a.bin", b"\0\r\n\x01");
        })
        .await;
        piece.write("a.crlf", "one\r\nTWO\r\nthree\r\n");
        piece.write("a.raw", "one\r\nTWO\n");
        piece.write("mixed.txt", "one\r\ntwo\nthree\n");
        piece.write("a.bin", b"\0\r\n\x02");
        piece.write("no newline.raw", "x");
        let utf16: Vec<u8> = "hello\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        piece.write("b.utf16", utf16);
        piece.look().await;
        let receipt = piece.keep().await;
        assert_eq!(piece.status(), "", "{autocrlf}");
        piece.repo().undo_keep(&receipt.target_ref, &receipt.old, &receipt.new).await.unwrap();
        assert_eq!(piece.status(), "", "{autocrlf}");
        let receipt = piece.keep().await;
        piece.revert(&receipt).await;
        assert_eq!(piece.status(), "", "{autocrlf}");
    }
}

#[tokio::test]
async fn pointers_of_large_files_go_through_where_their_program_is_missing() {
    let pointer = |oid: &str| format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12\n");
    let piece = Piece::new(|f| {
        write(&f.root(), ".gitattributes", "*.psd filter=lfs diff=lfs merge=lfs -text\n");
        write(&f.root(), "a.psd", pointer("aa"));
    })
    .await;
    piece.write("a.psd", pointer("bb"));
    piece.write("b.psd", pointer("cc"));
    piece.round().await;
}

#[tokio::test]
async fn filter_that_is_required_and_missing_is_told_and_nothing_moves() {
    let piece = Piece::new(nothing).await;
    piece.write(".gitattributes", "*.psd filter=lfs -text\n");
    piece.write("a.psd", "large\n");
    for (name, value) in [("filter.lfs.clean", "no-such-lfs clean"), ("filter.lfs.required", "true")] {
        piece.fixture.git(&piece.root(), &["config", name, value]);
    }
    let before = piece.fixture.tip("main");
    let kept = piece.repo().keep(&piece.request()).await;
    assert!(kept.is_err(), "{kept:?}");
    assert_eq!(piece.fixture.tip("main"), before);
    assert_eq!(read(&piece.worktree, "a.psd"), "large\n");
}

#[tokio::test]
async fn sparse_checkout_of_the_user_stays_sparse_and_has_no_changes() {
    for cone in ["--cone", "--no-cone"] {
        let piece = Piece::new(|f| {
            for folder in ["in", "out"] {
                write(&f.root(), format!("{folder}/a.txt"), "a\n");
            }
        })
        .await;
        piece.fixture.git(&piece.root(), &["sparse-checkout", "set", cone, "in"]);
        piece.write("in/a.txt", "changed\n");
        piece.write("out/a.txt", "changed\n");
        piece.write("out/new.txt", "new\n");
        piece.look().await;
        let receipt = piece.keep().await;
        assert_eq!(piece.status(), "", "{cone}");
        assert_eq!(read(&piece.root(), "in/a.txt"), "changed\n");
        assert!(!piece.root().join("out/a.txt").exists(), "{cone}");
        assert_eq!(piece.fixture.git(&piece.root(), &["show", "main:out/new.txt"]), "new");
        piece.revert(&receipt).await;
        assert_eq!(piece.status(), "", "{cone}");
    }
}

#[tokio::test]
async fn shallow_clone_of_a_bare_origin_and_a_worktree_as_the_project() {
    let fixture = Fixture::new().await;
    let dir = fixture.dir.path();
    for number in 0..3 {
        write(&fixture.root(), "n", number.to_string());
        fixture.commit_all(&fixture.root(), "more");
    }
    git(dir, dir, &["clone", "-q", "--bare", "repo", "origin.git"]);
    let origin = format!("file://{}", dir.join("origin.git").display());
    git(dir, dir, &["clone", "-q", "--depth", "1", &origin, "shallow"]);
    git(dir, &fixture.root(), &["worktree", "add", "-q", "-b", "other", "../linked"]);
    for (name, target) in [("shallow", "main"), ("linked", "other")] {
        let root = dir.join(name);
        let repo = Repo::open(&root, env(dir)).await.unwrap();
        let Head::Branch { commit, .. } = repo.head().await.unwrap() else { panic!("{name}") };
        let worktree = dir.join(format!("{name} work"));
        repo.create_worktree(&worktree, &format!("qd/{name}"), &commit).await.unwrap();
        write(&worktree, "README.md", "changed\n");
        write(&worktree, "new", "new\n");
        let request = KeepRequest {
            worktree,
            target: target.into(),
            message: "Work".into(),
            how: How::Squash,
            exclude: tasks(),
            id: name.into(),
        };
        let kept = repo.keep(&request).await.unwrap();
        assert!(matches!(kept, KeepOutcome::Kept(_)), "{name}: {kept:?}");
        assert_eq!(read(&root, "new"), "new\n");
        assert_eq!(git(dir, &root, &["status", "--porcelain"]), "", "{name}");
    }
}

#[tokio::test]
async fn submodule_added_moved_and_not_there() {
    let piece = Piece::new(|f| {
        let dir = f.dir.path();
        init(dir, "library");
        write(&dir.join("library"), "lib.c", "1\n");
        f.commit_all(&dir.join("library"), "library");
        f.git(&f.root(), &["submodule", "add", "-q", "../library", "lib"]);
    })
    .await;
    let (dir, worktree) = (piece.fixture.dir.path().to_owned(), piece.worktree.clone());
    write(&dir.join("library"), "lib.c", "2\n");
    piece.fixture.commit_all(&dir.join("library"), "second");
    // The submodule of the worktree is not initialised, and counts as unchanged.
    let changes = piece.repo().changes(&worktree, &piece.fixture.tip("main"), &tasks()).await.unwrap();
    assert_eq!(changes.files, []);
    piece.fixture.git(&worktree, &["submodule", "update", "-q", "--init"]);
    piece.fixture.git(&worktree.join("lib"), &["pull", "-q", "origin", "main"]);
    piece.write("beside", "beside\n");
    piece.look().await;
    let before = content(&piece.root());
    let receipt = piece.keep().await;
    assert_eq!(
        piece.fixture.git(&piece.root(), &["rev-parse", "main:lib"]),
        piece.fixture.git(&dir.join("library"), &["rev-parse", "HEAD"])
    );
    piece.revert(&receipt).await;
    assert_eq!(content(&piece.root()), before);
}

#[tokio::test]
async fn settings_and_hooks_of_the_user_change_nothing_of_what_lands() {
    let piece = Piece::new(|f| write(&f.root(), "move me", LINES)).await;
    let settings = [
        ("diff.external", "/bin/false"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.renames", "copies"),
        ("diff.algorithm", "histogram"),
        ("diff.orderFile", "/dev/null"),
        ("core.quotePath", "true"),
        ("core.untrackedCache", "true"),
        ("feature.manyFiles", "true"),
        ("status.showUntrackedFiles", "no"),
        ("submodule.recurse", "true"),
        ("merge.conflictStyle", "zdiff3"),
        ("merge.renames", "false"),
        ("apply.whitespace", "error"),
        ("core.whitespace", "trailing-space"),
        ("color.ui", "always"),
        ("core.pager", "/bin/false"),
        ("log.showSignature", "true"),
        ("core.fsmonitor", "/bin/false"),
        ("index.sparse", "true"),
        ("core.abbrev", "4"),
        ("rerere.enabled", "true"),
    ];
    for (name, value) in settings {
        piece.fixture.git(&piece.root(), &["config", name, value]);
    }
    for hook in ["pre-commit", "post-checkout", "reference-transaction", "post-index-change", "commit-msg"] {
        let name = format!(".git/hooks/{hook}");
        write(&piece.root(), &name, "#!/bin/sh\ntouch ran-a-hook\nexit 1\n");
        make_executable(&piece.root().join(name));
    }
    piece.move_to("move me", "moved");
    piece.write("trailing", "space \n");
    piece.write("new", "new\n");
    let kept = piece.keep().await;
    assert!(!piece.root().join("ran-a-hook").exists());
    let names = piece
        .fixture
        .git(&piece.root(), &["-c", "color.ui=false", "show", "--format=", "--name-only", "--no-renames", "main"]);
    assert_eq!(names, "move me\nmoved\nnew\ntrailing");
    piece.revert(&kept).await;
}

#[tokio::test]
async fn entries_that_git_was_told_to_overlook_are_not_lost() {
    let piece = Piece::new(|f| {
        write(&f.root(), "skipped", "1\n");
        write(&f.root(), "assumed", "1\n");
        write(&f.root(), "intended", "1\n");
    })
    .await;
    piece.fixture.git(&piece.worktree, &["update-index", "--skip-worktree", "skipped"]);
    piece.fixture.git(&piece.worktree, &["update-index", "--assume-unchanged", "assumed"]);
    piece.write("skipped", "2\n");
    piece.write("assumed", "2\n");
    piece.write("meant", "new\n");
    piece.fixture.git(&piece.worktree, &["add", "-N", "meant"]);
    fs::write(piece.root().join(".git/info/exclude"), "secret\n").unwrap();
    piece.write("secret", "of the user\n");
    let work = content(&piece.worktree);
    let discarded = piece.repo().discard(&piece.worktree, "qd/work", "piece").await.unwrap();
    piece.repo().undo_discard(&discarded).await.unwrap();
    let mut expected = work;
    expected.remove(Path::new("secret"));
    assert_eq!(content(&piece.worktree), expected, "nothing but what git ignores is lost");
    let receipt = piece.keep().await;
    assert_eq!(piece.fixture.git(&piece.root(), &["diff", "--name-only", "main~1", "main"]), "assumed\nmeant\nskipped");
    piece.revert(&receipt).await;
    // The user's own edits in such files are theirs, too.
    for flag in ["--skip-worktree", "--assume-unchanged"] {
        piece.fixture.git(&piece.root(), &["update-index", flag, "assumed"]);
        write(&piece.root(), "assumed", "of the user\n");
        let kept = piece.repo().keep(&piece.request()).await.unwrap();
        assert!(matches!(kept, KeepOutcome::CheckoutRefused(_)), "{flag}: {kept:?}");
        assert_eq!(read(&piece.root(), "assumed"), "of the user\n");
    }
}

#[tokio::test]
async fn ignored_file_of_the_user_where_something_lands_is_not_overwritten() {
    let piece = Piece::new(nothing).await;
    write(&piece.root(), "made.ignored", "of the user\n");
    piece.write("made.ignored", "of the work\n");
    piece.fixture.git(&piece.worktree, &["add", "-f", "made.ignored"]);
    let before = piece.fixture.tip("main");
    let kept = piece.repo().keep(&piece.request()).await.unwrap();
    assert!(matches!(kept, KeepOutcome::CheckoutRefused(_)), "{kept:?}");
    assert_eq!((read(&piece.root(), "made.ignored").as_str(), piece.fixture.tip("main")), ("of the user\n", before));
}

#[tokio::test]
async fn lock_of_another_process_in_checkout_or_worktree_moves_nothing() {
    let piece = Piece::new(nothing).await;
    piece.write("new", "new\n");
    let before = piece.fixture.tip("main");
    let lock = piece.root().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let kept = piece.repo().keep(&piece.request()).await.unwrap();
    assert!(matches!(kept, KeepOutcome::CheckoutRefused(_)), "{kept:?}");
    assert_eq!((piece.fixture.tip("main"), lock.exists()), (before, true));
    fs::remove_file(lock).unwrap();
    // That of the worktree is in nobody's way: its index is only read.
    let lock = piece.fixture.git(&piece.worktree, &["rev-parse", "--path-format=absolute", "--git-path", "index.lock"]);
    fs::write(&lock, "").unwrap();
    piece.keep().await;
    assert!(Path::new(&lock).exists());
}
