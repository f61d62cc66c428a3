//! Claims about real processes. Every step waits for a line that a process writes or for its end, never for time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::time::Duration;

use qd_proc::{
    End, Exit, Grace, Group, Identity, Reason, Run, Rung, Scope, Signal, Spawn, SpawnError, Stdin, descendants_of,
    kill_marked, marked, spawn_detached, stop, wait_gone,
};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

const LONG: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Spawn {
    Spawn::new("sh").env("PATH", "/usr/local/bin:/usr/bin:/bin").args(["-c", script])
}

fn mark(name: &str) -> String {
    format!("test-{name}-{}", std::process::id())
}

async fn lines<const N: usize>(child: &mut qd_proc::Child) -> [String; N] {
    let mut lines = BufReader::new(child.take_stdout().unwrap()).lines();
    let mut read = [const { String::new() }; N];
    for line in &mut read {
        *line = lines.next_line().await.unwrap().unwrap();
    }
    read
}

fn process(line: &str) -> Identity {
    Identity::of(line.trim().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn dropped_child_takes_its_grandchildren_along() {
    let mut child = sh("sh -c 'sleep 1000 & echo $!; wait' & wait").spawn().unwrap();
    let [grandchild] = lines(&mut child).await;
    let grandchild = process(&grandchild);
    drop(child);
    assert_eq!(wait_gone(&[grandchild], LONG).await, []);
}

#[tokio::test]
async fn disarmed_child_lives_on() {
    let mut child = sh("echo ready; exec sleep 1000").spawn().unwrap();
    let [_ready] = lines(&mut child).await;
    let identity = child.identity();
    child.disarm();
    drop(child);
    assert!(identity.is_alive());
    assert!(identity.signal(Signal::Kill).unwrap());
    assert_eq!(wait_gone(&[identity], LONG).await, []);
}

#[tokio::test]
async fn setsid_child_is_found_by_mark_and_killed() {
    let mark = mark("setsid");
    let script = "setsid sh -c 'echo $$; exec sleep 1000' & wait";
    let mut child = sh(script).env("QD_SESSION", &mark).spawn().unwrap();
    let [escaped] = lines(&mut child).await;
    let escaped = process(&escaped);
    let identity = child.identity();
    drop(child);
    assert_eq!(wait_gone(&[identity], LONG).await, []);
    assert!(escaped.is_alive(), "a session of its own is out of reach of the group");
    assert_eq!(marked(&mark).unwrap(), [escaped]);
    let swept = kill_marked(&mark).await.unwrap();
    assert!(swept.is_clean());
    assert!(swept.signalled.contains(&escaped));
    assert!(!escaped.is_alive());
    assert_eq!(kill_marked(&mark).await.unwrap().passes, 1);
}

/// The kernel shows no environment of a process that is between two programs.
#[tokio::test]
async fn process_that_starts_one_program_after_the_other_is_found_by_its_mark_each_time() {
    let mark = mark("exec");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("again");
    std::fs::write(&script, "exec sh \"$0\"").unwrap();
    let child = sh("exec sh \"$0\"").arg(&script).env("QD_SESSION", &mark).spawn().unwrap();
    for look in 0..2_000 {
        assert_eq!(marked(&mark).unwrap(), [child.identity()], "look {look}");
    }
}

#[tokio::test]
async fn mark_of_another_session_is_left_alone() {
    let (ours, theirs) = (mark("ours"), mark("ours") + "-not");
    let mut other = sh("echo ready; exec sleep 1000").env("QD_SESSION", &theirs).spawn().unwrap();
    let [_ready] = lines(&mut other).await;
    assert!(kill_marked(&ours).await.unwrap().signalled.is_empty());
    assert!(other.identity().is_alive());
}

#[tokio::test]
async fn forking_tree_is_emptied() {
    let mark = mark("tree");
    let script = "for i in 1 2 3 4 5 6; do setsid sh -c 'sleep 1000 & sleep 1000' & done; echo ready; wait";
    let mut child = sh(script).env("QD_SESSION", &mark).spawn().unwrap();
    let [_ready] = lines(&mut child).await;
    assert!(kill_marked(&mark).await.unwrap().is_clean());
    assert_eq!(marked(&mark).unwrap(), []);
}

#[tokio::test]
async fn descendants_include_other_sessions_and_spare_who_is_spared() {
    let mut child = sh("setsid sh -c 'echo $$; sleep 1000 & echo $!; wait' & wait").spawn().unwrap();
    let [son, grandson] = lines(&mut child).await;
    let (son, grandson) = (process(&son), process(&grandson));
    let pid = child.identity().pid;
    let found = descendants_of(pid).unwrap();
    assert!(found.contains(&son) && found.contains(&grandson));
    let scope = Scope::nobody().with_descendants_of(pid).sparing(son);
    assert!(scope.signal(Signal::Kill).unwrap().contains(&grandson));
    assert_eq!(wait_gone(&[grandson], LONG).await, []);
    let swept = Scope::nobody().with_descendants_of(pid).kill().await.unwrap();
    assert!(swept.is_clean());
}

#[tokio::test]
async fn leaked_pipe_does_not_hang() {
    let folder = tempfile::tempdir().unwrap();
    let mark = mark("leak");
    let script = "mkfifo \"$0\"; setsid sh -c 'echo up > \"$0\"; exec sleep 1000' \"$0\" & read up < \"$0\"; echo done";
    let spawn = sh(script).arg(folder.path().join("fifo")).env("QD_SESSION", &mark);
    let run = Run::new(spawn, LONG).drain(Duration::from_millis(20));
    let output = run.output().await.unwrap();
    assert_eq!(output.end, End::Exited(Exit::Code(0)));
    assert_eq!(output.stdout.text(), "done\n");
    assert!(output.leaked);
    assert!(kill_marked(&mark).await.unwrap().is_clean());
}

#[tokio::test]
async fn background_process_of_the_group_ends_with_the_run() {
    let run = Run::new(sh("sleep 1000 & echo $!"), LONG).drain(Duration::from_millis(20));
    let output = run.output().await.unwrap();
    let pid: u32 = output.stdout.text().trim().parse().unwrap();
    if let Some(left) = Identity::of(pid) {
        assert_eq!(wait_gone(&[left], LONG).await, []);
    }
    assert!(output.success());
    assert!(!output.leaked);
}

#[tokio::test]
async fn timeout_kills_what_ignores_term() {
    let script = "trap '' TERM; echo before; while :; do sleep 1000; done";
    let run = Run::new(sh(script), Duration::from_millis(200)).grace(Duration::from_millis(50));
    let output = run.output().await.unwrap();
    assert_eq!(output.end, End::TimedOut);
    assert_eq!(output.stdout.text(), "before\n");
    assert_eq!(output.code(), None);
}

#[tokio::test]
async fn timed_out_program_may_clean_up() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    let script = "trap 'rm \"$0\"; exit 1' TERM; : > \"$0\"; while :; do sleep 1000 & wait; done";
    let run = Run::new(sh(script).arg(&lock), Duration::from_millis(300)).grace(LONG);
    assert_eq!(run.output().await.unwrap().end, End::TimedOut);
    assert!(!lock.exists());
}

#[tokio::test]
async fn flood_of_output_stays_bounded() {
    let script = "head -c 30000000 /dev/zero; head -c 200000 /dev/zero >&2; printf END >&2";
    let output = Run::new(sh(script), LONG).limits(1000, 100).output().await.unwrap();
    assert!(output.success());
    assert!(output.stdout.truncated());
    assert_eq!(output.stdout.total(), 30_000_000);
    assert_eq!(output.stdout.into_bytes().len(), 1000);
    assert!(output.stderr.text().ends_with("END"));
    assert_eq!(output.stderr.into_bytes().len(), 100);
}

#[tokio::test]
async fn environment_is_only_what_was_allowed() {
    assert!(std::env::vars_os().count() > 0);
    let source = [("KEPT", "1"), ("SECRET", "2")].map(|(name, value)| (name.into(), value.into()));
    let spawn = Spawn::new("/usr/bin/env").allow(&source.into(), ["KEPT", "ABSENT"]).env("SET", "a b");
    let output = Run::new(spawn, LONG).output().await.unwrap();
    assert_eq!(output.stdout.text(), "KEPT=1\nSET=a b\n");
}

#[tokio::test]
async fn input_arrives_and_its_absence_is_end_of_file() {
    let given = Run::new(sh("cat"), LONG).stdin(vec![b'x'; 300_000]).output().await.unwrap();
    assert_eq!(given.stdout.into_bytes().len(), 300_000);
    let none = Run::new(sh("cat"), LONG).output().await.unwrap();
    assert!(none.success());
    let unread = Run::new(sh("exit 3"), LONG).stdin(vec![b'x'; 300_000]).output().await.unwrap();
    assert_eq!(unread.code(), Some(3));
}

#[tokio::test]
async fn each_failure_to_start_has_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "data").unwrap();
    let orphan = folder.path().join("orphan");
    std::fs::write(&orphan, "#!/no/such/interpreter\n").unwrap();
    executable(&orphan);
    let error = |spawn: Spawn| spawn.spawn().unwrap_err();
    assert!(matches!(error(Spawn::new("no-such-program")), SpawnError::NotFound { .. }));
    assert!(matches!(error(Spawn::new("/no/such/program")), SpawnError::NotFound { .. }));
    assert!(matches!(error(Spawn::new(&plain)), SpawnError::NotExecutable { .. }));
    assert!(matches!(error(Spawn::new(&orphan)), SpawnError::NotExecutable { .. }));
    assert!(matches!(error(sh("").cwd("/no/such/folder")), SpawnError::CwdMissing { .. }));
    assert!(matches!(error(sh("").cwd(&plain)), SpawnError::CwdMissing { .. }));
    assert!(matches!(error(sh(&"x".repeat(3 << 20))), SpawnError::Other { .. }));
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn untaken_stdin_stays_open_while_waiting() {
    let mut child = sh("cat; echo end").stdin(Stdin::Piped).spawn().unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), child.wait()).await.is_err());
    let mut stdin = child.take_stdin().unwrap();
    stdin.write_all(b"hello ").await.unwrap();
    drop(stdin);
    let mut text = String::new();
    child.take_stdout().unwrap().read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello end\n");
    assert!(child.wait().await.unwrap().success());
    assert!(child.wait().await.unwrap().success(), "an ending may be asked for again");
}

