//! Claims about real repositories, each in a folder, a home and a configuration of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod back;
mod changes;
mod discard;
mod facts;
mod fixture;
mod gallery;
mod generated;
mod hunks;
mod keep;
mod landing;
mod listing;
mod lookout;
mod meet;
mod opening;
mod remote;
mod rounds;
mod spare;
mod worktrees;
