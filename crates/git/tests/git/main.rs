//! Claims about real repositories, each in a folder, a home and a configuration of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod back;
mod changes;
mod discard;
mod fixture;
mod keep;
mod listing;
mod opening;
mod worktrees;
