//! Where things are in this repository, and whether they changed since they
//! were last used to make something.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The folder of build results.
pub fn target() -> PathBuf {
    crate::shell::variable("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// All files below `folder` (or `folder` itself when it is a file), in order.
/// Build results and dependencies are not looked into.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, &mut found).with_context(|| format!("cannot read {}", folder.display()))?;
    found.sort();
    Ok(found)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    const SKIPPED: [&str; 6] = ["target", "node_modules", "dist", ".git", "test-results", "wasm-out"];
    if path.is_symlink() {
        return Ok(());
    }
    if !path.is_dir() {
        found.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), found)?;
        }
    }
    Ok(())
}

/// A digest of names and contents of everything below the given paths.
pub fn fingerprint(paths: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    for path in paths {
        for file in files(path)? {
            let content = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            hash.update(file.as_os_str().as_encoded_bytes());
            hash.update(content.len().to_le_bytes());
            hash.update(content);
        }
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

/// Remembers in a file from which inputs an output was made.
pub struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// The stamp kept in `file` for these inputs; `recipe` stands for how they are used.
    pub fn new(file: PathBuf, recipe: &str, inputs: &[PathBuf]) -> Result<Self> {
        Ok(Self { file, fingerprint: format!("{recipe} {}", fingerprint(inputs)?) })
    }

    /// Whether the output was made from exactly these inputs.
    pub fn is_current(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.fingerprint)
    }

    /// Says that it now was.
    pub fn keep(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.fingerprint).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_input_makes_the_stamp_stale() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        let stamp = || Stamp::new(folder.path().join("kept/stamp"), "1", std::slice::from_ref(&input)).unwrap();
        fs::write(&input, "a").unwrap();
        assert!(!stamp().is_current());
        stamp().keep().unwrap();
        assert!(stamp().is_current());
        fs::write(&input, "b").unwrap();
        assert!(!stamp().is_current());
    }

    #[test]
    fn a_renamed_input_makes_another_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "x").unwrap();
        let before = fingerprint(&[folder.path().to_path_buf()]).unwrap();
        fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        assert_ne!(before, fingerprint(&[folder.path().to_path_buf()]).unwrap());
    }
}
