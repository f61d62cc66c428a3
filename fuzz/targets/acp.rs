//! Whatever an agent says in the Agent Client Protocol breaks no promise of its driver.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use qd_agents::Protocol;

fuzz_target!(|data: &[u8]| qd_fuzz::play(Protocol::Acp, "claude-code", data));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    qd_fuzz::mutate(data, size, max_size, seed)
});
