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
mod mentions;
pub mod projects;
mod receipts;
mod registry;
mod sessions;
mod shared;
pub mod step;
#[cfg(test)]
mod testing;
pub mod time;
pub mod webhook;
pub mod work;
pub mod workspace;
mod writer;

pub use blobs::PutBlobError;
pub use config::EngineConfig;
pub use engine::{Engine, MutateError};
pub use projects::AttachError;
pub use work::WorkError;
