//! Under which surroundings git moves bytes unchanged between disk and objects: no line ends, no encoding, no filter.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use crate::command::GitError;
use crate::repo::Repo;

/// Variables for git. They hold as long as this does.
#[derive(Debug)]
pub(crate) struct Raw {
    pub vars: Vec<(&'static str, OsString)>,
    _plain: Option<TempDir>,
}

impl Repo {
    pub(crate) async fn raw(&self) -> Result<Raw, GitError> {
        let empty = self.empty_tree().await?;
        let pairs = [
            // Attributes are read from this tree in place of the worktree, and there are none in it.
            ("GIT_ATTR_SOURCE", empty.as_str()),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_CONFIG_COUNT", "4"),
            ("GIT_CONFIG_KEY_0", "core.autocrlf"),
            ("GIT_CONFIG_VALUE_0", "false"),
            ("GIT_CONFIG_KEY_1", "core.attributesFile"),
            ("GIT_CONFIG_VALUE_1", "/dev/null"),
            // Modes and links are what they are on disk, whatever git is to make of them.
            ("GIT_CONFIG_KEY_2", "core.fileMode"),
            ("GIT_CONFIG_VALUE_2", "true"),
            ("GIT_CONFIG_KEY_3", "core.symlinks"),
            ("GIT_CONFIG_VALUE_3", "true"),
        ];
        let mut vars: Vec<_> = pairs.map(|(name, value)| (name, OsString::from(value))).into();
        let plain = plain(&self.common_dir, &self.env.scratch)?;
        vars.extend(plain.as_ref().map(|folder| ("GIT_COMMON_DIR", folder.path().as_os_str().to_owned())));
        Ok(Raw { vars, _plain: plain })
    }
}

/// The git directory by other names, without `info/attributes`: nothing else turns those off. None where it has none.
fn plain(common_dir: &Path, scratch: &Path) -> Result<Option<TempDir>, GitError> {
    if !common_dir.join("info/attributes").exists() {
        return Ok(None);
    }
    let linked = || {
        let plain = TempDir::with_prefix_in("qd-plain-", scratch)?;
        std::fs::create_dir(plain.path().join("info"))?;
        for folder in ["", "info"] {
            for entry in std::fs::read_dir(common_dir.join(folder))? {
                let name = Path::new(folder).join(entry?.file_name());
                if name != Path::new("info") && name != Path::new("info/attributes") {
                    symlink(common_dir.join(&name), plain.path().join(name))?;
                }
            }
        }
        Ok(plain)
    };
    linked().map(Some).map_err(GitError::io(common_dir))
}
