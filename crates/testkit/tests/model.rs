//! The real client, hub and journal against the real workspace, under faults: the same schedules in every run. The long
//! counts with new seeds are `cargo xtask soak --only model`.

use qd_testkit::model::count::Count;
use qd_testkit::model::plan::schedule;
use qd_testkit::model::run;

#[test]
fn no_schedule_breaks_a_promise() {
    let mut count = Count::default();
    for seed in 1..=200 {
        if let Err(failure) = run(seed, &schedule(seed), &mut count) {
            panic!("seed {seed}, after {} steps: {}", failure.steps, failure.violation);
        }
    }
    assert_eq!(count.schedules(), 200);
}
