//! The engine: workspace writer, session supervisor, watchers, reconcilers, jobs.
//!
//! Must not know: axum, SQL.

mod blobs;
mod catalogue;
pub mod config;
pub mod demo_project;
pub mod engine;
mod files;
pub mod host;
mod jobs;
mod meetings;
mod mentions;
mod opening;
pub mod projects;
mod receipts;
mod recent;
mod registry;
mod review;
mod scratch;
mod sessions;
mod shared;
pub mod step;
#[cfg(test)]
mod testing;
pub mod time;
pub mod webhook;
pub mod work;
pub mod workspace;
mod worktrees;
mod writer;

pub use blobs::PutBlobError;
pub use config::{EngineConfig, ProjectConfig};
pub use engine::{Engine, MutateError};
pub use opening::OpenError;
pub use projects::AttachError;
pub use review::FileSide;
pub use work::WorkError;
