//! The files that a person may mention to an agent: those of its worktree as git sees them, the best fit first.
//!
//! A key press reads a list that is kept. The list is made anew when git's index changed; what only lies in the worktree
//! and is not in the index yet is found by a look behind the answer.

use crate::engine::Engine;
use crate::work::WorkError;
use qd_core::fuzzy::Searchable;
use qd_core::ids::{ProjectId, SessionId};
use qd_core::row::Project;
use qd_git::{ListedFile, ListingStamp};
use qd_wire::{FilesAnswer, FoundFile};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// So many files are told at most.
const MOST: usize = 50;
/// The lists of so many worktrees are kept.
const KEPT: usize = 16;
/// A list that is older is answered from and made anew behind the answer.
const FRESH: Duration = Duration::from_secs(2);
/// How much a change in the worktree counts among files that fit about as well.
const CHANGED: i32 = 120;
/// How much it counts to be touched by the newest commits; later ones count less.
const TOUCHED: i32 = 100;

/// The lists that are kept, by worktree.
#[derive(Default)]
pub(crate) struct Lists(Mutex<HashMap<PathBuf, Kept>>);

#[derive(Clone)]
struct Kept {
    stamp: ListingStamp,
    made: Instant,
    /// Whether it is being made anew.
    renewing: bool,
    files: Arc<[Candidate]>,
}

struct Candidate {
    path: String,
    searchable: Searchable,
    changed: bool,
    recent: i32,
}

impl Lists {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list of a worktree that looks like `stamp`, and whether the caller is the one to renew it.
    fn get(&self, worktree: &Path, stamp: &ListingStamp) -> Option<(Arc<[Candidate]>, bool)> {
        let mut lists = self.lock();
        let kept = lists.get_mut(worktree).filter(|kept| kept.stamp == *stamp)?;
        let renew = !kept.renewing && kept.made.elapsed() > FRESH;
        kept.renewing |= renew;
        Some((Arc::clone(&kept.files), renew))
    }

    fn put(&self, worktree: PathBuf, stamp: ListingStamp, files: Arc<[Candidate]>) {
        let mut lists = self.lock();
        if lists.len() >= KEPT && !lists.contains_key(&worktree) {
            lists.clear();
        }
        lists.insert(worktree, Kept { stamp, made: Instant::now(), renewing: false, files });
    }

    fn forget(&self, worktree: &Path) {
        self.lock().remove(worktree);
    }
}

impl Engine {
    /// The files of the worktree of a session's task, or of the project where it has none. `None` without such a session.
    pub async fn files_of_session(&self, id: SessionId, query: &str) -> Result<Option<FilesAnswer>, WorkError> {
        let found = self.read(|state| {
            let task = state.task(state.session(id)?.task)?;
            let standing = task.standing();
            Some((state.project(task.project)?.clone(), standing.map(|branch| PathBuf::from(&branch.path))))
        });
        let Some((project, worktree)) = found else { return Ok(None) };
        let worktree = worktree.filter(|path| path.is_dir()).unwrap_or_else(|| PathBuf::from(&project.path));
        self.files(project, worktree, query).await.map(Some)
    }

    /// The files of a project's checkout. `None` without such a project.
    pub async fn files_of_project(&self, id: ProjectId, query: &str) -> Result<Option<FilesAnswer>, WorkError> {
        let Some(project) = self.read(|state| state.project(id).cloned()) else { return Ok(None) };
        let checkout = PathBuf::from(&project.path);
        self.files(project, checkout, query).await.map(Some)
    }

    async fn files(&self, project: Project, worktree: PathBuf, query: &str) -> Result<FilesAnswer, WorkError> {
        let stamp = ListingStamp::of(&worktree);
        let files = match self.inner.mentions.get(&worktree, &stamp) {
            None => self.list(&project, &worktree, stamp).await?,
            Some((files, renew)) => {
                if renew {
                    self.renew(project, worktree);
                }
                files
            }
        };
        Ok(best(&files, &query.to_lowercase()))
    }

