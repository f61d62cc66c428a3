//! Looking at the same worktree again and again: what was found last is not found out anew.
//!
//! Between two looks an index stays, in which git has everything that it took in before. It is gone on with only as long
//! as one that is made now would come to the same: the user's index, what the work is compared with, the configuration,
//! and what decides about ignored and converted files around everything that changed, must be what they were. Whatever
//! else happens is answered as [`Repo::snapshot`] would answer it.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::changes::Changes;
use crate::command::{GitError, text};
use crate::ids::{BlobId, CommitId};
use crate::index_file::{By, IndexFile, Moved};
use crate::path::GitPath;
use crate::repo::Repo;
use crate::snapshot::{Folder, Objects, Snapshot, TempIndex, may_overlook};
use crate::standing::{Departure, FileStamp};
use crate::surroundings::{Folders, Settings, Surroundings};

/// A folder to which more than this was written after the first look is left for a new one, in bytes.
const WRITTEN: u64 = 64 << 20;
/// What a look writes beside the contents of files, about.
const TREES: u64 = 64 << 10;
/// So many indexes are made in one folder.
const MADE: u32 = 1_000;

/// What tells the C library to keep memory, in bytes.
const KEEP_MEMORY: [(&str, &str); 2] = [("MALLOC_TRIM_THRESHOLD_", "67108864"), ("MALLOC_TOP_PAD_", "16777216")];

/// A worktree as it was at one moment, and what it had changed.
#[derive(Debug)]
pub struct Seen {
    /// Its content.
    pub snapshot: Snapshot,
    /// What changed.
    pub changes: Changes,
}

/// From where one worktree is looked at. One look at a time.
#[derive(Debug, Default)]
pub struct Lookout(tokio::sync::Mutex<Option<Kept>>);

/// What stays between two looks.
#[derive(Debug)]
struct Kept {
    worktree: PathBuf,
    exclude: Vec<GitPath>,
    departure: Departure,
    begun: Begun,
    /// Our index as the last look left it.
    own: FileStamp,
    seen: Arc<Seen>,
    /// Whether the next look may go on from here.
    settled: bool,
}

impl Kept {
    fn goes_on(&self, question: Question<'_>, theirs: &IndexStamp) -> bool {
        self.settled
            && self.departure.merge_base == *question.merge_base()
            && self.begun.theirs == *theirs
            && self.begun.place.has_room()
            && self.begun.surroundings.still_hold(question.worktree)
    }
}

/// An index that began as a copy of the user's.
#[derive(Debug)]
struct Begun {
    /// The user's.
    theirs: IndexStamp,
    documents: Documents,
    place: Place,
    index: Arc<TempIndex>,
    surroundings: Surroundings,
}

/// The files of a look.
#[derive(Debug, Clone)]
struct Place {
    folder: Arc<Folder>,
    made: u32,
    written: u64,
}

impl Place {
    fn new(repo: &Repo) -> Result<Self, GitError> {
        Ok(Self { folder: Arc::new(Folder::new(repo, Objects::Scratch)?), made: 0, written: 0 })
    }

    fn own_name(&self) -> String {
        format!("index-{}", self.made)
    }

    /// Our index.
    fn own(&self) -> PathBuf {
        self.folder.path(&self.own_name())
    }

    fn has_room(&self) -> bool {
        self.written < WRITTEN && self.made < MADE
    }

    /// The user's index, from which ours began.
    fn theirs(&self) -> PathBuf {
        self.folder.path(&format!("theirs-{}", self.made))
    }

    /// Our index before this look.
    fn before(&self) -> PathBuf {
        self.folder.path("before")
    }

    /// The time on the clock of the disk, in nanoseconds.
    fn clock(&self) -> io::Result<i128> {
        let path = self.folder.path("clock");
        std::fs::write(&path, [])?;
        let age = path.metadata()?.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(i128::try_from(age.as_nanos()).unwrap_or(i128::MAX))
    }

