//! Agent programs: how they are found, and how what they say becomes events.
//!
//! The only crate that knows a vendor. Must not know: the store, the engine, HTTP. A driver is a pure translation of
//! lines (`driver`, `acp`, `claude`, `codex`); `link` is the one place with pipes; processes are started by whoever owns the pipes.

pub mod acp;
pub mod bundle;
pub mod catalogue;
pub mod claude;
pub mod codex;
pub mod demo_agent;
pub mod detect;
pub mod driver;
pub mod line;
pub mod link;
pub mod outside;
mod patch;
mod permission;
mod printed;
mod questions;
pub mod registry;
mod rpc;
mod stray;
mod usage;

pub use catalogue::{AgentConfig, Protocol};
pub use detect::{Detected, OfferedModel, Surroundings, detect, open_door, preferred};
