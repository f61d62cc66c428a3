//! Receipts: small files in the data directory that say what was begun or done, so that it can be repeated after a
//! crash and undone later. Each is replaced whole.

use crate::engine::Engine;
use crate::step::{self, Step};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Stores a receipt durably.
pub(crate) fn store(engine: &Engine, name: &str, receipt: &impl Serialize) -> io::Result<()> {
    replace(&path(engine, name), receipt)
}

/// Stores a receipt durably in its file.
pub(crate) fn replace(path: &Path, receipt: &impl Serialize) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(&serde_json::to_vec(receipt)?)?;
    file.sync_all()?;
    step::passed(Step::ReceiptFilled);
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()?;
    step::passed(Step::ReceiptStored);
    Ok(())
}

/// Loads a receipt; `None` where there is none that can be read.
pub(crate) fn load<T: DeserializeOwned>(engine: &Engine, name: &str) -> Option<T> {
    serde_json::from_slice(&fs::read(path(engine, name)).ok()?).ok()
}

/// Removes a receipt that is not needed any more.
pub(crate) fn remove(engine: &Engine, name: &str) {
    let _ = fs::remove_file(path(engine, name));
}

/// Removes the receipts called `NAME.kind` for whose name `goes` says so.
pub(crate) fn remove_all(engine: &Engine, kind: &str, goes: impl Fn(&str) -> bool) {
    // One that was cut off before it had its name goes, too.
    let ends = [format!(".{kind}.json"), format!(".{kind}.tmp")];
    for entry in fs::read_dir(engine.config().data_dir.join("receipts")).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let of = name.to_str().and_then(|name| ends.iter().find_map(|end| name.strip_suffix(end)));
        if of.is_some_and(&goes) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The file of a receipt.
pub(crate) fn path(engine: &Engine, name: &str) -> PathBuf {
    engine.config().data_dir.join("receipts").join(format!("{name}.json"))
}