    fn forget(&self) {
        let own = self.own();
        for path in [self.folder.path(&format!("{}.lock", self.own_name())), own, self.theirs()] {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What the merge base holds where nothing counts as changed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Documents {
    of: CommitId,
    entries: Vec<(Vec<u8>, u32, BlobId)>,
}

/// By what an index is known again: its stamp, and the sum over its content with which it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IndexStamp(FileStamp, Vec<u8>);

impl IndexStamp {
    fn of(path: &Path, name: usize) -> Self {
        let sum = || -> io::Result<Vec<u8>> {
            use std::io::{Read as _, Seek as _};
            let mut file = std::fs::File::open(path)?;
            file.seek(io::SeekFrom::End(-i64::try_from(name).unwrap_or_default()))?;
            let mut sum = Vec::new();
            file.read_to_end(&mut sum)?;
            Ok(sum)
        };
        Self(FileStamp::of(path), sum().unwrap_or_default())
    }
}

/// What a look needs to know.
#[derive(Clone, Copy)]
struct Question<'q> {
    worktree: &'q Path,
    exclude: &'q [GitPath],
    departure: &'q Departure,
}

impl Question<'_> {
    fn merge_base(&self) -> &CommitId {
        &self.departure.merge_base
    }

    /// Bytes in the name of an object.
    fn name(&self) -> usize {
        self.merge_base().as_str().len() / 2
    }
}

/// What was found, and from what the next look can go on.
type Found = (Arc<Seen>, Option<Kept>);

impl Repo {
    /// Takes a snapshot as [`snapshot`](Self::snapshot) does and says what changed. Where little happened since the last
    /// look from `lookout` this takes at most three git processes, and one where nothing happened.
    pub async fn look(
        &self,
        lookout: &Lookout,
        worktree: &Path,
        base: &CommitId,
        exclude: &[GitPath],
    ) -> Result<Arc<Seen>, GitError> {
        let mut place = lookout.0.lock().await;
        // Taken out: what a look that was given up left behind is not gone on with.
        let kept = place.take().filter(|kept| kept.worktree == worktree && kept.exclude == exclude);
        if exclude.iter().all(|path| is_a_place_of_its_own(worktree, path))
            && let Ok(Some((seen, kept))) = Box::pin(self.look_from(kept, worktree, base, exclude)).await
        {
            *place = kept;
            return Ok(seen);
        }
        let snapshot = self.snapshot(worktree, base, exclude).await?;
        let changes = snapshot.changes().await?;
        Ok(Arc::new(Seen { snapshot, changes }))
    }

    /// None where only [`snapshot`](Self::snapshot) tells exactly what there is.
    async fn look_from(
        &self,
        kept: Option<Kept>,
        worktree: &Path,
        base: &CommitId,
        exclude: &[GitPath],
    ) -> Result<Option<Found>, GitError> {
        let known = kept.as_ref().map(|kept| &kept.departure);
        let (_, Some(departure)) = self.departure(worktree, base, known).await? else { return Ok(None) };
        let question = Question { worktree, exclude, departure: &departure };
        let theirs = self.index_of(worktree).await?;
        let stamp = IndexStamp::of(&theirs, question.name());
        if kept.as_ref().is_none_or(|kept| kept.begun.theirs != stamp) && may_overlook(&theirs)? {
            return Ok(None);
        }
        let kept = match kept {
            Some(kept) if kept.goes_on(question, &stamp) => match self.look_again(question, kept).await {
                Ok(found @ Some(_)) => return Ok(found),
                // Objects that it relied on may be gone: everything anew.
                Ok(None) | Err(_) => None,
            },
            kept => kept,
        };
        self.look_anew(question, kept, &theirs, stamp).await
    }

    /// Goes on from what the last look left.
    async fn look_again(&self, question: Question<'_>, kept: Kept) -> Result<Option<Found>, GitError> {
        let own = kept.begun.place.own();
        relink(&own, &kept.begun.place.before())?;
        let since = kept.begun.place.clock().map_err(GitError::io(&own))?;
        if !self.take_in(question, &kept.begun.index, New::Few).await? {
            return Ok(None);
        }
        if FileStamp::of(&own) == kept.own {
            let kept = Kept { departure: question.departure.clone(), ..kept };
            return Ok(Some((Arc::clone(&kept.seen), Some(kept))));
        }
        self.finish(question, kept.begun, Some(kept.seen), since).await
    }

