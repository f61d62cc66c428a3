//! The host of one session: a small process that owns the agent and appends what it does to the attempt's output.
//!
//! `qd host --run-dir DIR` is started once per attempt by [`launch`] and lives on without its server. The folder is
//! everything that the two share:
//!
//! | file | written by | holds |
//! |---|---|---|
//! | the folder itself | server, exclusively | the claim: this attempt is started once |
//! | `spec.json` | server, before the start | what to start ([`HostSpec`]) |
//! | `host.json` | host, exclusively | who it is; or the mark that the attempt was buried |
//! | `sock` | host | the socket ([`protocol`]) |
//! | `output.jsonl` | host | the events, one a line; the last one is `Ended` |
//! | `reserve` | host | room for the ending on a full disk |
//! | `cgroup` | host | where its control group is, if it has one |
//! | `host.log` | host | what it prints when something is wrong with itself |
//!
//! Must not know: the store, SQL, HTTP, other sessions.

mod fence;
mod images;
mod inspect;
mod launch;
mod limits;
mod mentioned;
mod meter;
pub(crate) mod moments;
mod output;
pub mod protocol;
mod run;
mod scratch;
mod socket;
mod spec;
mod stderr;
mod wire;

pub use fence::Fence;
pub use inspect::{Buried, BuryError, Run, bury, inspect};
pub use launch::{AttachError, Attachment, Commands, LaunchError, Reports, attach, attach_when_ready, launch};
pub use limits::Limits;
pub use moments::Moments;
pub use run::{HostError, main};
pub use spec::{FirstMessage, HostSpec, Setup};
pub use wire::{Wire, read_wire};
