//! Claims about control groups. Where the machine lets us make none, each says so and passes.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write as _;
use std::time::Duration;

use qd_proc::{Cgroup, Child, Confinement, Identity, Run, Scope, Spawn, wait_gone};
use tokio::io::{AsyncBufReadExt as _, BufReader};

const LONG: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Spawn {
    Spawn::new("sh").env("PATH", "/usr/local/bin:/usr/bin:/bin").args(["-c", script])
}

fn named(name: &str) -> String {
    format!("test-{name}-{}", std::process::id())
}

/// A group of the test's own; none, with a line that is seen, where there can be none.
#[expect(clippy::explicit_write, reason = "the runner keeps to itself what the macro for it prints")]
fn group(name: &str) -> Option<Cgroup> {
    let group = Cgroup::create(&named(name)).unwrap();
    if group.is_none() {
        writeln!(std::io::stderr(), "skipped: no control group can be made here").unwrap();
    }
    group
}

async fn process(child: &mut Child) -> Identity {
    let mut lines = BufReader::new(child.take_stdout().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    Identity::of(line.trim().parse().unwrap()).unwrap()
}

/// Forks twice, makes a session, drops its environment and with that the mark.
const ESCAPE: &str = "env -i setsid sh -c 'sleep 1000 >/dev/null 2>&1 & echo $!' & wait; exec sleep 1000";

#[tokio::test]
async fn escaped_process_without_a_mark_is_found_and_killed() {
    let Some(group) = group("escaped") else { return };
    let mark = named("escaped-mark");
    let mut child = sh(ESCAPE).env("QD_SESSION", &mark).in_cgroup(group.clone()).spawn().unwrap();
    let escaped = process(&mut child).await;
    let by_mark = Scope::nobody().with_mark(&mark).with_group(child.identity().pid);
    assert!(!by_mark.members().unwrap().contains(&escaped), "neither mark nor group reach it");
    let scope = by_mark.with_cgroup(&group);
    assert!(scope.members().unwrap().contains(&escaped));
    let swept = scope.kill().await.unwrap();
    assert!(swept.is_clean() && swept.signalled.contains(&escaped));
    assert!(!escaped.is_alive());
    group.remove().unwrap();
    assert!(!group.path().exists());
}

#[tokio::test]
async fn forking_bomb_is_gone_after_one_kill() {
    let Some(group) = group("bomb") else { return };
    // Each shell starts the next and ends, so no list of processes is true for long. Bounded, should the claim fail.
    let script = "f() { [ $1 -gt 0 ] || exec sleep 1000; n=$(($1 - 1)); f $n & f $n & }; echo $$; f 6; wait";
    let mut child = sh(script).in_cgroup(group.clone()).spawn().unwrap();
    let _ready = process(&mut child).await;
    group.kill().unwrap();
    assert!(group.emptied(LONG).await.unwrap());
    assert_eq!(group.members().unwrap(), []);
    group.remove().unwrap();
    assert_eq!(Cgroup::open(group.path()), None);
}

#[tokio::test]
async fn spared_process_lives_while_the_others_of_its_group_end() {
    let Some(group) = group("spared") else { return };
    let mut agent = sh("sleep 1000 & echo $!; wait; exec sleep 1000").in_cgroup(group.clone()).spawn().unwrap();
    let tool = process(&mut agent).await;
    let swept = Scope::nobody().with_cgroup(&group).sparing(agent.identity()).kill().await.unwrap();
    assert!(swept.is_clean() && swept.signalled.contains(&tool));
    assert!(!tool.is_alive());
    assert_eq!(group.members().unwrap(), [agent.identity()]);
    assert!(group.remove().is_err(), "a group with a member stays");
    drop(agent);
    assert!(group.end(LONG).await.unwrap());
}

#[tokio::test]
async fn group_is_found_again_by_its_path_and_ended_with_the_groups_below_it() {
    let Some(group) = group("again") else { return };
    let below = Cgroup::create_below(group.path(), "inner").unwrap().unwrap();
    let mut child = sh(ESCAPE).in_cgroup(below.clone()).spawn().unwrap();
    let escaped = process(&mut child).await;
    drop(child);
    let found = Cgroup::open(group.path()).unwrap();
    assert!(found.is_populated().unwrap() && found.members().unwrap().contains(&escaped));
    assert!(found.end(LONG).await.unwrap());
    assert_eq!(wait_gone(&[escaped], LONG).await, []);
    assert!(!below.path().exists() && !group.path().exists());
    assert!(found.end(LONG).await.unwrap(), "ending what is gone is no error");
}

#[tokio::test]
async fn only_empty_groups_count_as_left_over() {
    let (Some(empty), Some(full)) = (group("left-empty"), group("left-full")) else { return };
    let child = sh("exec sleep 1000").in_cgroup(full.clone()).spawn().unwrap();
    let found = Cgroup::empty_ones("test-left-").unwrap();
    assert!(found.contains(&empty) && !found.contains(&full));
    for group in found {
        group.remove().unwrap();
    }
    assert!(child.identity().is_alive() && !empty.path().exists());
    assert!(full.end(LONG).await.unwrap());
}

#[tokio::test]
async fn confined_process_cannot_leave_its_group() {
    let Some(group) = group("leaving") else { return };
    let Ok(ruleset) = Confinement::default().ruleset() else { return };
    let script = "echo 0 > \"$0\"; cat /proc/self/cgroup";
    let spawn = sh(script).arg(group.path().parent().unwrap().join("cgroup.procs"));
    let spawn = spawn.in_cgroup(group.clone()).confined(ruleset);
    let output = Run::new(spawn, LONG).output().await.unwrap();
    assert!(output.stderr.text().contains("Permission denied"), "{}", output.stderr.text());
    let name = group.path().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(output.stdout.text().lines().any(|line| line.starts_with("0::") && line.ends_with(&name)));
    assert!(group.end(LONG).await.unwrap());
}

#[tokio::test]
async fn group_that_is_gone_starts_nothing() {
    let Some(group) = group("gone") else { return };
    group.remove().unwrap();
    assert!(sh("exit 0").in_cgroup(group).spawn().is_err());
}

#[tokio::test]
async fn without_a_group_the_mark_still_serves() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Cgroup::create_below(folder.path(), "x").unwrap(), None);
    let mark = named("old-way");
    let mut child = sh("setsid sleep 1000 >/dev/null & echo $!; wait").env("QD_SESSION", &mark).spawn().unwrap();
    let tool = process(&mut child).await;
    assert!(Scope::nobody().with_mark(&mark).kill().await.unwrap().is_clean());
    assert!(!tool.is_alive());
}
