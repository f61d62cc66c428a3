//! What the column promises.

use deck::{age, Card, Deck, Status};

/// A column with two running sessions, 2 on top of 1.
fn two_running() -> Deck {
    let mut deck = Deck::default();
    for id in [1, 2] {
        deck.insert_optimistic(Card::starting(id, "second"));
        deck.confirm(id);
    }
    deck
}

fn ids(deck: &Deck) -> Vec<u32> {
    deck.cards().iter().map(|card| card.id).collect()
}

#[test]
fn a_click_shows_its_card_on_top_at_once() {
    let mut deck = two_running();
    deck.insert_optimistic(Card::starting(3, "first"));
    assert_eq!(deck.cards()[0], Card::starting(3, "first"));
}

#[test]
fn the_confirmed_card_stays_in_its_place() {
    let mut deck = two_running();
    deck.insert_optimistic(Card::starting(3, "second"));
    deck.insert_optimistic(Card::starting(4, "second"));
    deck.confirm(3);
    assert_eq!(ids(&deck), [4, 3, 2, 1]);
    assert_eq!(deck.cards()[1].status, Status::Running);
}

#[test]
fn a_refusal_restores_the_column_to_before_the_click() {
    let mut deck = two_running();
    deck.insert_optimistic(Card::starting(3, "second"));
    let before = deck.clone();
    deck.insert_optimistic(Card::starting(4, "second"));
    deck.rollback(4);
    assert_eq!(deck, before);
}

#[test]
fn a_refusal_that_comes_late_takes_no_other_card() {
    let mut deck = two_running();
    deck.insert_optimistic(Card::starting(3, "second"));
    deck.insert_optimistic(Card::starting(4, "second"));
    deck.rollback(3);
    assert_eq!(ids(&deck), [4, 2, 1]);
}

#[test]
fn a_running_card_cannot_be_dismissed() {
    let mut deck = two_running();
    deck.dismiss(1);
    assert_eq!(deck.cards().len(), 2);
}

#[test]
fn an_age_is_in_words() {
    assert_eq!([age(5), age(90), age(7_200), age(172_800)], ["just now", "1 min", "2 h", "2 d"]);
}
