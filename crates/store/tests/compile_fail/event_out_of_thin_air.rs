//! An event put together by hand.
use bailiwick_store::Event;
use uuid::Uuid;

fn invent() -> Event {
    Event {
        action: "user.renamed",
        entity_type: "user",
        entity_id: Uuid::nil(),
        subject: Uuid::nil(),
        changes: Vec::new(),
        personal: &[],
        secret: &[],
        reason: None,
        raises: None,
        owner: None,
        refused: false,
        follows: false,
    }
}

fn main() {}
