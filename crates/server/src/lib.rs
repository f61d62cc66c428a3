//! The HTTP face of a workspace: routes, log-in, streams, the page.
//!
//! Must not know: SQL, processes. It reads no environment and no clock but tokio's timers.

pub mod app;
pub mod auth;
pub mod demo;
pub mod error;
pub mod gate;
pub mod listen;
pub mod router;

mod blobs;
mod changes;
mod config;
mod documents;
mod files;
mod headers;
mod health;
mod log;
mod mutations;
mod output;
mod outside;
mod page;
mod projects;
mod registry;
mod snapshot;
mod stream;
mod wire;
mod worktrees;

pub use app::App;
pub use auth::Token;
pub use demo::Demo;
pub use gate::{BadOrigin, Gate, Origin};
pub use listen::{BindError, Bound};
pub use router::router;
