//! A tenth of the chaos: kills of server, host and agent at random instants, on seeds of their own and on every seed
//! that ever failed. `cargo xtask soak --only chaos` runs it all.

// Clippy lets tests unwrap only where it sees that they are tests.
#[cfg(test)]
mod chaos {
    use qd_engine::time::{Clock as _, SystemClock};
    use qd_testkit::chaos::{Report, exactly_once, run};
    use qd_testkit::panel::built_qd;
    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    /// Runs of a test; each kills four times.
    const RUNS: u64 = 20;
    /// Runs at once: most of a run is waiting.
    const AT_ONCE: usize = 3;

    /// The seeds that failed once, one a line.
    fn kept() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chaos.seeds")
    }

    fn keep(seed: u64) {
        if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(kept()) {
            let _ = writeln!(file, "{seed}");
        }
    }

    /// One after the other: what takes 5 s at most must not wait for another test.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn kills_at_random_instants_lose_nothing_start_nothing_twice_and_leave_nothing_behind() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let qd = built_qd().unwrap();
        let first = SystemClock.now().0;
        eprintln!("seeds {first} to {}", first + RUNS - 1);
        let old = std::fs::read_to_string(kept()).unwrap_or_default();
        let old: Vec<u64> = old.lines().filter_map(|line| line.trim().parse().ok()).collect();
        let seeds = Mutex::new(old.iter().copied().chain(first..first + RUNS).collect::<Vec<_>>());
        let (failed, done) = (Mutex::new(Vec::new()), Mutex::new(Vec::<Report>::new()));
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    loop {
                        let Some(seed) = seeds.lock().unwrap().pop() else { return };
                        match run(&qd, seed) {
                            Ok(report) => done.lock().unwrap().push(report),
                            Err(error) => {
                                if !old.contains(&seed) {
                                    keep(seed);
                                }
                                failed.lock().unwrap().push(format!("{error:#}"));
                            }
                        }
                    }
                });
            }
        });
        let failed = failed.into_inner().unwrap();
        assert!(failed.is_empty(), "{}", failed.join("\n\n"));
        let done = done.into_inner().unwrap();
        let sum = |of: fn(&Report) -> usize| done.iter().map(of).sum::<usize>();
        // A run that hit nothing proves nothing.
        assert!(sum(|report| report.kills[0] as usize) >= 20, "{done:?}");
        assert!(sum(|report| (report.kills[1] + report.kills[2]) as usize) >= 5, "{done:?}");
        assert!(sum(|report| report.attempts) >= 40, "{done:?}");
    }

    #[test]
    fn each_start_happens_at_most_once_and_each_that_was_shown_happened() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let seed = SystemClock.now().0;
        eprintln!("seed {seed}");
        let starts = exactly_once(&built_qd().unwrap(), seed, 100, Duration::from_mins(1)).unwrap();
        eprintln!("{starts:?}");
        assert!(starts.shown >= 10 && starts.kills >= 2, "{starts:?}");
    }
}
