//! Where the engine gets the time and its random bytes from. Tests give their own.

use qd_core::ids::{Millis, v7};
use std::sync::Arc;
use uuid::Uuid;

/// The time and random bytes.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Millis;
    /// Fills `bytes` with random ones.
    fn random(&self, bytes: &mut [u8]);
}

/// A clock to hand around.
pub type SharedClock = Arc<dyn Clock>;

/// The clock and the entropy of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn random(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without entropy two ids could be equal, and nothing that follows would be true.
            std::process::abort();
        }
    }
}

/// A new `UUIDv7`.
pub fn mint(clock: &dyn Clock) -> Uuid {
    let mut random = [0; 10];
    clock.random(&mut random);
    v7(clock.now(), random)
}
