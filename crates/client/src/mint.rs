//! New ids: `UUIDv7` of the given time and random bytes drawn from a seed (SHA-256 in counter mode).

use qd_core::ids::{Millis, v7};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Draws ids. Two of the same seed draw the same ids: the seed must come from the system's entropy.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    seed: [u8; 32],
    drawn: u64,
}

impl Mint {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    pub(crate) fn draw(&mut self, now: Millis) -> Uuid {
        v7(now, self.bytes())
    }

    /// A number below `bound`, for jitter.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let bytes = self.bytes();
        let mut number = [0; 8];
        number.copy_from_slice(&bytes[..8]);
        u64::from_le_bytes(number) % bound.max(1)
    }

    fn bytes(&mut self) -> [u8; 10] {
        self.drawn += 1;
        let digest = Sha256::new().chain_update(self.seed).chain_update(self.drawn.to_le_bytes()).finalize();
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&digest[..10]);
        bytes
    }
}
