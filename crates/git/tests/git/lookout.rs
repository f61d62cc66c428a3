//! Looking again comes to what looking for the first time would come to, and takes little.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qd_git::{Changes, CommitId, GitPath, Lookout, Repo, Seen};

use crate::fixture::{Dice, Fixture, env, folder, git, init, make_executable, tasks, write};

/// A worktree that is looked at, with a note of each git process.
struct Post {
    fixture: Fixture,
    worktree: PathBuf,
    lookout: Lookout,
    counted: Repo,
}

impl Post {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let worktree = fixture.worktree().await;
        let counting = fixture.dir.path().join("counting-git");
        let note = fixture.dir.path().join("processes");
        let script = format!(
            "#!/bin/sh\nfor word; do case $word in -c|*=*) ;; *) break ;; esac; done\necho \"$word\" >>'{}'\nexec git \"$@\"\n",
            note.display()
        );
        std::fs::write(&counting, script).unwrap();
        make_executable(&counting);
        let counted = Repo::open(&fixture.root(), env(fixture.dir.path()).program(counting)).await.unwrap();
        let post = Self { fixture, worktree, lookout: Lookout::default(), counted };
        post.processes();
        post
    }

    /// The git processes since this was asked last.
    fn processes(&self) -> Vec<String> {
        let note = self.fixture.dir.path().join("processes");
        let noted = std::fs::read_to_string(&note).unwrap_or_default();
        let _ = std::fs::remove_file(note);
        noted.lines().map(str::to_owned).collect()
    }

    async fn look_from(&self, base: &CommitId) -> Arc<Seen> {
        self.counted.look(&self.lookout, &self.worktree, base, &tasks()).await.unwrap()
    }

    /// Looks, and sees that it is what somebody sees who never looked before.
    async fn look(&self) -> Changes {
        let base = self.fixture.tip("main");
        let seen = self.look_from(&base).await;
        let fresh = self.fixture.repo.changes(&self.worktree, &base, &tasks()).await.unwrap();
        assert_eq!(seen.changes, fresh);
        assert_eq!(seen.snapshot.tree(), &fresh.tree);
        seen.changes.clone()
    }

    fn write(&self, path: &str, content: &str) {
        write(&self.worktree, path, content);
    }

    fn git(&self, args: &[&str]) {
        self.fixture.git(&self.worktree, args);
    }
}

fn paths(changes: &Changes) -> Vec<String> {
    changes.files.iter().map(|file| file.path.to_string()).collect()
}

#[tokio::test]
async fn a_look_after_one_change_takes_three_processes_and_after_none_takes_one() {
    let post = Post::new().await;
    let before = post.fixture.git_directory();
    post.write("src/a.txt", "1\n2\n");
    post.write("src/new.txt", "1\n");
    post.look().await;
    post.processes();
    post.look().await;
    assert_eq!(post.processes(), ["add"]);
    for text in ["1\n2\n3\n", "1\n2\n3\n4\n"] {
        post.write("src/a.txt", text);
        post.look().await;
        assert_eq!(post.processes(), ["add", "write-tree", "diff-tree"]);
    }
    // Whoever stages something, or only asks for the status, writes an index.
    post.git(&["add", "src/new.txt"]);
    post.write("src/a.txt", "1\n2\n4\n");
    post.look().await;
    assert_eq!(post.processes(), ["add", "write-tree", "diff-tree"]);
    post.write("tasks/one.md", "# Ticked\n");
    post.look().await;
    assert_eq!(post.processes(), ["add"], "a document is no change");
    let mut after = post.fixture.git_directory();
    // Where the user staged.
    let theirs = |path: &PathBuf| path.starts_with("worktrees") || path.starts_with("objects");
    after.retain(|path, _| before.contains_key(path) && !theirs(path));
    assert!(after.iter().all(|(path, content)| before.get(path) == Some(content)), "looking wrote into the repository");
}

#[tokio::test]
async fn an_index_of_any_kind_is_looked_at_and_only_a_known_one_gone_on_with() {
    for (setting, value, goes_on) in
        [("index.version", "4", true), ("index.skipHash", "true", true), ("core.splitIndex", "true", false)]
    {
        let post = Post::new().await;
        post.git(&["config", setting, value]);
        post.git(&["update-index", "--force-write-index"]);
        post.write("src/new.txt", "1\n");
        post.look().await;
        post.processes();
        post.write("src/a.txt", "1\n2\n");
        post.look().await;
        let few = ["add", "write-tree", "diff-tree"];
        assert_eq!(post.processes() == few, goes_on, "{setting}");
        post.git(&["add", "src/a.txt"]);
        post.write("src/a.txt", "1\n2\n3\n");
        post.look().await;
    }
}

