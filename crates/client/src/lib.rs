//! The optimistic core: base, pending intents, fold, journal, the stream's state machine, and what the page shows of
//! it. The same code runs in the page (as WebAssembly), in the CLI and in the tests.
//!
//! It does no I/O: it takes events and gives back effects and the keys that changed. Must not know: tokio, the DOM,
//! HTTP.

mod apply;
mod blobs;
mod boot;
pub mod client;
mod documents;
pub mod effect;
pub mod event;
mod fold;
pub mod hub;
pub mod intent;
pub mod journal;
pub mod list;
pub mod markdown;
mod mint;
mod notice;
mod send;
pub mod transcript;
pub mod view;

pub use client::{Client, Config};
pub use documents::DocumentView;
pub use effect::{Effect, Output};
pub use event::Event;
pub use hub::Hub;
pub use notice::Notice;
