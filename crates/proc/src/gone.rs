//! Waiting for processes that are not our children.

#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::time::Duration;

#[cfg(target_os = "linux")]
use tokio::io::{Interest, unix::AsyncFd};
use tokio::time::{Instant, timeout_at};

use crate::identity::Identity;

/// Waits until none of `processes` runs, at most `limit`; returns those that still do.
pub async fn wait_gone(processes: &[Identity], limit: Duration) -> Vec<Identity> {
    let deadline = Instant::now() + limit;
    let mut left = Vec::new();
    for process in processes {
        if timeout_at(deadline, gone(*process)).await.is_err() && process.is_alive() {
            left.push(*process);
        }
    }
    left
}

#[cfg(target_os = "linux")]
async fn gone(process: Identity) {
    use rustix::process::{PidfdFlags, pidfd_open};

    let Some(pid) = crate::identity::raw(process.pid) else {
        return;
    };
    let Ok(descriptor) = pidfd_open(pid, PidfdFlags::empty()) else {
        return poll(process).await;
    };
    // The descriptor pins whoever has the pid now, so this is asked after opening it.
    if !process.is_alive() {
        return;
    }
    // A process descriptor becomes readable when the process ends, reaped or not.
    match watch(descriptor) {
        Ok(watched) => {
            let _ = watched.readable().await;
        }
        Err(_) => poll(process).await,
    }
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "registering a descriptor is unsafe in tokio")]
fn watch(descriptor: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is the only owner of its descriptor, always names the same one, and closes it only when
    // it is dropped, which `AsyncFd` does after taking it off the reactor.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) }?)
}

#[cfg(not(target_os = "linux"))]
async fn gone(process: Identity) {
    poll(process).await;
}

/// For systems and moments without process descriptors.
async fn poll(process: Identity) {
    while process.is_alive() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