    /// Begins with the user's index. What was counted before is still true where the same decides about it.
    async fn look_anew(
        &self,
        question: Question<'_>,
        kept: Option<Kept>,
        theirs: &Path,
        stamp: IndexStamp,
    ) -> Result<Option<Found>, GitError> {
        let Question { worktree, exclude, .. } = question;
        let known = kept.as_ref().map(|kept| &kept.begun);
        let settings = match known.map(|known| &known.surroundings.settings).filter(|settings| settings.still_hold()) {
            Some(settings) => settings.clone(),
            None => match Settings::read(self, worktree).await? {
                Some(settings) => settings,
                None => return Ok(None),
            },
        };
        let documents = match known.map(|known| &known.documents).filter(|known| known.of == *question.merge_base()) {
            Some(documents) => documents.clone(),
            None => self.documents(question).await?,
        };
        let mut place = match known.map(|known| &known.place).filter(|place| place.has_room()) {
            Some(place) => place.clone(),
            None => Place::new(self)?,
        };
        let _ = std::fs::remove_file(place.before());
        if let Some(known) = known {
            relink(&known.place.own(), &place.before())?;
            known.place.forget();
        }
        place.made += 1;
        let (own, name) = (place.own(), place.own_name());
        let index = Arc::new(TempIndex::copied(self, worktree, theirs, Arc::clone(&place.folder), &name)?);
        relink(&own, &place.theirs())?;
        let folders = known.map(|known| known.surroundings.folders.now(worktree)).unwrap_or_default();
        let surroundings = Surroundings { settings, folders };
        if !documents.are_in(&own, exclude, question.name()) {
            index.take_from(self, question.merge_base(), exclude).await?;
        }
        let since = place.clock().map_err(GitError::io(&own))?;
        if !self.take_in(question, &index, New::Many).await? {
            return Ok(None);
        }
        let same = |kept: &Kept| {
            kept.settled
                && kept.departure.merge_base == *question.merge_base()
                && kept.begun.surroundings == surroundings
        };
        let last = kept.filter(same).map(|kept| kept.seen);
        let begun = Begun { theirs: stamp, documents, place, index, surroundings };
        self.finish(question, begun, last, since).await
    }

    /// Brings in what is in the worktree. False where something could not be read.
    async fn take_in(&self, question: Question<'_>, index: &TempIndex, new: New) -> Result<bool, GitError> {
        let but = question.exclude.iter().map(|path| {
            let mut argument = OsString::from(":(top,exclude,literal)");
            argument.push(path);
            argument
        });
        let paths: Vec<OsString> = std::iter::once(OsString::from(".")).chain(but).collect();
        let add = || {
            // Memory that was used for a file is not given back before the next one: that alone takes git as long as
            // all the rest (mallopt(3)).
            let memory = KEEP_MEMORY.map(|(name, bytes)| (name, bytes.into()));
            let add = index.git(self, "add").var("GIT_LITERAL_PATHSPECS", "0").vars(&memory);
            add.args(["-A", "--ignore-errors"]).paths(&paths)
        };
        if new == New::Many {
            // As if each file were large: then all go into one pack, in place of a file for each. Nobody needs them
            // after a crash.
            let add = add().config("core.bigFileThreshold", "1").config("pack.compression", "1");
            let answer = add.config("core.fsync", "none").answer().await?;
            if let Some(code @ (0 | 1)) = answer.code() {
                return Ok(code == 0);
            }
            // A file that is cut while it goes into a pack ends git.
        }
        let answer = add().answer().await?;
        match answer.code() {
            Some(code @ (0 | 1)) => Ok(code == 0),
            _ => Err(answer.failed()),
        }
    }

    /// Tells what the index now holds, and whether the next look may go on from it. `last` is what `before` held.
    async fn finish(
        &self,
        question: Question<'_>,
        mut begun: Begun,
        last: Option<Arc<Seen>>,
        since: i128,
    ) -> Result<Option<Found>, GitError> {
        let files = [begun.place.before(), begun.place.theirs(), begun.place.own()];
        let name = question.name();
        let compared = tokio::task::spawn_blocking(move || Compared::of(&files, name)).await.ok().flatten();
        let seen = match (last, &compared) {
            (Some(last), Some(compared)) if compared.moved.is_empty() => last,
            (last, compared) => {
                let tree = begun.index.write_tree(self).await?;
                let snapshot = Snapshot::of(self, question.merge_base(), tree, Arc::clone(&begun.index));
                let changes = match last.zip(compared.as_ref()) {
                    Some((last, compared)) => snapshot.changes_since(&last.changes, &compared.moved).await?,
                    None => None,
                };
                let changes = if let Some(changes) = changes { changes } else { snapshot.changes().await? };
                Arc::new(Seen { snapshot, changes })
            }
        };
        let own = FileStamp::of(&begun.place.own());
        let Some(compared) = compared else { return Ok(Some((seen, None))) };
        let changed = seen.changes.files.iter().flat_map(|file| [Some(&file.path), file.old_path.as_ref()]).flatten();
        let around = changed.chain(compared.derived.iter().map(|moved| &moved.path));
        let folders = Folders::around(question.worktree, around);
        // A repository within is looked at by git only where nothing in it is known.
        let plain = !compared.derived.iter().any(|moved| moved.submodule);
        let settled = plain
            && folders
                .as_ref()
                .is_some_and(|folders| folders.settled(question.worktree, &begun.surroundings.folders, since));
        begun.place.written += TREES + compared.written;
        begun.surroundings.folders = folders.unwrap_or_default();
        let kept = Kept {
            worktree: question.worktree.to_owned(),
            exclude: question.exclude.to_vec(),
            departure: question.departure.clone(),
            begun,
            own,
            seen: Arc::clone(&seen),
            settled,
        };
        Ok(Some((seen, Some(kept))))
    }

