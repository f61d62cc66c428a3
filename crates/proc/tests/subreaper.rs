//! Being a child subreaper is a property of the whole process, so its claim has a test binary of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use qd_proc::{Exit, Identity, Run, Spawn, reap_adopted_on_signal, set_child_subreaper, sweep, wait_gone};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn subreaper_adopts_sweeps_and_reaps_orphans_but_not_its_own_children() {
    set_child_subreaper().unwrap();
    let own = std::process::id();
    let sh = |script: &str| Spawn::new("sh").env("PATH", "/usr/bin:/bin").args(["-c", script]);
    let mut child = sh("exit 4").spawn().unwrap();
    // The launcher dies and leaves a process that made a session of its own and carries no mark.
    let output = Run::new(sh("setsid sleep 1000 >/dev/null 2>&1 & echo $!"), LONG).output().await.unwrap();
    let orphan = Identity::of(output.stdout.text().trim().parse().unwrap());
    let reaper = tokio::task::JoinSet::from_iter([reap_adopted_on_signal()]);
    let swept = sweep(own, "no-such-mark", LONG).await.unwrap();
    assert!(swept.is_clean());
    if let Some(orphan) = orphan {
        assert_eq!(wait_gone(&[orphan], LONG).await, []);
    }
    assert_eq!(child.wait().await.unwrap(), Exit::Code(4), "nobody stole its exit code");
    tokio::time::timeout(LONG, async {
        while adopted(own) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    drop(reaper);
}

fn adopted(own: u32) -> usize {
    qd_proc::table::rows().unwrap().iter().filter(|row| row.parent == own).count()
}
