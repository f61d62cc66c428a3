//! The full counts of the chaos: 200 runs of kills, 1,000 starts. Prints its seeds and what happened.

use anyhow::{Result, bail};
use clap::Parser;
use qd_engine::time::{Clock as _, SystemClock};
use qd_testkit::chaos::{self, Report};
use qd_testkit::panel::built_qd;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Kill servers, hosts and agents, and look whether anything was lost.
#[derive(Parser)]
struct Chaos {
    /// Runs of kills.
    #[arg(long, default_value_t = 200)]
    runs: u64,
    /// Accepted starts of the proof that each happens at most once.
    #[arg(long, default_value_t = 1000)]
    starts: usize,
    /// The first seed; else the time.
    #[arg(long)]
    seed: Option<u64>,
    /// Runs at once.
    #[arg(long, default_value_t = 2)]
    jobs: u64,
    /// The program; else the one built beside this one.
    #[arg(long, value_name = "FILE")]
    qd: Option<PathBuf>,
}

fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

fn main() -> Result<()> {
    let chaos = Chaos::parse();
    let qd = chaos.qd.map_or_else(built_qd, Ok)?;
    let first = chaos.seed.unwrap_or_else(|| SystemClock.now().0);
    let failed = Mutex::new(Vec::new());
    let done = Mutex::new(Vec::<Report>::new());
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..chaos.jobs {
            scope.spawn(|| {
                loop {
                    let run = next.fetch_add(1, Ordering::Relaxed);
                    if run >= chaos.runs {
                        return;
                    }
                    let seed = first.wrapping_add(run);
                    match chaos::run(&qd, seed) {
                        Ok(report) => {
                            say(format_args!("seed {seed}: {report:?}"));
                            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(report);
                        }
                        Err(error) => {
                            say(format_args!("FAILED {error:#}"));
                            failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(seed);
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    summary(&done);
    let starts = match chaos.starts {
        0 => Ok(()),
        count => chaos::exactly_once(&qd, first, count, Duration::from_hours(1)).map(|starts| {
            say(format_args!("exactly once, seed {first}: {starts:?}"));
        }),
    };
    if !failed.is_empty() {
        bail!("runs of these seeds failed: {failed:?}");
    }
    starts
}

fn summary(done: &[Report]) {
    let sum = |of: fn(&Report) -> u64| done.iter().map(of).sum::<u64>();
    say(format_args!(
        "{} runs; killed: {} servers, {} hosts, {} agents; {} sessions, {} attempts, {} mutations; every status true after at most {} ms",
        done.len(),
        sum(|r| r.kills[0].into()),
        sum(|r| r.kills[1].into()),
        sum(|r| r.kills[2].into()),
        sum(|r| r.sessions as u64),
        sum(|r| r.attempts as u64),
        sum(|r| r.mutations as u64),
        done.iter().map(|r| r.slowest).max().unwrap_or(0),
    ));
}
