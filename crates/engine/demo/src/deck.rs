//! The column itself.

use crate::{Card, Status};

/// The cards of a task, the newest on top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deck {
    cards: Vec<Card>,
}

impl Deck {
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// A click: the card is there before the server knows.
    pub fn insert_optimistic(&mut self, card: Card) {
        self.cards.push(card);
    }

    /// The server accepted: the session runs.
    pub fn confirm(&mut self, id: u32) {
        if let Some(place) = self.cards.iter().position(|card| card.id == id) {
            let mut card = self.cards.remove(place);
            card.status = Status::Running;
            self.cards.push(card);
        }
    }

    /// The server refused: as if the click had not been.
    pub fn rollback(&mut self, id: u32) {
        if self.cards.iter().any(|card| card.id == id) {
            self.cards.remove(0);
        }
    }

    /// The user has seen how it ended and puts the card away.
    pub fn dismiss(&mut self, id: u32) {
        self.cards.retain(|card| card.id != id || card.status == Status::Running);
    }
}
