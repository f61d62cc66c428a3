//! Everything the product asks of git: worktrees, what changed, keeping work, discarding it, and both undone.
//!
//! All calls go through one command builder and run the user's own `git`. This crate knows repositories; it must
//! not know tasks, sessions or the store. Two invariants: reading never writes into the user's repository, and no
//! ref, worktree or file goes away before all that it held is reachable from a ref under `refs/quarterdeck/`.

mod change_parser;
mod command;

pub mod back;
pub mod changes;
pub mod checkout;
pub mod discard;
pub mod env;
pub mod ids;
pub mod keep;
pub mod listing;
pub mod merge;
pub mod moment;
pub mod path;
pub mod repo;
pub mod save;
pub mod snapshot;
pub mod worktree;

pub use back::{BackError, WentBack};
pub use changes::{Changes, Diff, FileChange, Status};
pub use checkout::Refusal;
pub use command::GitError;
pub use discard::{DiscardError, DiscardReceipt};
pub use env::GitEnv;
pub use ids::{CommitId, TreeHash};
pub use keep::{KeepError, KeepOutcome, KeepReceipt, KeepRequest, Landing, PreparedKeep, UndoOutcome};
pub use listing::{ListedFile, ListingStamp};
pub use merge::{Hunk, Merged, merge_text};
pub use moment::{KeptIndex, Moment};
pub use path::GitPath;
pub use repo::{Head, OpenError, Repo};
pub use save::Saved;
pub use snapshot::Snapshot;
pub use worktree::{CreateError, RemoveError, Worktree};
