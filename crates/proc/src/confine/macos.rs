//! No Landlock here: processes are never confined.

use std::convert::Infallible;
use std::io;

use super::{ConfineError, LandlockSupport, Rights};

/// There is none.
#[derive(Debug, Clone)]
pub struct Restriction(Infallible);

/// What Landlock can do here: nothing.
pub fn landlock_support() -> LandlockSupport {
    LandlockSupport::Missing
}

/// Always refuses.
pub fn restrict(_rights: &Rights) -> Result<Restriction, ConfineError> {
    Err(ConfineError::Unsupported(LandlockSupport::Missing))
}

impl Restriction {
    /// Never called, as there is none.
    pub fn put_on(&self) -> io::Result<()> {
        match self.0 {}
    }
}
