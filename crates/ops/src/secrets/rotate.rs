//! Putting the staged version into use, with a one-time code: whoever gets a value of theirs used by the product takes it over.

use bailiwick_domain::{
    entity::{Secret, Severity},
    ids::SecretId,
    rule::RotateSecret,
};
use bailiwick_store::{Event, Permit, Store, secrets};

use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
};

/// Makes the staged version the current one. That becomes the previous one, and the value before it is gone. A code is asked for
/// first.
///
/// # Errors
/// `Conflict` where none is staged.
pub async fn rotate(
    store: &Store,
    permit: &Permit<RotateSecret>,
    id: SecretId,
    answer: Option<Answer>,
) -> Result<Outcome<Secret>> {
    let change = Change { store, home: permit, inside: permit };
    change
        .confirmed(
            answer,
            |after: &Secret| Told {
                name: format!("“{}”", after.name),
                effects: vec![
                    format!("Programs that ask for it get version {} from then on.", after.current.number),
                    "The version before stays as the previous one. What was the previous one is gone."
                        .to_owned(),
                ],
            },
            async |tx| {
                let before = secrets::lock(tx, id).await?;
                if before.staged.is_none() {
                    return Err(Error::Conflict("No version is staged. Stage the new value first."));
                }
                let written = secrets::promote(tx, before).await?;
                let event = Event::new("secret.rotated", &written)?
                    .raising(Severity::Warning, "Another version of a secret was put into use");
                let after = written.entity().cloned().ok_or(Error::NotFound)?;
                Ok(tx.record(event, after))
            },
        )
        .await
}
