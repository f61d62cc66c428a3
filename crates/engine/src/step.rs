//! The steps of jobs and starts, by name: a test cuts the server off at each of them. In the product nobody watches,
//! and a step costs a look at an empty cell.
//!
//! Must not know: what is done between two steps.

use std::sync::OnceLock;

/// What was just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A job was found; nothing of it is done in this run.
    JobTaken,
    /// A new text of a document stands beside its file.
    DocumentFilled,
    /// It has changed places with the file.
    DocumentExchanged,
    /// The file has the text and what it had before is gone; or a new file has its name.
    DocumentPlaced,
    /// A receipt is written and has not its name yet.
    ReceiptFilled,
    /// A receipt has its name.
    ReceiptStored,
    /// A job has come to its end, and nobody was told.
    JobEnded,
    /// The rows say how a job ended; what it left lies there still.
    JobTold,
    /// A start was found that nobody has claimed.
    StartTaken,
    /// The copy of a document stands beside its place in a worktree.
    CopyFilled,
    /// The worktree of a start stands.
    WorktreeReady,
    /// The rows say which one it is.
    WorktreeTold,
    /// A worktree is about to go back to an earlier moment.
    BackBegun,
    /// It stands as it did, and nothing says so yet.
    BackDone,
    /// A start is claimed.
    StartClaimed,
    /// Its host has its orders.
    OrdersWritten,
    /// Its host was started.
    HostStarted,
    /// An attempt is over, and nobody was told.
    AttemptOver,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::JobTaken,
        Self::DocumentFilled,
        Self::DocumentExchanged,
        Self::DocumentPlaced,
        Self::ReceiptFilled,
        Self::ReceiptStored,
        Self::JobEnded,
        Self::JobTold,
        Self::StartTaken,
        Self::CopyFilled,
        Self::WorktreeReady,
        Self::WorktreeTold,
        Self::BackBegun,
        Self::BackDone,
        Self::StartClaimed,
        Self::OrdersWritten,
        Self::HostStarted,
        Self::AttemptOver,
    ];
}

type Watch = Box<dyn Fn(Step) + Send + Sync>;

static WATCH: OnceLock<Watch> = OnceLock::new();

/// Has `watch` called at every step of this process, on the thread that made it. The first one stays.
pub fn watch(watch: impl Fn(Step) + Send + Sync + 'static) {
    let _ = WATCH.set(Box::new(watch));
}

/// Tells whoever watches.
pub(crate) fn passed(step: Step) {
    if let Some(watch) = WATCH.get() {
        watch(step);
    }
}
