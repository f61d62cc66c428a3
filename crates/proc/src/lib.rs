//! Starts, watches and ends processes. The only crate that spawns and the only one with `unsafe`.
//!
//! It knows pids, groups, sessions, pipes and what the kernel may refuse them; it must not know what a process is
//! *for*. Three rules hold everywhere: a process is named by pid **and** start time, a process is ended together with
//! its group, and every wait has a bound.

pub mod capture;
pub mod cgroup;
pub mod child;
pub mod confine;
pub mod detach;
pub mod identity;
pub mod ladder;
pub mod memory;
pub mod run;
pub mod scope;
pub mod spawn;
pub mod table;

mod children;
mod gone;

pub use capture::{Captured, Keep};
pub use cgroup::Cgroup;
pub use child::{Child, Exit};
pub use children::{reap_adopted, reap_adopted_on_signal, set_child_subreaper};
pub use confine::{ConfineError, Confinement, LandlockSupport, Ruleset, landlock_support};
pub use detach::{spawn_detached, try_detached};
pub use gone::wait_gone;
pub use identity::{Identity, Signal};
pub use ladder::{Grace, Reason, Rung, Step, Stopped, next_signal, stop};
pub use run::{End, Output, Run, RunError};
pub use scope::{Scope, Swept, descendants_of, kill_marked, marked, sweep};
pub use spawn::{Group, Spawn, SpawnError, Stdin};

/// The environment variable whose value marks every process of a session.
pub const SESSION_MARK: &str = "QD_SESSION";
