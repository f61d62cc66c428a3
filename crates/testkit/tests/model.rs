//! The real client, hub and journal against the real workspace, under faults: the same schedules in every run, and those
//! that ever broke a promise. New seeds come with `cargo xtask test protocol`, long counts with `cargo xtask soak`.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use qd_testkit::model::count::Count;
use qd_testkit::model::plan::schedule;
use qd_testkit::model::run;
use qd_testkit::model::step::Step;

/// A seed and its smallest schedule a line. The seed alone is not enough: what it draws changes with the model.
const FOUND: &str = include_str!("model.found.txt");

fn holds(seed: u64, steps: &[Step], count: &mut Count) {
    if let Err(failure) = run(seed, steps, count) {
        panic!("seed {seed}, after {} steps: {}", failure.steps, failure.violation);
    }
}

#[test]
fn no_schedule_breaks_a_promise() {
    let mut count = Count::default();
    for seed in 1..=200 {
        holds(seed, &schedule(seed), &mut count);
    }
    assert_eq!(count.schedules(), 200);
}

#[test]
fn what_once_broke_a_promise_does_not_again() {
    let mut count = Count::default();
    for line in FOUND.lines() {
        let mut words = line.split_whitespace();
        let seed = words.next().unwrap().parse().unwrap();
        let steps: Vec<Step> = words.map(|word| word.parse().unwrap()).collect();
        holds(seed, &steps, &mut count);
    }
    assert_eq!(count.schedules(), FOUND.lines().count());
}
