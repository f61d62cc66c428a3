//! No work is lost: random sequences of edits in worktrees, commits, landings, conflicts, reverts, discards, archives and
//! trials, with a user who works in their checkout and pushes from outside, and a server that dies at any step; against
//! real git. After each of them everything that ever stood in a worktree when a job began is still there.
//!
//! `QD_LOST` is how many sequences, `QD_SEED` where they begin; else two hundred from the clock. Seeds that ever failed
//! stand in `lost.found.txt`.

// Clippy lets tests unwrap only where it sees that they are tests.
#[cfg(test)]
mod lost {
    pub mod deck;
    pub mod process;
    pub mod sequence;
}

#[cfg(test)]
mod tests {
    use super::lost::{process, sequence::Sequence};
    use std::collections::BTreeMap;
    use std::io::Write as _;
    use std::sync::Mutex;

    const SEQUENCES: u64 = 200;
    /// Sequences at once: most of one is waiting for processes.
    const AT_ONCE: usize = 4;
    const FOUND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lost.found.txt");

    #[expect(clippy::disallowed_methods, reason = "the counts of a long run come by the environment")]
    fn setting(name: &str) -> Option<u64> {
        std::env::var(name).ok()?.parse().ok()
    }

    #[test]
    fn no_work_is_lost() {
        let count = setting("QD_LOST").unwrap_or(SEQUENCES);
        let first = setting("QD_SEED").unwrap_or_else(sequence_seed);
        eprintln!("seeds {first} to {}", first + count - 1);
        let old = std::fs::read_to_string(FOUND).unwrap_or_default();
        let old: Vec<u64> = old.lines().filter_map(|line| line.trim().parse().ok()).collect();
        let seeds = Mutex::new((first..first + count).rev().chain(old.iter().copied()).collect::<Vec<_>>());
        let told = Mutex::new(BTreeMap::<String, u32>::new());
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    loop {
                        let Some(seed) = seeds.lock().unwrap().pop() else { return };
                        let ran = std::panic::catch_unwind(|| Sequence::new(seed).play());
                        let Ok(tally) = ran else {
                            eprintln!("QD_SEED={seed} QD_LOST=1");
                            if !old.contains(&seed) {
                                let mut file =
                                    std::fs::OpenOptions::new().create(true).append(true).open(FOUND).unwrap();
                                writeln!(file, "{seed}").unwrap();
                            }
                            seeds.lock().unwrap().clear();
                            panic!("seed {seed}");
                        };
                        let mut told = told.lock().unwrap();
                        for (what, times) in tally {
                            *told.entry(what).or_default() += times;
                        }
                    }
                });
            }
        });
        let told = told.into_inner().unwrap();
        eprintln!("{told:#?}");
        if count >= SEQUENCES {
            for what in REACHED {
                assert!(told.contains_key(*what), "{what} never happened");
            }
        }
    }

    fn sequence_seed() -> u64 {
        use qd_engine::time::{Clock as _, SystemClock};
        SystemClock.now().0 / 1000
    }

    /// Not a claim: the process that the sequences start and kill.
    #[test]
    fn the_server_that_dies() {
        process::be_served();
    }

    /// Sequences in which nothing of this happens prove nothing. What is rarer has claims of its own elsewhere.
    const REACHED: &[&str] = &[
        "keep done",
        "keep failed",
        "revert done",
        "take_back done",
        "discard done",
        "undo_discard done",
        "update done",
        "undo_update done",
        "commit done",
        "try done",
        "conflict",
        "archive",
        "restore",
        "death",
        "push from outside",
        "dirty checkout",
    ];
}
