//! The domain of Quarterdeck: ids, rows, commands, `decide`, derived values, task documents, prompts.
//!
//! Must not know: tokio, files, the network, a clock, randomness. Time and ids are arguments, so the same code
//! decides on the server and predicts in the page.

pub mod blob;
pub mod calendar;
pub mod command;
pub mod decide;
pub mod derive;
pub mod document;
pub mod event;
pub mod fuzzy;
pub mod ids;
pub mod mention;
pub mod op;
pub mod prompt;
pub mod row;
pub mod state;
pub mod status;
pub mod texts;