    /// Reads what the merge base holds at `exclude`.
    async fn documents(&self, question: Question<'_>) -> Result<Documents, GitError> {
        let of = question.merge_base().clone();
        if question.exclude.is_empty() {
            return Ok(Documents { of, entries: Vec::new() });
        }
        let listed = self
            .read(question.worktree, "ls-tree")
            .args(["-r", "-z", "--full-tree", of.as_str()])
            .paths(question.exclude)
            .ok()
            .await?;
        let entries = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()).map(entry).collect();
        let unexpected = || GitError::Unexpected { command: "ls-tree".to_owned() };
        Ok(Documents { of, entries: Option::<Vec<_>>::ok_or_else(entries, unexpected)? })
    }
}

/// How much is expected to be new to git.
#[derive(Clone, Copy, PartialEq, Eq)]
enum New {
    Few,
    Many,
}

/// `100644 blob NAME<tab>path`.
fn entry(line: &[u8]) -> Option<(Vec<u8>, u32, BlobId)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let mut facts = text(line.get(..tab)?)?.split(' ');
    let mode = u32::from_str_radix(facts.next()?, 8).ok()?;
    Some((line.get(tab + 1..)?.to_vec(), mode, BlobId::parse(facts.nth(1)?)?))
}

impl Documents {
    /// Whether the index in this file has exactly these at `exclude`.
    fn are_in(&self, index: &Path, exclude: &[GitPath], name: usize) -> bool {
        let Some(index) = read_index(index, name) else { return false };
        let mut known = self.entries.iter();
        let mut same =
            index.entries().filter(|entry| exclude.iter().any(|folder| entry.is_within(folder))).map(|entry| {
                let known = known.next();
                known.is_some_and(|(path, mode, blob)| *path == entry.path && entry.is_plainly(*mode, blob))
            });
        same.all(|same| same) && known.next().is_none()
    }
}

/// In what our index differs from those that were before.
struct Compared {
    /// From the last look.
    moved: Vec<Moved>,
    /// From the user's index: all that git found out for us.
    derived: Vec<Moved>,
    /// How many bytes are new since the last look.
    written: u64,
}

impl Compared {
    /// None where an index is not of a kind that can be read here.
    fn of([before, theirs, own]: &[PathBuf; 3], name: usize) -> Option<Self> {
        let own = read_index(own, name)?;
        let derived = read_index(theirs, name)?.moved(&own, By::Anything);
        if !before.exists() {
            return Some(Self { moved: derived.clone(), derived, written: 0 });
        }
        let moved = read_index(before, name)?.moved(&own, By::Content);
        let written = moved.iter().map(|moved| moved.size).sum();
        Some(Self { moved, derived, written })
    }
}

fn read_index(path: &Path, name: usize) -> Option<IndexFile> {
    match std::fs::read(path) {
        Ok(bytes) => IndexFile::read(bytes, name),
        // A repository in which nothing was ever added has none.
        Err(error) => (error.kind() == io::ErrorKind::NotFound).then(|| IndexFile::empty(name)),
    }
}

/// Lets `to` be what `from` is now. Git replaces an index, it does not write into it.
fn relink(from: &Path, to: &Path) -> Result<(), GitError> {
    let missing = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    };
    let link = || missing(std::fs::remove_file(to)).and_then(|()| missing(std::fs::hard_link(from, to)));
    link().map_err(GitError::io(to))
}

/// Whether nothing that lies in a folder above `path` can take its place; and of what ends with a slash, nothing that
/// is no folder.
fn is_a_place_of_its_own(worktree: &Path, path: &GitPath) -> bool {
    let place = path.as_path();
    let plain = place.file_name().is_some() && place.components().all(|part| matches!(part, Component::Normal(_)));
    let above = place.ancestors().skip(usize::from(!path.as_bytes().ends_with(b"/")));
    plain
        && above.map(|folder| worktree.join(folder)).all(|folder| match folder.symlink_metadata() {
            Ok(meta) => meta.is_dir(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        })
}