#[tokio::test]
async fn a_repository_with_longer_names_of_objects_is_looked_at_too() {
    let dir = folder();
    git(dir.path(), dir.path(), &["init", "-q", "--object-format=sha256", "repo"]);
    let root = dir.path().join("repo");
    write(&root, "a.txt", "1\n");
    write(&root, "tasks/one.md", "# One\n");
    git(dir.path(), &root, &["add", "-A"]);
    git(dir.path(), &root, &["commit", "-qm", "first"]);
    let repo = Repo::open(&root, env(dir.path())).await.unwrap();
    let base = CommitId::parse(&git(dir.path(), &root, &["rev-parse", "HEAD"])).unwrap();
    let lookout = Lookout::default();
    for text in ["2\n", "3\n", "3\n4\n"] {
        write(&root, "a.txt", text);
        write(&root, "tasks/one.md", text);
        let seen = repo.look(&lookout, &root, &base, &tasks()).await.unwrap();
        assert_eq!(seen.changes, repo.changes(&root, &base, &tasks()).await.unwrap());
        assert_eq!(paths(&seen.changes), ["a.txt"]);
    }
}

#[tokio::test]
async fn an_edit_of_the_same_size_in_the_same_instant_is_seen() {
    let post = Post::new().await;
    for round in 0..30 {
        post.write("src/a.txt", &format!("{:08}\n", round * 2));
        let one = post.look_from(&post.fixture.tip("main")).await;
        post.write("src/a.txt", &format!("{:08}\n", round * 2 + 1));
        let two = post.look_from(&post.fixture.tip("main")).await;
        assert_ne!(one.changes.tree, two.changes.tree);
    }
    post.look().await;
}

#[tokio::test]
async fn a_head_that_moves_and_a_target_that_moves_are_seen() {
    let post = Post::new().await;
    post.write("src/a.txt", "mine\n");
    assert_eq!(paths(&post.look().await), ["src/a.txt"]);
    post.git(&["commit", "-qam", "mine"]);
    assert_eq!(paths(&post.look().await), ["src/a.txt"], "committed is changed too");
    write(&post.fixture.root(), "theirs.txt", "theirs\n");
    post.fixture.commit_all(&post.fixture.root(), "theirs");
    let apart = post.look().await;
    assert_eq!(paths(&apart), ["src/a.txt"]);
    post.git(&["merge", "-q", "main"]);
    let merged = post.look().await;
    assert_eq!(paths(&merged), ["src/a.txt"]);
    assert_ne!(merged.merge_base, apart.merge_base);
    post.fixture.git(&post.fixture.root(), &["merge", "-q", "qd/work"]);
    assert_eq!(paths(&post.look().await), [""; 0], "nothing is left to land");
    post.fixture.git(&post.fixture.root(), &["pack-refs", "--all", "--prune"]);
    post.look().await;
    post.git(&["checkout", "-q", "--detach", "HEAD~1"]);
    post.look().await;
    post.git(&["checkout", "-q", "--orphan", "alone"]);
    post.look().await;
}

#[tokio::test]
async fn history_that_is_replaced_is_seen() {
    let post = Post::new().await;
    post.write("one.txt", "1\n");
    post.fixture.commit_all(&post.worktree, "one");
    let apart = post.look().await;
    let root = post.fixture.root();
    write(&root, "two.txt", "2\n");
    post.fixture.commit_all(&root, "two");
    post.look().await;
    post.fixture.git(&root, &["replace", "--graft", "main", "qd/work"]);
    let grafted = post.look().await;
    assert_ne!(grafted.merge_base, apart.merge_base);
    post.fixture.git(&root, &["replace", "-d", &post.fixture.tip("main").to_string()]);
    assert_eq!(post.look().await.merge_base, apart.merge_base);
}

#[tokio::test]
async fn settings_and_attributes_that_change_are_seen() {
    let post = Post::new().await;
    let config = post.fixture.dir.path().join("home/.gitconfig");
    let set = |more: &str| {
        let kept = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{kept}\n{more}\n")).unwrap();
    };
    post.write("dos.txt", "1\r\n2\r\n");
    post.write("data.bin", "text\n");
    let raw = post.look().await;
    set("[core]\nautocrlf = input");
    let converted = post.look().await;
    assert_ne!(raw.tree, converted.tree);
    post.write("data.bin", "more text\n");
    post.look().await;
    post.write(".gitattributes", "*.bin binary\n");
    assert!(post.look().await.files.iter().any(|file| file.binary));
    post.write("data.bin", "even more text\n");
    assert!(post.look().await.files.iter().any(|file| file.binary));
    std::fs::remove_file(post.worktree.join(".gitattributes")).unwrap();
    assert!(!post.look().await.files.iter().any(|file| file.binary));
    write(&post.fixture.root(), ".git/info/attributes", "data.bin binary\n");
    assert!(post.look().await.files.iter().any(|file| file.binary));
    let extra = post.fixture.dir.path().join("home/extra");
    set("[include]\npath = extra");
    post.look().await;
    std::fs::write(&extra, "[core]\nautocrlf = false\n").unwrap();
    assert_eq!(
        post.look().await.files.iter().find(|file| file.path == "dos.txt".into()).map(|file| file.additions),
        Some(2)
    );
    assert_eq!(post.look().await.tree.as_str().len(), raw.tree.as_str().len());
}

