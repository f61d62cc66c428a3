//! Everything the product asks of git: worktrees, what changed, keeping work, discarding it, and both undone.
//!
//! All calls go through one command builder and run the user's own `git`. This crate knows repositories; it must
//! not know tasks, sessions or the store. Two invariants: reading never writes into the user's repository, and no
//! ref, worktree or file goes away before all that it held is reachable from a ref under `refs/quarterdeck/`.

mod change_parser;
mod command;
mod half_way;
mod index_file;
mod raw;
mod replay;
mod sparse;
mod standing;
mod surroundings;

pub mod back;
pub mod changes;
pub mod checkout;
pub mod commit;
pub mod discard;
pub mod env;
pub mod facts;
pub mod hunks;
pub mod ids;
pub mod keep;
pub mod listing;
pub mod lookout;
pub mod meet;
pub mod merge;
pub mod merging;
pub mod moment;
pub mod patch;
pub mod path;
pub mod remote;
pub mod repo;
pub mod revert;
pub mod save;
pub mod scratch;
pub mod snapshot;
pub mod spare;
pub mod trial;
pub mod update;
pub mod worktree;

pub use back::{BackError, WentBack};
pub use changes::{Changes, Diff, FileChange, Status};
pub use checkout::Refusal;
pub use command::GitError;
pub use commit::{CommitOutcome, CommitRequest};
pub use discard::{DiscardError, DiscardReceipt};
pub use env::GitEnv;
pub use facts::{Size, WorktreeFacts};
pub use hunks::{ChosenHunks, UncommittedHunk};
pub use ids::{BlobId, CommitId, TreeHash};
pub use keep::{How, KeepError, KeepOutcome, KeepReceipt, KeepRequest, Landing, PreparedKeep, UndoOutcome};
pub use listing::{ListedFile, ListingStamp};
pub use lookout::{Lookout, Seen};
pub use merge::{Hunk, Merged, merge_text};
pub use merging::Side;
pub use moment::{KeptIndex, Moment};
pub use path::GitPath;
pub use remote::{Pushed, Remote, RemoteError, Tips};
pub use repo::{Head, OpenError, Repo};
pub use revert::{RevertRequest, TakeBackRequest};
pub use save::Saved;
pub use snapshot::Snapshot;
pub use trial::{Prepared as PreparedTrial, TakenOut, Trial};
pub use update::{UpdateRequest, Updated};
pub use worktree::{CreateError, RemoveError, Worktree};
