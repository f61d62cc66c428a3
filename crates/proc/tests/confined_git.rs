//! What git can do in a linked worktree when of the repository only these may be written: `objects`, `logs`, the refs of
//! the worktree's own branches, and the worktree's folder. Hooks and settings are out of reach.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use qd_proc::{Confinement, Output, Ruleset, Run, Spawn, landlock_support};

const LONG: Duration = Duration::from_secs(20);

struct Repo {
    _kept: tempfile::TempDir,
    root: PathBuf,
}

impl Repo {
    /// A repository with a worktree on `qd/task`; none, with a line that is seen, where processes cannot be confined.
    #[expect(clippy::explicit_write, reason = "the runner keeps to itself what the macro for it prints")]
    async fn new() -> Option<Self> {
        let support = landlock_support();
        if !support.is_there() {
            writeln!(std::io::stderr(), "skipped: {}", support.in_words()).unwrap();
            return None;
        }
        let kept = tempfile::tempdir().unwrap();
        let repo = Self { root: fs::canonicalize(kept.path()).unwrap(), _kept: kept };
        fs::create_dir_all(repo.root.join("data/tmp")).unwrap();
        let script = "git init -q -b main repo && cd repo && echo one > file && git add file && git commit -qm one \
            && git worktree add -q ../data/tree -b qd/task";
        repo.free(script).await;
        Some(repo)
    }

    fn common(&self) -> PathBuf {
        self.root.join("repo/.git")
    }

    fn ruleset(&self) -> Ruleset {
        let common = self.common();
        let folders = ["objects", "logs", "refs/heads/qd", "worktrees/tree"].map(|folder| common.join(folder));
        let own = ["data/tree", "data/tmp"].map(|folder| self.root.join(folder));
        let write = folders.into_iter().chain(own).collect();
        let confinement = Confinement { write, hidden: vec![self.root.join("data")], seen: Vec::new() };
        let ruleset = confinement.ruleset().unwrap();
        assert_eq!(ruleset.missing(), [] as [PathBuf; 0]);
        ruleset
    }

    fn spawn(&self, folder: &Path, script: &str) -> Spawn {
        let who = [("NAME", "A"), ("EMAIL", "a@example.org")];
        let mut spawn = Spawn::new("sh").args(["-ec", script]).cwd(folder);
        for (what, value) in who {
            spawn = spawn.env(format!("GIT_AUTHOR_{what}"), value).env(format!("GIT_COMMITTER_{what}"), value);
        }
        spawn
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("TMPDIR", self.root.join("data/tmp"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
    }

    async fn free(&self, script: &str) {
        let output = Run::new(self.spawn(&self.root, script), LONG).output().await.unwrap();
        assert!(output.success(), "{script}: {}", output.stderr.text());
    }

    async fn confined(&self, script: &str) -> Output {
        let spawn = self.spawn(&self.root.join("data/tree"), script).confined(self.ruleset());
        Run::new(spawn, LONG).output().await.unwrap()
    }
}

#[tokio::test]
async fn everyday_commands_work() {
    let Some(repo) = Repo::new().await else { return };
    for script in [
        "git status --short && git diff && git log --oneline",
        "echo two >> file && git add file && git commit -qm two",
        "echo more > new && git add new && git commit -qm three && git commit -q --amend -m four",
        "git rm -q new && git reset -q --hard HEAD && git restore --source HEAD~1 file",
        "git checkout -qb qd/other && git checkout -q qd/task",
        "git fetch -q ../../repo main",
        "git fsck --strict",
    ] {
        let output = repo.confined(script).await;
        assert!(output.success(), "{script}: {}", output.stderr.text());
    }
    repo.free("test \"$(git -C repo log -1 --format=%s qd/task)\" = four && git -C repo fsck --strict").await;
}

#[tokio::test]
async fn hooks_settings_and_refs_of_others_are_out_of_reach() {
    let Some(repo) = Repo::new().await else { return };
    fs::write(repo.root.join("before"), fs::read(repo.common().join("config")).unwrap()).unwrap();
    for script in [
        "git config core.fsmonitor /bin/true",
        "echo exit >> ../../repo/.git/config",
        "echo exit > ../../repo/.git/hooks/post-checkout",
        "mv ../tmp ../../repo/.git/hooks/tmp",
        "echo '*.x filter=y' > ../../repo/.git/info/attributes",
        "git update-ref refs/heads/main HEAD~0 0000000000000000000000000000000000000000",
        "git branch elsewhere",
        "git branch qd/spare && git branch -D qd/spare",
        "git tag one",
        "git worktree add ../tmp/second",
        "git gc",
    ] {
        let output = repo.confined(script).await;
        assert!(!output.success(), "{script} was let through");
    }
    repo.free("cmp before repo/.git/config && git -C repo diff --exit-code HEAD && test ! -e repo/.git/hooks/tmp")
        .await;
    repo.free("test -z \"$(git -C repo tag)$(git -C repo branch --list elsewhere)\"").await;
}

#[tokio::test]
async fn refused_stash_leaves_the_files_as_they_were() {
    let Some(repo) = Repo::new().await else { return };
    let output = repo.confined("echo kept >> file && git stash").await;
    assert!(!output.success(), "its ref is one of all worktrees");
    assert_eq!(fs::read_to_string(repo.root.join("data/tree/file")).unwrap(), "one\nkept\n");
}

#[tokio::test]
async fn file_with_a_dot_keeps_the_folder_of_refs_through_packing() {
    let Some(repo) = Repo::new().await else { return };
    // A ruleset knows the folder itself, not its name: were it removed and made anew, nothing could be committed.
    fs::write(repo.common().join("refs/heads/qd/.keep"), "").unwrap();
    let fifo = repo.root.join("data/tmp/packed");
    let spawn = repo.spawn(&repo.root.join("data/tree"), "read packed < \"$0\"; echo x > file; git commit -qam packed");
    let run = Run::new(spawn.arg(&fifo).confined(repo.ruleset()), LONG);
    repo.free("mkfifo data/tmp/packed").await;
    let pack = "git -C repo gc -q --prune=now && git -C repo pack-refs --all && git -C repo fsck --strict && echo x > data/tmp/packed";
    let (output, ()) = tokio::join!(run.output(), repo.free(pack));
    let output = output.unwrap();
    assert!(output.success(), "{}", output.stderr.text());
    repo.free("test \"$(git -C repo log -1 --format=%s qd/task)\" = packed && ! git -C repo for-each-ref | grep keep")
        .await;
}
