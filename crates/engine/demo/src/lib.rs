//! The column of cards beside a task.

mod age;
mod card;
mod deck;

pub use age::age;
pub use card::{Card, Status};
pub use deck::Deck;
