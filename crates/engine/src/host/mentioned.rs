//! The files that a prompt mentions, as far as they are there.

use qd_core::mention;
use std::path::{Component, Path, PathBuf};

/// Their absolute paths. What leads out of the worktree is left to the words.
pub(super) fn files(worktree: &Path, text: &str) -> Vec<PathBuf> {
    let within = |path: &&str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    let there = mention::paths(text).into_iter().filter(within).map(|path| worktree.join(path));
    there.filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::files;

    #[test]
    fn only_files_of_the_worktree_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let worktree = folder.path().join("work");
        std::fs::create_dir_all(worktree.join("src")).unwrap();
        for path in ["outside.md", "work/my notes.md", "work/src/a.rs"] {
            std::fs::write(folder.path().join(path), "").unwrap();
        }
        let text = "@src/a.rs @src @../outside.md @missing @\"my notes.md\" @someone";
        assert_eq!(files(&worktree, text), [worktree.join("src/a.rs"), worktree.join("my notes.md")]);
    }
}
