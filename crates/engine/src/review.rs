//! What a person reviews of a task's work: one changed file, with its hunks, its colours, its lines and its bytes. All of
//! a tree: a file is shown as the list had it, also where the worktree has moved on meanwhile.

mod colours;

use crate::engine::Engine;
use crate::work::{WorkError, narrow};
use colours::Coloured;
use qd_core::blob::media_type;
use qd_core::ids::TaskId;
use qd_git::changes::SUBMODULE;
use qd_git::patch::{self, Side};
use qd_git::{BlobId, FileChange, GitPath, Seen};
use qd_wire::{DiffHunk, DiffLine, FileColours, FileContent, FileDiff, FileLines, LineSide, UncommittedHunk};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub(crate) use colours::Palette;

/// So many lines are given at once.
const LINES: usize = 5_000;

/// Which side of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSide {
    /// Before.
    Old,
    /// Now.
    New,
}

/// A changed file and where its contents are.
struct Found {
    seen: Arc<Seen>,
    file: FileChange,
}

impl Found {
    async fn content(&self, blob: &BlobId) -> Result<Option<Vec<u8>>, WorkError> {
        let is_submodule = [self.file.old_mode, self.file.new_mode].contains(&SUBMODULE);
        if is_submodule { Ok(None) } else { Ok(self.seen.snapshot.content(blob).await?) }
    }
}

impl Engine {
    /// One file of [`Engine::changes`], by the path that it has there. `tree` is that of the list; without it, or where it
    /// is known no more, the file is shown as it is now. `None` where it did not change.
    pub async fn file_diff(&self, task: TaskId, path: &str, tree: Option<&str>) -> Result<Option<FileDiff>, WorkError> {
        let Some(found) = self.changed_file(task, path, tree).await? else { return Ok(None) };
        let Found { seen, file } = &found;
        let diff = async { Ok(seen.snapshot.diff(file).await?) };
        // What it held before is asked only where it may be an image.
        let old = async { if file.binary { found.content(&file.old_blob).await } else { Ok(None) } };
        let (diff, old, new) = tokio::try_join!(diff, old, found.content(&file.new_blob))?;
        let is_image = |bytes: &Option<Vec<u8>>| bytes.as_ref().is_none_or(|bytes| media_type(bytes).is_some());
        let content = match (file.binary, file.old_mode == SUBMODULE || file.new_mode == SUBMODULE) {
            (_, true) => FileContent::Submodule,
            (true, _) if is_image(&old) && is_image(&new) => FileContent::Image,
            (true, _) => FileContent::Binary,
            (false, _) => FileContent::Text,
        };
        let mode = |mode: u32| (file.old_mode != file.new_mode && mode != 0).then(|| format!("{mode:o}"));
        Ok(Some(FileDiff {
            tree: seen.changes.tree.to_string(),
            content,
            old_mode: mode(file.old_mode),
            new_mode: mode(file.new_mode),
            hunks: patch::hunks(&diff.text).into_iter().map(hunk).collect(),
            new_lines: narrow(new.as_deref().map_or(0, |bytes| lines(bytes).count()) as u64),
            truncated: diff.truncated,
        }))
    }

    /// What of a file of the worktree is in no commit, in parts that can be committed alone; `None` without a worktree.
    pub async fn uncommitted_hunks(&self, task: TaskId, path: &str) -> Result<Option<Vec<UncommittedHunk>>, WorkError> {
        let Some((project, branch)) = self.standing_work(task)? else { return Ok(None) };
        let Ok(path) = GitPath::from_text(path) else { return Ok(Some(Vec::new())) };
        let found = self.repo(&project).await?.uncommitted_hunks(Path::new(&branch.path), &path).await?;
        Ok(Some(found.into_iter().map(|one| UncommittedHunk { id: one.id, hunk: hunk(one.hunk) }).collect()))
    }

    /// How the lines of both sides of a changed file are coloured.
    pub async fn file_colours(
        &self,
        task: TaskId,
        path: &str,
        tree: Option<&str>,
    ) -> Result<Option<FileColours>, WorkError> {
        let Some(found) = self.changed_file(task, path, tree).await? else { return Ok(None) };
        let file = &found.file;
        let old_path = file.old_path.as_ref().unwrap_or(&file.path);
        let (old, new) = tokio::try_join!(
            self.coloured(&found, &file.old_blob, old_path.to_string()),
            self.coloured(&found, &file.new_blob, file.path.to_string()),
        )?;
        let names = colours::NAMES.iter().map(|name| (*name).to_owned()).collect();
        Ok(Some(FileColours { old: old.to_vec(), new: new.to_vec(), names }))
    }

    async fn coloured(&self, found: &Found, blob: &BlobId, path: String) -> Result<Arc<Coloured>, WorkError> {
        let key = (blob.clone(), colours::name_of(&path));
        if let Some(known) = self.inner.palette.get(&key) {
            return Ok(known);
        }
        let Some(bytes) = found.content(blob).await? else { return Ok(Arc::default()) };
        let coloured = tokio::task::spawn_blocking(move || colours::colour(&path, &bytes)).await;
        let coloured = Arc::new(coloured.unwrap_or_default());
        self.inner.palette.put(key, Arc::clone(&coloured));
        Ok(coloured)
    }

    /// The lines `wanted`, counted from 1, that a changed file has now.
    pub async fn file_lines(
        &self,
        task: TaskId,
        path: &str,
        tree: Option<&str>,
        wanted: Range<u32>,
    ) -> Result<Option<FileLines>, WorkError> {
        let Some(found) = self.changed_file(task, path, tree).await? else { return Ok(None) };
        let bytes = found.content(&found.file.new_blob).await?.unwrap_or_default();
        let from = wanted.start.max(1);
        let count = wanted.end.saturating_sub(from) as usize;
        let told = lines(&bytes).skip(from as usize - 1).take(count.min(LINES));
        Ok(Some(FileLines { from, lines: told.map(|line| String::from_utf8_lossy(line).into_owned()).collect() }))
    }

    /// The bytes of one side of a changed file; `None` where it did not change or is not there on that side.
    pub async fn file_content(
        &self,
        task: TaskId,
        path: &str,
        tree: Option<&str>,
        side: FileSide,
    ) -> Result<Option<Vec<u8>>, WorkError> {
        let Some(found) = self.changed_file(task, path, tree).await? else { return Ok(None) };
        let blob = if side == FileSide::Old { &found.file.old_blob } else { &found.file.new_blob };
        found.content(blob).await
    }

    async fn changed_file(&self, task: TaskId, path: &str, tree: Option<&str>) -> Result<Option<Found>, WorkError> {
        let Some(seen) = self.work_of_tree(task, tree).await? else { return Ok(None) };
        let file = seen.changes.files.iter().find(|file| file.path.to_string() == path).cloned();
        Ok(file.map(|file| Found { seen, file }))
    }
}

/// The lines of a file without their newlines. What follows the last newline is a line where it is not empty.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

fn hunk(hunk: patch::Hunk) -> DiffHunk {
    let patch::Hunk { old, new, heading, lines } = hunk;
    DiffHunk { old, new, heading, lines: lines.into_iter().map(line).collect() }
}

fn line(line: patch::Line) -> DiffLine {
    let units = |at: usize| narrow(line.text.get(..at).unwrap_or_default().encode_utf16().count() as u64);
    DiffLine {
        side: match line.side {
            Side::Both => LineSide::Both,
            Side::Old => LineSide::Old,
            Side::New => LineSide::New,
        },
        words: line.words.iter().map(|word| (units(word.start), units(word.end))).collect(),
        unended: line.unended,
        text: line.text,
    }
}
