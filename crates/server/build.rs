//! Lays the page out for embedding: `ui/dist`, which has compressed copies of its files. Where the page was not built, a
//! page that says how to build it takes its place, so that the crate always compiles.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const MISSING: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<title>Quarterdeck</title>
<p>This binary was built without its page. Run <code>cargo xtask build</code>, then start it again.</p>
</html>
";

fn main() -> Result<(), Box<dyn Error>> {
    let dist = set_by_cargo("CARGO_MANIFEST_DIR")?.join("../../ui/dist");
    let page = set_by_cargo("OUT_DIR")?.join("page");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = BTreeMap::new();
    if dist.join("index.html").exists() {
        read(&dist, &page, &mut files)?;
    } else {
        files.insert(page.join("index.html"), MISSING.into());
    }
    fs::create_dir_all(&page)?;
    remove_others(&page, &files)?;
    for (path, bytes) in files {
        write(&path, &bytes)?;
    }
    Ok(())
}

fn set_by_cargo(name: &str) -> Result<PathBuf, String> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| format!("cargo did not set {name}"))
}

/// What is to stand in `to`, by path.
fn read(from: &Path, to: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            read(&source, &target, files)?;
            continue;
        }
        files.insert(target, fs::read(&source)?);
    }
    Ok(())
}

fn remove_others(folder: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, files)?;
        } else if !files.contains_key(&path) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A file that is right already keeps its time, so that nothing is compiled again for it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
