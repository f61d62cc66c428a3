//! The data directory: made where it is missing, and held by one process. The lock is the operating system's, so
//! that it falls with the process however that ends; the lock file stays and says nothing.

use crate::error::OpenError;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// How often a lock is tried for, and the time between.
const PATIENCE: u32 = 25;
const PAUSE: Duration = Duration::from_millis(20);

/// The data directory, held until this is dropped.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
}

impl Claim {
    /// Takes `dir`, making it (for the owner alone) where it is missing.
    pub fn take(dir: &Path) -> Result<Self, OpenError> {
        if !dir.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| {
                let path = dir.to_path_buf();
                match source.kind() {
                    _ if dir.exists() => OpenError::NotADirectory { path },
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full { path },
                    _ => OpenError::CannotMake { path, source },
                }
            })?;
        }
        let path = dir.join("lock");
        let lock = private(&path)?;
        // A child that is between fork and exec holds what its parent just gave up.
        for _ in 0..PATIENCE {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { _lock: lock }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(source)) => return Err(refused(&path, source)),
            }
        }
        Err(OpenError::Locked { path: dir.to_path_buf() })
    }
}

/// Opens a file for writing, making it for the owner alone where it is missing.
pub fn private(path: &Path) -> Result<File, OpenError> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|e| refused(path, e))
}

fn refused(path: &Path, source: Error) -> OpenError {
    let path = path.to_path_buf();
    match source.kind() {
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => OpenError::ReadOnly { path, source },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full { path },
        _ => OpenError::Io { path, source: Box::new(source) },
    }
}
