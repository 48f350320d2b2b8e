//! Revoking a key that has leaked, by whoever holds it.

use bailiwick_domain::{
    entity::{ApiKey, Severity},
    rule::SurrenderKey,
};
use bailiwick_store::{Event, Permit, Receipt, Scope, Store, api_keys, key_cache::Standing};
use bailiwick_vault::api_key::ApiKey as Secret;

use super::called;
use crate::{Error, Result};

/// Revokes the key with this text. Whoever holds it may: they could do worse with it. It raises an event of high severity, because a key
/// that a stranger has is one that has leaked.
///
/// # Errors
/// `NotFound` for what is no key or nobody's; `Conflict` for one that does not work any more; `Limited` for whoever tried too many that
/// nobody has.
pub async fn surrender(
    store: &Store,
    permit: &Permit<SurrenderKey>,
    text: &str,
) -> Result<(ApiKey, Receipt)> {
    let Ok(secret) = Secret::parse(text) else { return Err(Error::NotFound) };
    let hash = secret.hash();
    match store.key_standing(&hash, None, permit.request().ip).await? {
        Standing::Unknown => return Err(Error::NotFound),
        Standing::Limited => return Err(Error::Limited { retry_after_seconds: 1 }),
        Standing::Expired | Standing::Revoked => {
            return Err(Error::Conflict("This key does not work any more."));
        }
        // A key whose maker is disabled, or whose organisation is suspended, works again once they are not.
        Standing::Good(_) | Standing::Disabled | Standing::Suspended => {}
    }
    let tenant = store.tenant_of_key(&hash).await?.ok_or(Error::NotFound)?;
    store
        .change_with_receipt(&permit.enter(tenant), async |tx| {
            let id = api_keys::by_hash(tx, &hash).await?.ok_or(Error::NotFound)?;
            let before = api_keys::lock(tx, id).await?;
            if before.revoked_at.is_some() {
                return Err(Error::Conflict("This key does not work any more."));
            }
            let after = ApiKey { revoked_at: Some(tx.now()), ..before.clone() };
            let written = api_keys::replace(tx, before, after.clone()).await?;
            let event = Event::new("api_key.surrendered", &written)?
                .because("whoever held it said that it had leaked")
                .raising(
                    Severity::High,
                    format!("{} revoked by whoever held it: it has leaked", called(&after.name)),
                );
            Ok(tx.record(event, after))
        })
        .await
}
