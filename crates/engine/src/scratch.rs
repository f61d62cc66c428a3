//! What git calls put aside for as long as they need it: `<data>/scratch`. Whoever put it there takes it away; after a
//! crash this does.

use crate::engine::Engine;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What was not touched for so long is of nobody that runs.
const FORGOTTEN: Duration = Duration::from_hours(24);

impl Engine {
    /// Removes what nobody has touched for a day.
    pub(crate) async fn collect_scratch(&self) {
        let dir = self.config().data_dir.join("scratch");
        let before = UNIX_EPOCH + Duration::from_millis(self.config().clock.now().0) - FORGOTTEN;
        let collected = tokio::task::spawn_blocking(move || collect(&dir, before)).await;
        match collected.map_err(io::Error::other).flatten() {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "temporary folders that a crash left were removed"),
            Err(error) => tracing::warn!(%error, "temporary folders could not be removed"),
        }
    }
}

fn collect(dir: &Path, before: SystemTime) -> io::Result<usize> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let meta = entry.metadata()?;
        // Whoever works in a folder makes and takes away files in it all the time.
        if meta.is_dir() && meta.modified()? < before {
            fs::remove_dir_all(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_since_stays() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(collect(&dir.path().join("none"), SystemTime::UNIX_EPOCH).unwrap(), 0);
        fs::create_dir(dir.path().join("one")).unwrap();
        let made = dir.path().join("one").metadata().unwrap().modified().unwrap();
        assert_eq!(collect(dir.path(), made).unwrap(), 0);
        assert!(dir.path().join("one").exists());
        assert_eq!(collect(dir.path(), made + Duration::from_millis(1)).unwrap(), 1);
        assert!(!dir.path().join("one").exists());
    }
}