#[tokio::test]
async fn detached_process_has_its_own_session_and_is_reaped() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let identity = spawn_detached(&sh("echo $$; read line; exit 7"), &log).unwrap();
    assert_eq!(wait_gone(&[identity], LONG).await, []);
    assert_eq!(std::fs::read_to_string(&log).unwrap().trim(), identity.pid.to_string());
    // The runtime reaps on its own turn: give it some until the row is gone.
    tokio::time::timeout(LONG, async {
        while Identity::of(identity.pid) == Some(identity) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn session_group_leads_its_own_session() {
    let mut child =
        sh("echo $$; cut -d' ' -f6 /proc/self/stat; exec sleep 1000").group(Group::Session).spawn().unwrap();
    let [pid, session] = lines(&mut child).await;
    assert_eq!(pid, session);
}

#[tokio::test]
async fn polite_child_ends_on_term_and_its_escaped_tool_goes_too() {
    let mark = mark("polite");
    let script = "trap 'exit 5' TERM; setsid sleep 1000 & echo $!; while :; do sleep 1000 & wait; done";
    let mut child = sh(script).env("QD_SESSION", &mark).spawn().unwrap();
    let mut reader = BufReader::new(child.take_stdout().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).await.unwrap();
    let tool = process(&first);
    let drain = async {
        let _ = reader.read_to_string(&mut String::new()).await;
    };
    let others = Scope::nobody().with_mark(&mark);
    let stopped = stop(&mut child, &others, Reason::Cancelled, &Grace::default(), drain).await.unwrap();
    assert_eq!(stopped.rung, Rung::Asked);
    assert_eq!(stopped.left, []);
    assert!(stopped.drained && stopped.exit.is_some());
    assert!(!tool.is_alive());
}

#[tokio::test]
async fn stubborn_child_is_killed_while_its_flood_is_drained() {
    let script = "trap '' TERM; echo ready; while :; do echo flood; done";
    let mut child = sh(script).spawn().unwrap();
    let mut stdout = child.take_stdout().unwrap();
    let mut ready = [0; 6];
    stdout.read_exact(&mut ready).await.unwrap();
    let drain = async {
        let mut chunk = vec![0; 4096];
        while !matches!(stdout.read(&mut chunk).await, Ok(0) | Err(_)) {}
    };
    let grace = Grace { term: Duration::from_millis(50), ..Grace::default() };
    let stopped = stop(&mut child, &Scope::nobody(), Reason::Cancelled, &grace, drain).await.unwrap();
    assert_eq!(stopped.rung, Rung::Killed);
    assert_eq!(stopped.exit, Some(Exit::Signal(9)));
    assert!(stopped.drained);
}

#[tokio::test]
async fn finished_child_gets_no_signal() {
    let mut child = sh("trap 'exit 9' TERM; exit 0").spawn().unwrap();
    let grace = Grace::default();
    let stopped = stop(&mut child, &Scope::nobody(), Reason::Finished, &grace, async {}).await.unwrap();
    assert_eq!((stopped.exit, stopped.rung), (Some(Exit::Code(0)), Rung::Awaited));
}

#[tokio::test]
async fn dropped_run_ends_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let mark = mark("dropped");
    Run::new(sh("mkfifo \"$0\"").arg(&fifo), LONG).output().await.unwrap();
    let spawn = sh("echo ready > \"$0\"; sleep 1000").arg(&fifo).env("QD_SESSION", &mark);
    let run = Run::new(spawn, LONG).output();
    tokio::select! {
        _ = run => panic!("it runs for ever"),
        ready = tokio::fs::read_to_string(&fifo) => assert_eq!(ready.unwrap(), "ready\n"),
    }
    let left = marked(&mark).unwrap();
    assert_eq!(wait_gone(&left, LONG).await, []);
}
