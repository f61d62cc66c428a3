//! One session, as a card.

/// What a session is doing, as far as we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Asked for; the server has not answered.
    Starting,
    Running,
    Completed,
    Failed,
}

/// A card of the column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub id: u32,
    pub agent: String,
    pub status: Status,
}

impl Card {
    /// A session that was just asked for.
    pub fn starting(id: u32, agent: &str) -> Self {
        Card { id, agent: agent.to_string(), status: Status::Starting }
    }
}