#[tokio::test]
async fn rules_about_ignored_files_that_change_are_seen() {
    let post = Post::new().await;
    post.write("build/out.txt", "1\n");
    post.write("cache/deep/x.txt", "1\n");
    assert_eq!(paths(&post.look().await), ["build/out.txt", "cache/deep/x.txt"]);
    post.write("build/.gitignore", "*\n");
    assert_eq!(paths(&post.look().await), ["cache/deep/x.txt"]);
    std::fs::remove_file(post.worktree.join("build/.gitignore")).unwrap();
    assert_eq!(paths(&post.look().await), ["build/out.txt", "cache/deep/x.txt"]);
    write(&post.fixture.root(), ".git/info/exclude", "cache/\n");
    assert_eq!(paths(&post.look().await), ["build/out.txt"]);
    write(&post.fixture.dir.path().join("home"), ".config/git/ignore", "out.txt\n");
    assert_eq!(paths(&post.look().await), [""; 0]);
    post.git(&["add", "-f", "build/out.txt"]);
    assert_eq!(paths(&post.look().await), ["build/out.txt"], "whoever adds an ignored file means it");
    post.git(&["rm", "-q", "--cached", "build/out.txt"]);
    assert_eq!(paths(&post.look().await), [""; 0]);
}

#[tokio::test]
async fn a_repository_within_comes_and_goes() {
    let post = Post::new().await;
    post.write("within/a.txt", "1\n");
    assert_eq!(paths(&post.look().await), ["within/a.txt"]);
    init(&post.worktree, "within");
    post.look().await;
    post.fixture.commit_all(&post.worktree.join("within"), "own");
    assert_eq!(paths(&post.look().await), ["within"]);
    post.write("within/a.txt", "2\n");
    post.fixture.commit_all(&post.worktree.join("within"), "more");
    post.look().await;
    std::fs::remove_dir_all(post.worktree.join("within/.git")).unwrap();
    assert_eq!(paths(&post.look().await), ["within/a.txt"]);
}

#[tokio::test]
async fn a_file_that_moves_is_renamed_and_not_two_changes() {
    let post = Post::new().await;
    post.write("src/a.txt", "1\n2\n3\n4\n5\n6\n7\neight\n");
    post.look().await;
    let moved = |from: &str, to: &str| std::fs::rename(post.worktree.join(from), post.worktree.join(to)).unwrap();
    moved("src/a.txt", "b.txt");
    assert_eq!(post.look().await.files.len(), 1);
    post.write("other.txt", "x\n");
    assert_eq!(post.look().await.files.len(), 2);
    moved("b.txt", "src/a.txt");
    post.look().await;
    // Gone at one look, and come at the next.
    moved("src/a.txt", "hidden.ignored");
    assert_eq!(post.look().await.files.len(), 2);
    moved("hidden.ignored", "c.txt");
    assert_eq!(paths(&post.look().await), ["c.txt", "other.txt"]);
    moved("c.txt", "src/a.txt");
    post.look().await;
    std::fs::remove_file(post.worktree.join("src/a.txt")).unwrap();
    post.look().await;
    post.write("src/a.txt/now-a-folder", "x\n");
    post.look().await;
}

