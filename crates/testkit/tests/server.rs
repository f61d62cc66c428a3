//! The server against a plain model (`proptest-state-machine`): the real workspace on the real store, with crashes (the
//! handle is dropped and the files are opened again), mutations that come twice, altered, too early, too late or in
//! another order, and collection of history; and the real engine on a real repository, killed at every step of its jobs
//! and starts, while somebody edits the same files.
//!
//! `PROPTEST_CASES` sets the counts. Seeds that ever failed stand in `server.found.txt`.

// Clippy lets tests unwrap only where it sees that they are tests.
#[cfg(test)]
mod server {
    pub mod bench;
    pub mod deeds;
    pub mod disk;
    pub mod document;
    pub mod model;
    pub mod process;
    pub mod reference;
    pub mod story;
    pub mod tally;
}

#[cfg(test)]
mod tests {
    use super::server::bench::{SERVED, SETTLED, Server};
    use super::server::{process, story};
    use proptest::test_runner::{Config, FileFailurePersistence};
    use proptest_state_machine::prop_state_machine;

    const MANY: u32 = 256;
    /// Each of these runs many processes.
    const FEW: u32 = 32;

    fn cases(cases: u32) -> Config {
        let found = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server.found.txt");
        Config {
            cases,
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(found))),
            max_shrink_iters: 1_000,
            ..Config::default()
        }
    }

    /// Whether so many cases run that what is rare must come.
    fn are_enough() -> bool {
        Config::default().cases >= MANY
    }

    prop_state_machine! {
        #![proptest_config(cases(MANY))]

        fn settle(sequential 1..40 => Server<false>);
    }

    prop_state_machine! {
        #![proptest_config(cases(FEW))]

        fn serve(sequential 10..50 => Server<true>);
    }

    #[test]
    fn every_mutation_is_done_once_whatever_dies() {
        settle();
        eprintln!("{SETTLED}");
        if are_enough() {
            SETTLED.assert(REACHED_SETTLING.map(str::to_owned), 1);
        }
    }

    #[test]
    fn every_job_comes_to_the_same_whenever_its_server_dies() {
        serve();
        eprintln!("{SERVED}");
        if are_enough() {
            SERVED.assert(REACHED_SERVING.map(str::to_owned), 1);
        }
    }

    #[test]
    fn every_step_of_every_job_may_be_the_last() {
        story::every_step();
    }

    /// Not a claim: the process that the others start and kill.
    #[test]
    fn the_server_that_dies() {
        process::be_served();
    }

    const REACHED_SETTLING: [&str; 22] = [
        "After Err(PredecessorUnknown)",
        "After Ok(())",
        "Ahead",
        "Cancel Ok(())",
        "Create Ok(())",
        "CreateTaken Err(IdTaken)",
        "Delete Err(NotAllowed)",
        "Drop Err(NotAllowed)",
        "Expired",
        "Forbidden Err(Forbidden)",
        "Requires Err(Dependency)",
        "Requires Ok(())",
        "Save Ok(())",
        "Start Ok(())",
        "StartTaken Err(IdTaken)",
        "TooLate Err(TooLate)",
        "Unknown Err(Invalid)",
        "a batch is taken by a server that dies",
        "a reader below the floor",
        "again",
        "altered",
        "crash",
    ];

    /// The story sees to what is rarer.
    const REACHED_SERVING: [&str; 10] = [
        "Discard Ok(())",
        "Keep Ok(())",
        "SaveBoth Ok(())",
        "death at JobEnded",
        "death at JobTaken",
        "death at ReceiptFilled",
        "edit after a death",
        "start Cancelled",
        "start Late",
        "start Ran",
    ];
}
