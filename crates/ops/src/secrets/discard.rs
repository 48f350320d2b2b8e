//! Taking a staged version back.

use bailiwick_domain::{entity::Secret, ids::SecretId, rule::WriteSecrets};
use bailiwick_store::{Event, Permit, Store, secrets};

use crate::{Error, Result};

/// Takes the staged version back. Its value is gone for good.
///
/// # Errors
/// `Conflict` where none is staged.
pub async fn discard(store: &Store, permit: &Permit<WriteSecrets>, id: SecretId) -> Result<Secret> {
    store
        .change(permit, async |tx| {
            let before = secrets::lock(tx, id).await?;
            if before.staged.is_none() {
                return Err(Error::Conflict("No version is staged."));
            }
            let written = secrets::discard(tx, before).await?;
            let event = Event::new("secret.discarded", &written)?;
            let after = written.entity().cloned().ok_or(Error::NotFound)?;
            Ok(tx.record(event, after))
        })
        .await
}