#[tokio::test]
async fn what_can_not_be_read_is_told_and_forgotten_when_it_can() {
    let post = Post::new().await;
    post.write("secret.txt", "1\n");
    post.look().await;
    let file = post.worktree.join("secret.txt");
    post.write("secret.txt", "22\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    post.look().await;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(post.look().await.unseen, []);
}

#[tokio::test]
async fn documents_stay_those_of_the_merge_base_whatever_takes_their_place() {
    let post = Post::new().await;
    post.write("src/a.txt", "x\n");
    post.write("tasks/two.md", "# Two\n");
    post.git(&["add", "-A"]);
    assert_eq!(paths(&post.look().await), ["src/a.txt"]);
    post.git(&["commit", "-qm", "with documents"]);
    assert_eq!(paths(&post.look().await), ["src/a.txt"]);
    std::fs::remove_dir_all(post.worktree.join("tasks")).unwrap();
    assert_eq!(paths(&post.look().await), ["src/a.txt"]);
    post.write("tasks", "a file\n");
    assert_eq!(paths(&post.look().await), ["src/a.txt"]);
    let base = post.fixture.tip("main");
    let seen = post.counted.look(&post.lookout, &post.worktree, &base, &["tasks".into()]).await.unwrap();
    assert_eq!(paths(&seen.changes), ["src/a.txt"]);
    post.git(&["add", "-A"]);
    assert_eq!(paths(&post.look().await), ["src/a.txt"]);
}

#[tokio::test]
async fn documents_below_a_folder_that_becomes_a_file_are_as_ever() {
    let post = Post::new().await;
    let (base, exclude) = (post.fixture.tip("main"), [GitPath::from("src/a.txt")]);
    let both = async || {
        let seen = post.counted.look(&post.lookout, &post.worktree, &base, &exclude).await.unwrap();
        assert_eq!(seen.changes, post.fixture.repo.changes(&post.worktree, &base, &exclude).await.unwrap());
    };
    post.write("src/a.txt", "x\n");
    post.write("src/b.txt", "x\n");
    both().await;
    std::fs::remove_dir_all(post.worktree.join("src")).unwrap();
    both().await;
    post.write("src", "a file\n");
    both().await;
}

#[tokio::test]
async fn a_look_that_was_given_up_spoils_none() {
    let post = Post::new().await;
    post.write("src/a.txt", "1\n");
    post.look().await;
    for patience in [1, 10, 100, 1_000, 3_000, 10_000, 30_000] {
        post.write("src/a.txt", &format!("{patience}\n"));
        let (base, documents) = (post.fixture.tip("main"), tasks());
        let given_up = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            seen = post.counted.look(&post.lookout, &post.worktree, &base, &documents) => drop(seen.unwrap()),
            () = given_up => {}
        }
        post.look().await;
    }
}

fn path(dice: &mut Dice) -> String {
    let folder = ["", "src/", "new/", "new/deep/", "target/", "tasks/"][dice.roll(6)];
    format!("{folder}{}", ["a.txt", "b.txt", "c.ignored", "d"][dice.roll(4)])
}

/// One thing that may happen to a worktree; what is impossible just now does not happen.
fn happen(post: &Post, dice: &mut Dice) {
    let at = |name: &str| post.worktree.join(name);
    let put = |name: &str, text: &str| {
        let _ = std::fs::create_dir_all(Path::new(&at(name)).parent().unwrap());
        let _ = std::fs::write(at(name), text);
    };
    let git = |args: &[&str]| {
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| post.git(args)));
    };
    let name = path(dice);
    match dice.roll(17) {
        0..=4 => put(&name, &format!("{}\nline\r\n", dice.roll(4))),
        5 => drop(std::fs::remove_file(at(&name))),
        6 => drop(std::fs::rename(at(&name), at(&path(dice)))),
        7 => {
            let _ = std::fs::remove_file(at(&name));
            let _ = std::fs::remove_dir_all(at(&name));
            put(&format!("{name}/inside"), "x\n");
        }
        8 => put(
            [".gitignore", "new/.gitignore", "src/.gitignore"][dice.roll(3)],
            ["*.txt\n", "d\n", "deep/\n", ""][dice.roll(4)],
        ),
        9 => put(
            [".gitattributes", "new/.gitattributes"][dice.roll(2)],
            ["*.txt text\n", "d binary\n", ""][dice.roll(3)],
        ),
        10 => git(&["add", "-f", "--", &name]),
        11 => git(&["add", "-A"]),
        12 => git(&["status"]),
        13 => git(&["commit", "-qam", "some"]),
        14 => git(&["rm", "-q", "--cached", "--", &name]),
        15 => git(&["config", "core.autocrlf", ["true", "input", "false"][dice.roll(3)]]),
        _ => git(&["reset", "-q", ["--soft", "--mixed"][dice.roll(2)], "HEAD~1"]),
    }
}

#[tokio::test]
async fn whatever_happens_a_second_look_sees_what_a_first_one_would() {
    let rounds = option_env!("QD_LOOKS").and_then(|rounds| rounds.parse().ok()).unwrap_or(3_u64);
    for seed in 0..rounds {
        let post = Post::new().await;
        let mut dice = Dice(seed);
        for step in 0..25 {
            for _ in 0..=dice.roll(3) {
                happen(&post, &mut dice);
            }
            let base = post.fixture.tip("main");
            let seen = post.look_from(&base).await;
            let fresh = post.fixture.repo.changes(&post.worktree, &base, &tasks()).await.unwrap();
            assert_eq!(seen.changes, fresh, "seed {seed}, step {step}");
        }
    }
}