    async fn list(
        &self,
        project: &Project,
        worktree: &Path,
        stamp: ListingStamp,
    ) -> Result<Arc<[Candidate]>, WorkError> {
        let listed = self.repo(project).await?.list_files(worktree).await?;
        let files: Arc<[Candidate]> = listed.iter().filter_map(candidate).collect();
        self.inner.mentions.put(worktree.to_owned(), stamp, Arc::clone(&files));
        Ok(files)
    }

    fn renew(&self, project: Project, worktree: PathBuf) {
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            let stamp = ListingStamp::of(&worktree);
            let listed = engine.inner.shutdown.run_until_cancelled(engine.list(&project, &worktree, stamp)).await;
            if let Some(Err(error)) = listed {
                tracing::debug!(%error, "the files of a worktree could not be listed");
                engine.inner.mentions.forget(&worktree);
            }
        });
    }
}

/// What a name with a line end or bytes that are no text would do to a message is not worth having it.
fn candidate(file: &ListedFile) -> Option<Candidate> {
    let path = file.plain().filter(|path| can_be_mentioned(path))?;
    let touched = file.touched.map_or(0, |place| TOUCHED - i32::try_from(place).unwrap_or(TOUCHED).min(TOUCHED));
    Some(Candidate {
        path: path.to_owned(),
        searchable: Searchable::new(path),
        changed: file.changed,
        recent: touched + if file.changed { CHANGED } else { 0 },
    })
}

/// A path with spaces is mentioned in quotes, and nothing takes the meaning from a quote within them.
fn can_be_mentioned(path: &str) -> bool {
    !(path.contains('"') && path.contains(char::is_whitespace))
}

fn best(files: &[Candidate], query: &str) -> FilesAnswer {
    let mut total = 0;
    // The worst of the best stands on top; among equals the first path wins.
    let mut heap: BinaryHeap<Reverse<(i32, Reverse<usize>)>> = BinaryHeap::with_capacity(MOST + 1);
    for (at, file) in files.iter().enumerate() {
        let Some(fit) = file.searchable.fit(query) else { continue };
        total += 1;
        heap.push(Reverse((fit + file.recent, Reverse(at))));
        if heap.len() > MOST {
            heap.pop();
        }
    }
    let found = |Reverse((_, Reverse(at))): &Reverse<(i32, Reverse<usize>)>| {
        let file = &files[*at];
        FoundFile { path: file.path.clone(), changed: file.changed }
    };
    FilesAnswer { files: heap.into_sorted_vec().iter().map(found).collect(), more: total > MOST }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qd_git::GitPath;

    fn listed(path: &str, changed: bool, touched: Option<usize>) -> ListedFile {
        ListedFile { path: GitPath::from(path), changed, touched }
    }

    fn names(files: &[ListedFile], query: &str) -> Vec<String> {
        let candidates: Vec<Candidate> = files.iter().filter_map(candidate).collect();
        best(&candidates, query).files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn without_a_query_what_is_worked_on_comes_first() {
        let files = [
            listed("a.rs", false, None),
            listed("b.rs", false, Some(7)),
            listed("c.rs", true, None),
            listed("d.rs", false, Some(0)),
        ];
        assert_eq!(names(&files, ""), ["c.rs", "d.rs", "b.rs", "a.rs"]);
    }

    #[test]
    fn a_better_kind_of_fit_beats_what_is_recent() {
        let files = [listed("lib/composer/x.rs", true, Some(0)), listed("composer.rs", false, None)];
        assert_eq!(names(&files, "comp"), ["composer.rs", "lib/composer/x.rs"]);
    }

    #[test]
    fn what_would_break_a_mention_is_left_out() {
        let files = [listed("a\nb", false, None), listed("say \"x\".md", false, None), listed("it\"s.md", false, None)];
        assert_eq!(names(&files, ""), ["it\"s.md"]);
    }

    #[test]
    fn a_key_press_among_ten_thousand_files_is_quick_and_answers_fifty() {
        let files: Vec<ListedFile> =
            (0..10_000).map(|n| listed(&format!("src/module_{}/part_{n}.rs", n % 97), false, None)).collect();
        let candidates: Vec<Candidate> = files.iter().filter_map(candidate).collect();
        let began = std::time::Instant::now();
        let answer = best(&candidates, "modpart99");
        // Ten times what it takes without optimisation on a busy machine.
        assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
        assert!(answer.more && answer.files.len() == MOST);
    }
}
