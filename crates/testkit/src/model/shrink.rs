//! Makes a failing schedule small: takes out pieces, halving their size, as long as the same promise stays broken.

use super::count::Count;
use super::disk::Ground;
use super::step::Step;
use super::{Failure, run_on};

/// Stops after so many tries: what loops for a long time would be tried for ever.
const TRIES: usize = 400;

/// The smallest schedule that was found to fail as `failure` does.
pub fn shrink(ground: Ground, seed: u64, steps: &[Step], failure: &Failure) -> (Vec<Step>, Failure) {
    let mut best = (steps[..failure.steps.min(steps.len())].to_vec(), failure.clone());
    let mut size = best.0.len().div_ceil(2).max(1);
    let mut tries = 0;
    loop {
        let mut any = false;
        let mut at = 0;
        while at < best.0.len() {
            let mut fewer = best.0.clone();
            tries += 1;
            if tries > TRIES {
                return best;
            }
            fewer.drain(at..(at + size).min(fewer.len()));
            match run_on(ground, seed, &fewer, &mut Count::default()) {
                Err(other) if other.violation.invariant == failure.violation.invariant => {
                    fewer.truncate(other.steps);
                    best = (fewer, other);
                    any = true;
                }
                _ => at += size,
            }
        }
        if size == 1 && !any {
            return best;
        }
        size = (size / 2).max(1);
    }
}
