//! Tests of the store. `conformance` is what every implementation of [`qd_store::Store`] has to keep.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod doors;
mod model;
mod output;
mod pack;
mod space;
mod world;

use qd_store::SqliteStore;
use tempfile::TempDir;
use world::Place;

/// `SQLite` in a temporary directory.
struct Sqlite(TempDir);

impl Sqlite {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

impl Place for Sqlite {
    type Store = SqliteStore;

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.0.path()).unwrap()
    }
}

macro_rules! on_sqlite {
    ($($claim:ident),* $(,)?) => {$(
        #[test]
        fn $claim() {
            conformance::$claim(&Sqlite::new());
        }
    )*};
}

on_sqlite! {
    a_new_store_stands_at_the_beginning,
    what_was_committed_is_there_after_reopening,
    a_batch_that_does_not_continue_the_log_leaves_nothing,
    a_mutation_has_one_record,
    the_outcome_keeps_code_message_and_hash,
    the_log_is_read_from_any_offset_it_was_at,
    an_offset_of_another_history_is_a_conflict,
    below_the_floor_the_log_is_gone,
    large_records_come_in_pieces,
    collection_keeps_what_is_new_or_young,
    collection_is_bounded_and_says_that_there_is_more,
    an_outcome_outlives_the_age_at_which_its_mutation_expires,
    a_new_epoch_is_no_continuation,
    the_snapshot_is_what_serde_would_write,
    a_reader_sees_one_state_while_the_writer_goes_on,
    many_readers_read_at_once,
    versions_keep_their_order_and_text,
    session_keys_survive_until_they_are_dropped,
}
