//! Claims about processes under Landlock. Where the system has none, each says so and passes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use qd_proc::{ConfineError, Confinement, LandlockSupport, Output, Run, Spawn, landlock_support};

const LONG: Duration = Duration::from_secs(20);

/// A data folder with a secret, the worktree in it, and a folder beside it.
struct Site {
    _kept: tempfile::TempDir,
    root: PathBuf,
}

impl Site {
    /// None, with a line that is seen, where processes cannot be confined.
    #[expect(clippy::explicit_write, reason = "the runner keeps to itself what the macro for it prints")]
    fn new() -> Option<Self> {
        let support = landlock_support();
        if !support.is_there() {
            writeln!(std::io::stderr(), "skipped: {}", support.in_words()).unwrap();
            return None;
        }
        let kept = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(kept.path()).unwrap();
        for folder in ["data/worktree/src", "data/tmp", "data/kept", "outside/deep"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["data/store", "data/kept/note", "data/worktree/src/main", "outside/file"] {
            fs::write(root.join(file), file).unwrap();
        }
        Some(Self { _kept: kept, root })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn confinement(&self) -> Confinement {
        Confinement {
            write: vec![self.at("data/worktree"), self.at("data/tmp")],
            hidden: vec![self.at("data")],
            seen: vec![self.at("data/kept")],
        }
    }

    async fn sh(&self, script: &str) -> Output {
        self.sh_by(&self.confinement(), script).await
    }

    async fn sh_by(&self, confinement: &Confinement, script: &str) -> Output {
        let spawn = Spawn::new("sh").env("PATH", "/usr/local/bin:/usr/bin:/bin").args(["-c", script]);
        let spawn = spawn.cwd(&self.root).confined(confinement.ruleset().unwrap());
        Run::new(spawn, LONG).output().await.unwrap()
    }

    async fn allows(&self, script: &str) {
        let output = self.sh(script).await;
        assert!(output.success(), "{script}: {}", output.stderr.text());
    }

    /// Each line by itself is refused, and not for want of the program.
    async fn refuses(&self, scripts: &[&str]) {
        for script in scripts {
            let output = self.sh(script).await;
            let said = output.stderr.text();
            assert!(!output.success(), "{script} was let through");
            let is_refusal = ["Permission denied", "not permitted", "Invalid cross-device link"];
            assert!(is_refusal.iter().any(|words| said.contains(words)), "{script}: {said}");
        }
    }
}

#[tokio::test]
async fn worktree_in_the_hidden_folder_is_read_written_and_run_in() {
    let Some(site) = Site::new() else { return };
    site.allows("cat data/worktree/src/main && echo x > data/worktree/new && rm data/worktree/src/main").await;
    site.allows("mkdir -p data/tmp/a/b && mkfifo data/tmp/pipe && ln -s /etc data/tmp/link && rm -r data/tmp/a").await;
    site.allows("printf '#!/bin/sh\nexit 0\n' > data/tmp/tool && chmod +x data/tmp/tool && data/tmp/tool").await;
    assert!(site.at("data/worktree/new").exists());
}

#[tokio::test]
async fn nothing_is_written_outside() {
    let Some(site) = Site::new() else { return };
    site.refuses(&[
        "echo x > outside/new",
        "echo x >> outside/file",
        "truncate -s 0 outside/file",
        "rm outside/file",
        "mkdir outside/folder",
        "rmdir outside/deep",
        "mv outside/file outside/other",
        "ln -s x outside/link",
        "mv outside/file data/worktree/",
        "ln outside/file data/worktree/file",
        "mv data/worktree/src outside/",
        "echo x > data/new",
        "echo x > data/kept/note",
        "echo x > new",
    ])
    .await;
    assert_eq!(fs::read_to_string(site.at("outside/file")).unwrap(), "outside/file");
}

#[tokio::test]
async fn hidden_folder_is_not_read_and_its_exceptions_are() {
    let Some(site) = Site::new() else { return };
    symlink(site.at("data"), site.at("outside/way-in")).unwrap();
    symlink(site.at("data/store"), site.at("data/worktree/way-out")).unwrap();
    site.refuses(&[
        "cat data/store",
        "cat outside/way-in/store",
        "cat data/worktree/way-out",
        "cp data/store data/worktree/",
        "ln data/store data/worktree/store",
        "mv data/store data/worktree/",
    ])
    .await;
    site.allows("cat data/kept/note outside/file && ls / . data data/worktree > /dev/null").await;
    fs::write(site.at("data/later"), "").unwrap();
    site.refuses(&["cat data/later"]).await;
}

#[tokio::test]
async fn link_beside_the_way_does_not_open_what_it_leads_to() {
    let Some(site) = Site::new() else { return };
    symlink(site.at("data"), site.at("way-in")).unwrap();
    symlink(site.at("data/store"), site.at("file-in")).unwrap();
    site.refuses(&["cat way-in/store", "cat file-in"]).await;
}

#[tokio::test]
async fn files_move_and_link_between_writable_folders() {
    let Some(site) = Site::new() else { return };
    site.allows("mv data/worktree/src/main data/tmp/main && ln data/tmp/main data/worktree/again").await;
    site.allows("mv data/worktree/src data/tmp/src && mv data/tmp/src data/worktree/sub").await;
    assert!(site.at("data/worktree/again").exists() && site.at("data/worktree/sub").is_dir());
}

#[tokio::test]
async fn single_file_may_be_written_without_its_folder() {
    let Some(site) = Site::new() else { return };
    let write = vec![site.at("outside/file")];
    let confinement = Confinement { write, ..site.confinement() };
    assert!(site.sh_by(&confinement, "echo new > outside/file").await.success());
    assert!(!site.sh_by(&confinement, "echo new > outside/other").await.success());
    assert_eq!(fs::read_to_string(site.at("outside/file")).unwrap(), "new\n");
}

#[tokio::test]
async fn ordinary_devices_work() {
    let Some(site) = Site::new() else { return };
    site.allows("echo x > /dev/null && echo x | cat > /dev/stderr && echo x > /dev/fd/1 && head -c 9 /dev/urandom")
        .await;
    site.allows("echo x > /dev/shm/qd-test-$$ && rm /dev/shm/qd-test-$$").await;
    // A terminal of its own, as tools make one for what they run.
    site.allows("script -qec 'echo x > /dev/tty' data/tmp/typescript").await;
}

#[tokio::test]
async fn whoever_leaves_session_and_group_stays_confined() {
    let Some(site) = Site::new() else { return };
    site.refuses(&["setsid -w sh -c 'env -i sh -c \"echo x > outside/new\"'", "setsid -w sh -c 'cat data/store'"])
        .await;
}

#[tokio::test]
async fn rights_do_not_come_back() {
    let Some(site) = Site::new() else { return };
    let status = site.sh("grep NoNewPrivs /proc/self/status").await;
    assert_eq!(status.stdout.text(), "NoNewPrivs:\t1\n");
    site.refuses(&[
        "unshare -rm sh -c 'mount --bind outside data/worktree && echo x > data/worktree/file'",
        "unshare -rm chroot data/worktree",
        "mknod data/tmp/disk b 7 0",
    ])
    .await;
}

#[tokio::test]
async fn processes_outside_are_neither_signalled_nor_read() {
    let Some(site) = Site::new() else { return };
    let bystander = Spawn::new("/bin/sleep").arg("1000").env("SECRET", "1").spawn().unwrap();
    let pid = bystander.identity().pid;
    let own = std::process::id();
    site.refuses(&[&format!("cat /proc/{pid}/environ"), &format!("cat /proc/{own}/environ")]).await;
    if matches!(landlock_support(), LandlockSupport::Version(6..)) {
        site.refuses(&[&format!("kill -KILL {pid}"), &format!("kill -TERM {own}")]).await;
    }
    assert!(bystander.identity().is_alive());
    site.allows("sleep 1000 & kill -KILL $!").await;
}

#[tokio::test]
async fn missing_paths_are_passed_over_and_told() {
    let Some(site) = Site::new() else { return };
    let mut confinement = site.confinement();
    confinement.write.push(site.at("data/not-there"));
    confinement.seen.push(site.at("data/nor-this"));
    let ruleset = confinement.ruleset().unwrap();
    assert_eq!(ruleset.missing(), [site.at("data/not-there"), site.at("data/nor-this")]);
    assert!(site.sh_by(&confinement, "echo x > data/tmp/x").await.success());
}

#[tokio::test]
async fn link_to_a_writable_folder_stands_for_the_folder() {
    let Some(site) = Site::new() else { return };
    symlink(site.at("outside"), site.at("link")).unwrap();
    let confinement = Confinement { write: vec![site.at("link")], hidden: Vec::new(), seen: Vec::new() };
    assert!(site.sh_by(&confinement, "echo x > outside/new && cat data/store").await.success());
    assert!(!site.sh_by(&confinement, "echo x > data/new").await.success());
}

#[tokio::test]
async fn allowing_what_holds_a_hidden_folder_is_an_error() {
    let Some(site) = Site::new() else { return };
    for allowed in [site.root.clone(), site.at("data")] {
        let confinement = Confinement { write: vec![allowed], ..site.confinement() };
        assert!(matches!(confinement.ruleset(), Err(ConfineError::Exposed { .. })));
    }
}

#[tokio::test]
async fn abstract_sockets_of_others_are_out_of_reach() {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener};

    let Some(site) = Site::new() else { return };
    let name = format!("qd-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _listening = UnixListener::bind_addr(&address).unwrap();
    let script = format!("python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"\\0{name}\")'");
    let has_bound = matches!(landlock_support(), LandlockSupport::Version(6..));
    if has_bound && Path::new("/usr/bin/python3").exists() {
        site.refuses(&[&script]).await;
    }
}
