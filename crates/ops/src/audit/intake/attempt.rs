//! Trying the rules on an event that is stored nowhere.

use bailiwick_domain::{
    change::Change,
    json::{self, Body, Fault, Unreadable},
    product::LIMITS,
    redaction::Note,
    rule::SetIntake,
};
use bailiwick_store::{Permit, Store, intake};
use serde_json::json;

use crate::{
    Error, Result,
    audit::ingest::judge::{context, of_item},
};

/// What would become of an event.
#[derive(Debug)]
pub struct Tried {
    /// What is wrong with it; nothing else is said where something is.
    pub faults: Vec<Fault>,
    /// Its differences as they would be recorded, with marks in the place of commitments.
    pub changes: Vec<Change>,
    /// What the rules and detectors did.
    pub notes: Vec<Note>,
    /// The reason as it would be recorded.
    pub reason: Option<String>,
}

/// Reads and judges an event as if it had been sent, and stores nothing of it.
///
/// # Errors
/// `Invalid` where the text is not one JSON value.
pub async fn attempt(store: &Store, permit: &Permit<SetIntake>, event: &str) -> Result<Tried> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let settings = intake::find(&mut store.read(permit).await?).await?;
    let wrong = |text: String| Error::field("event", text);
    let item = match json::read(event.as_bytes(), &LIMITS) {
        Ok(Body::One(item)) => item,
        Ok(Body::Many(_)) | Err(Unreadable::TooMany) => return Err(wrong("Enter one event.".into())),
        Err(Unreadable::Syntax { offset, what }) => {
            return Err(wrong(format!("This is not JSON: octet {offset}: {what}.")));
        }
    };
    let none = |faults| Tried { faults, changes: Vec::new(), notes: Vec::new(), reason: None };
    let judged = match of_item(&item, &settings, &context(store, tenant)) {
        Err(faults) => return Ok(none(faults)),
        Ok((_, judged)) => judged,
    };
    let (notes, reason) = (judged.notes().to_vec(), judged.reason().map(str::to_owned));
    let changes = judged.commit(|_| Ok::<_, Error>(json!({"commit": "sealed apart"})))?;
    Ok(Tried { faults: Vec::new(), changes, notes, reason })
}
