//! The steps of a schedule. A step says what is tried and carries two numbers that choose among what is there when
//! it comes: so a schedule stays meaningful when steps are taken out of it.

use std::fmt;
use std::str::FromStr;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is tried.
    pub kind: Kind,
    /// Chooses whom it concerns.
    pub a: u16,
    /// Chooses how.
    pub b: u16,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}:{}", self.kind, self.a, self.b)
    }
}

/// A step that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no step: expected Kind:a:b")]
pub struct BadStep(String);

impl FromStr for Step {
    type Err = BadStep;

    fn from_str(text: &str) -> Result<Self, BadStep> {
        let read = || {
            let mut parts = text.split(':');
            let name = parts.next()?;
            let kind = Kind::ALL.iter().copied().find(|kind| format!("{kind:?}") == name)?;
            Some(Self { kind, a: parts.next()?.parse().ok()?, b: parts.next()?.parse().ok()? })
        };
        read().ok_or_else(|| BadStep(text.to_owned()))
    }
}

macro_rules! kinds {
    ($($group:ident { $($(#[$doc:meta])* $name:ident = $weight:literal),* $(,)? })*) => {
        /// What a step tries.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {$($($(#[$doc])* $name),*),*}

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$($(Self::$name),*),*];

            /// Which group it belongs to.
            pub fn group(self) -> Group {
                match self {$($(Self::$name)|* => Group::$group),*}
            }

            /// How often it comes, relative to the others of its group.
            pub fn weight(self) -> u64 {
                match self {$($(Self::$name => $weight),*),*}
            }
        }
    };
}

/// Groups of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// A person acts.
    Person,
    /// The server's own commands.
    Server,
    /// The network and the browser do what they should.
    Network,
    /// They do not.
    Fault,
    /// Time passes.
    Time,
}

kinds! {
    Person {
        /// Makes a task.
        Create = 4,
        /// Makes a task and starts a session on it at once.
        CreateStart = 4,
        /// Starts a session.
        Start = 14,
        /// Two clicks in one task.
        StartTwice = 4,
        /// Starts a session and cancels it at once.
        StartCancel = 6,
        /// Starts one with an agent that is not there.
        StartAbsent = 4,
        /// Starts one under an id that exists.
        StartTaken = 2,
        /// Cancels a session.
        Cancel = 5,
        /// Saves a document.
        Save = 6,
        /// Saves a document three times.
        SaveChain = 4,
        /// Gives a task another title.
        Rename = 2,
        /// Settles a conflict of a document.
        Resolve = 2,
        /// Sends a message.
        Message = 6,
        /// Answers a request.
        Answer = 4,
        /// Removes the card of an ended session.
        Delete = 3,
        /// Marks an ending as seen.
        Seen = 3,
        /// Keeps the work of a task.
        Keep = 2,
        /// Takes it back.
        UndoKeep = 1,
        /// Discards the work of a task.
        Discard = 2,
        /// Restores it.
        UndoDiscard = 1,
        /// Tries a job again.
        RetryJob = 2,
        /// Gives a job up.
        DropJob = 2,
        /// Sets the default agent.
        SetAgent = 2,
        /// Tries again what a notice tells of.
        Retry = 4,
        /// Closes a notice.
        Dismiss = 1,
        /// The same by the command line.
        ByCli = 8,
    }
    Server {
        /// An agent runs.
        Runs = 8,
        /// An agent asks.
        Asks = 4,
        /// An attempt ends well.
        Ends = 6,
        /// An attempt fails or vanishes.
        Breaks = 3,
        /// A message reached its agent, or did not.
        Hears = 3,
        /// A file is found.
        FileFound = 1,
        /// A file was changed.
        FileChanged = 4,
        /// A file went.
        FileGone = 1,
        /// A job is done.
        JobDone = 8,
        /// A job is done and met a conflict.
        JobConflict = 2,
        /// A job failed.
        JobFailed = 3,
        /// Changes were counted.
        Counted = 1,
        /// Another set of agents was found.
        AgentsFound = 1,
        /// Another limit of sessions was configured.
        Limited = 1,
    }
    Network {
        /// The server takes a POST.
        Post = 16,
        /// The server takes several POSTs in one batch.
        Posts = 4,
        /// A reply arrives.
        Reply = 12,
        /// The server reads a snapshot.
        SnapshotRead = 6,
        /// A snapshot arrives.
        SnapshotArrives = 6,
        /// A stream opens.
        StreamOpens = 8,
        /// Frames arrive at the hub.
        Frames = 18,
        /// A message of the hub arrives at a tab.
        ToTab = 18,
        /// A message of a tab arrives at the hub.
        ToHub = 8,
        /// A tab hears of another's journal.
        Storage = 12,
        /// All that is on its way arrives.
        Calm = 5,
        /// The base of a tab is kept for its next start.
        Cache = 2,
        /// The database is copied.
        Backup = 1,
        /// A person opens another tab.
        Opened = 1,
        /// A person logs in again.
        LogIn = 2,
    }
    Fault {
        /// A POST is lost on its way.
        PostLost = 4,
        /// A POST arrives twice.
        PostTwice = 4,
        /// A POST overtakes an earlier one.
        PostEarly = 4,
        /// A reply is lost on its way.
        ReplyLost = 4,
        /// A reply overtakes an earlier one.
        ReplyEarly = 3,
        /// The answer is no answer: an error or a page of a proxy, done or not done.
        NoAnswer = 4,
        /// The server does not know the session of the page.
        LoggedOut = 2,
        /// The server refuses a mutation.
        Refused = 5,
        /// A stream is cut.
        Cut = 4,
        /// A stream delivers a part and then nothing.
        Stall = 3,
        /// A stream that was given up still delivers.
        Stale = 5,
        /// Frames of a stream are lost, come twice or change places.
        Mixed = 7,
        /// A stream is refused.
        NoStream = 9,
        /// A snapshot can't be had.
        NoSnapshot = 3,
        /// A snapshot arrives after newer records.
        SnapshotLate = 3,
        /// A tab is loaded anew.
        Reload = 4,
        /// A tab is loaded anew and has the base of last time.
        ReloadCached = 4,
        /// A tab dies.
        TabDies = 3,
        /// The server is killed, between commit and reply or before.
        Killed = 3,
        /// A backup takes the place of the database.
        Restored = 2,
        /// The server begins a new epoch.
        NewEpoch = 1,
        /// The hub hangs.
        HubHangs = 2,
        /// The journal takes nothing for a while.
        Full = 2,
        /// History is collected.
        Collected = 2,
        /// The clock of the browser is set.
        ClockSet = 2,
        /// Everything stands still for minutes.
        Sleep = 2,
    }
    Time {
        /// A moment.
        Moment = 6,
        /// Seconds.
        Seconds = 2,
        /// Most of a minute, in which all arrives.
        Minute = 1,
    }
}
