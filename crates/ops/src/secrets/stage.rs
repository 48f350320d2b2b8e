//! Staging another version of a secret. Nobody uses it before the rotation.

use bailiwick_domain::{entity::Secret, ids::SecretId, rule::WriteSecrets};
use bailiwick_store::{Event, Permit, Store, secrets};

use super::Value;
use crate::{Error, Result};

/// Stages another version, in place of one that was staged before, whose value is gone then.
///
/// # Errors
/// `Invalid` for a value that cannot be taken, or that is the current one already.
pub async fn stage(
    store: &Store,
    permit: &Permit<WriteSecrets>,
    id: SecretId,
    value: Value,
) -> Result<Secret> {
    value.check().map_err(|text| Error::field("value", text))?;
    store
        .change(permit, async |tx| {
            let before = secrets::lock(tx, id).await?;
            let version = value.version(tx, permit, before.newest + 1);
            if version.fingerprint == before.current.fingerprint {
                return Err(Error::field(
                    "value",
                    "This is the current value. A rotation takes another one.",
                ));
            }
            let written = secrets::stage(tx, before, version, value.octets()).await?;
            let event = Event::new("secret.staged", &written)?;
            let after = written.entity().cloned().ok_or(Error::NotFound)?;
            Ok(tx.record(event, after))
        })
        .await
}
