//! The commits of a worktree made anew on top of another branch, without a checkout: author, time and message stay.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use crate::command::{GitError, text};
use crate::ids::{CommitId, TreeHash};
use crate::keep::KeepError;
use crate::path::GitPath;
use crate::repo::Repo;

/// What is said of a commit, beside its tree and its parents.
#[derive(Debug, PartialEq, Eq)]
struct Words {
    name: OsString,
    address: OsString,
    date: OsString,
    encoding: Option<String>,
    message: Vec<u8>,
}

impl Repo {
    /// Makes what `worktree` has committed since it left `onto` anew on top of it; merges are passed over, and what
    /// changes nothing there. The last of them.
    pub(crate) async fn replay(
        &self,
        worktree: &Path,
        onto: &CommitId,
        exclude: &[GitPath],
    ) -> Result<CommitId, KeepError> {
        let unexpected = || GitError::Unexpected { command: "rev-list".to_owned() };
        let options = ["--reverse", "--topo-order", "--no-merges", "--parents", "HEAD", "--not", onto.as_str()];
        let listed = self.read(worktree, "rev-list").args(options).ok().await?;
        let mut tip = onto.clone();
        for line in text(&listed).ok_or_else(unexpected)?.lines() {
            let mut ids = line.split(' ').map(CommitId::parse);
            let commit = ids.next().flatten().ok_or_else(unexpected)?;
            // One without a parent has no change of its own.
            let Some(Some(parent)) = ids.next() else { continue };
            let words = self.words(&commit).await?;
            let tree = match self.merge_onto(&tip, &parent, &self.tree_of(&commit).await?).await? {
                Ok(tree) => self.without(worktree, &tree, onto, exclude).await?,
                Err(paths) => return Err(KeepError::NotReplayable { subject: subject(&words.message), paths }),
            };
            if tree != self.tree_of(&tip).await? {
                tip = self.commit_like(&words, &tree, &tip).await?;
            }
        }
        Ok(tip)
    }

    async fn words(&self, commit: &CommitId) -> Result<Words, GitError> {
        let object = self.read(&self.root, "cat-file").args(["commit", commit.as_str()]).ok().await?;
        parse(&object).ok_or_else(|| GitError::Unexpected { command: "cat-file".to_owned() })
    }

    async fn commit_like(&self, words: &Words, tree: &TreeHash, parent: &CommitId) -> Result<CommitId, GitError> {
        let mut git = self.write(&self.root, "commit-tree").config("user.useConfigOnly", "true");
        if let Some(encoding) = &words.encoding {
            git = git.config("i18n.commitEncoding", encoding);
        }
        git.args([tree.as_str(), "-p", parent.as_str()])
            .args(self.signing().await?)
            .args(["-F", "-"])
            .stdin(words.message.clone())
            .var("GIT_AUTHOR_NAME", &words.name)
            .var("GIT_AUTHOR_EMAIL", &words.address)
            .var("GIT_AUTHOR_DATE", &words.date)
            .commit()
            .await
    }
}

/// `author Name <address> 1700000000 +0100`, among other headers, and the message behind an empty line.
fn parse(object: &[u8]) -> Option<Words> {
    let end = object.windows(2).position(|pair| pair == b"\n\n")?;
    let (headers, message) = (object.get(..end)?, object.get(end + 2..)?);
    let header = |name: &[u8]| headers.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name));
    let author = header(b"author ")?;
    let open = author.iter().position(|byte| *byte == b'<')?;
    let close = author.iter().rposition(|byte| *byte == b'>')?;
    let own = |bytes: &[u8]| OsString::from_vec(bytes.trim_ascii().to_vec());
    let mut date = OsString::from("@");
    date.push(OsStr::from_bytes(author.get(close + 1..)?.trim_ascii()));
    Some(Words {
        name: own(author.get(..open)?),
        address: own(author.get(open + 1..close)?),
        date,
        encoding: header(b"encoding ").and_then(text).map(str::to_owned),
        message: message.to_vec(),
    })
}

fn subject(message: &[u8]) -> String {
    String::from_utf8_lossy(message.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn author_time_and_message_are_read_byte_for_byte() {
        let object = b"tree aa\nparent bb\nauthor J\xf6rg <j@x.org> 1700000000 -0330\ncommitter C <c@x.org> 1 +0000\n\
            encoding latin1\n\nS\xfc\xdf\n\nmore\n";
        let words = parse(object).unwrap();
        assert_eq!(words.name.as_bytes(), b"J\xf6rg");
        assert_eq!((words.address.as_bytes(), words.date.as_bytes()), (&b"j@x.org"[..], &b"@1700000000 -0330"[..]));
        assert_eq!((words.encoding.as_deref(), &words.message[..]), (Some("latin1"), &b"S\xfc\xdf\n\nmore\n"[..]));
        assert_eq!(parse(b"tree aa\n"), None);
    }
}
