//! Deleting a secret with every version of it, with a one-time code: whatever uses it stops.

use bailiwick_domain::{
    entity::{Secret, Severity},
    ids::SecretId,
    rule::DeleteSecret,
};
use bailiwick_store::{Event, Permit, Store, secrets};

use crate::{
    Result,
    step_up::{Answer, Change, Outcome, Told},
};

/// Deletes a secret. Its values are gone for good; what the log says of them stays. A code is asked for first.
///
/// # Errors
/// `NotFound` for one that is not there.
pub async fn delete(
    store: &Store,
    permit: &Permit<DeleteSecret>,
    id: SecretId,
    answer: Option<Answer>,
) -> Result<Outcome<Secret>> {
    let change = Change { store, home: permit, inside: permit };
    change
        .confirmed(
            answer,
            |gone: &Secret| Told {
                name: format!("“{}”", gone.name),
                effects: vec![
                    "Every version of it is gone for good. Programs that ask for it get nothing.".to_owned(),
                ],
            },
            async |tx| {
                let before = secrets::lock(tx, id).await?;
                if let Some(uses) = secrets::drop_uses(tx, id).await? {
                    // A use between the question and the answer shall not spoil the code.
                    let event = Event::new("secret_use.dropped", &uses)?;
                    tx.also(event.following());
                }
                let written = secrets::remove(tx, before.clone()).await?;
                let event = Event::new("secret.deleted", &written)?
                    .raising(Severity::Warning, "A secret was deleted with every version of it");
                Ok(tx.record(event, before))
            },
        )
        .await
}
