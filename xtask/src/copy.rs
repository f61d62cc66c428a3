//! Copies of the workspace, to be changed and built: a proof that breaks the product never touches the tree itself.
//!
//! A file that is the same stays untouched, so that only what changed is built again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::{Run, tool};
use crate::workspace;

/// Files by their path below the root.
#[derive(Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// All files below these folders of the workspace, build results left out.
    pub fn of_workspace(folders: &[&str]) -> Result<Self> {
        let root = workspace::root();
        let mut found = BTreeMap::new();
        for folder in folders {
            for file in workspace::files(&root.join(folder))? {
                let name = file.strip_prefix(&root)?.to_string_lossy().into_owned();
                found.insert(name, fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
            }
        }
        Ok(Self(found))
    }

    /// Leaves out what is below `folder`.
    pub fn remove(&mut self, folder: &str) {
        self.0.retain(|name, _| !Path::new(name).starts_with(folder));
    }

    pub fn put(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), content.into());
    }

    /// Changes the text of one file.
    pub fn edit(&mut self, name: &str, edit: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let content = self.0.get_mut(name).with_context(|| format!("there is no {name}"))?;
        *content = edit(std::str::from_utf8(content)?).with_context(|| name.to_owned())?.into_bytes();
        Ok(())
    }

    /// Makes the copy in `tree` these files. In `folders` nothing else stays, except in `generated`.
    pub fn write(&self, tree: &Path, folders: &[&str], generated: &str) -> Result<()> {
        for (name, content) in &self.0 {
            put(&tree.join(name), content)?;
        }
        for file in folders.iter().flat_map(|folder| workspace::files(&tree.join(folder)).unwrap_or_default()) {
            let name = file.strip_prefix(tree)?;
            if !name.starts_with(generated) && !self.0.contains_key(name.to_string_lossy().as_ref()) {
                fs::remove_file(&file)?;
            }
        }
        Ok(())
    }
}

/// Writes a file, unless it is that already.
fn put(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// The workspace's own manifest with other members.
pub fn manifest(members: &[String]) -> Result<toml::Table> {
    let mut manifest: toml::Table = fs::read_to_string(workspace::root().join("Cargo.toml"))?.parse()?;
    let Some(workspace) = manifest.get_mut("workspace").and_then(toml::Value::as_table_mut) else {
        bail!("Cargo.toml has no workspace");
    };
    workspace.insert("members".to_owned(), members.to_vec().into());
    Ok(manifest)
}

/// A mutant: a patch in `crates/testkit/mutants/` that breaks one promise. Its first line says which (`breaks: I1`), the
/// second may add arguments for the model (`arguments: --sqlite`).
pub struct Mutant {
    pub name: String,
    pub breaks: String,
    pub arguments: Vec<String>,
    path: PathBuf,
}

impl Mutant {
    pub fn all() -> Result<Vec<Self>> {
        let mut found = Vec::new();
        for path in workspace::files(&workspace::root().join("crates/testkit/mutants"))? {
            let text = fs::read_to_string(&path)?;
            let line = |start: &str| text.lines().take(2).find_map(|line| line.strip_prefix(start)).map(str::trim);
            let breaks = line("breaks:").with_context(|| format!("{} does not say what it breaks", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let arguments = line("arguments:").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            found.push(Self { name, breaks: breaks.to_owned(), arguments, path });
        }
        if found.is_empty() {
            bail!("there is no mutant");
        }
        Ok(found)
    }

    /// Breaks the copy in `tree`.
    pub fn apply(&self, tree: &Path) -> Result<()> {
        let mut git = tool("git");
        // Not as a part of the repository around it, which ignores the folder.
        git.current_dir(tree).env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree));
        git.arg("apply").arg(&self.path);
        git.read().map(drop).with_context(|| format!("the mutant {} does not fit any more", self.name))
    }
}
