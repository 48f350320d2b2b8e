//! Giving values out to programs. Each use is recorded before the value leaves.

use bailiwick_domain::{
    entity::{ApiKey, SecretStage},
    ids::{ApiKeyId, SecretId},
    rule::UseSecrets,
    secret::SecretName,
};
use bailiwick_store::{Actor, Event, Permit, Recorded, Store, Tx, api_keys, secrets};
use bailiwick_vault::secret::Plaintext;

use crate::{Error, FieldError, Result};

/// Secrets at most that one request may name.
pub const MOST_AT_ONCE: usize = 20;

const NO_KEY: Error =
    Error::Forbidden("Only an API key gets the values of secrets, and only one that is bound to addresses.");

/// A value that is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The name of the secret.
    pub name: String,
    /// Which version of it.
    pub stage: SecretStage,
}

/// A value that is given out.
#[derive(Debug)]
pub struct Resolved {
    /// The secret.
    pub name: SecretName,
    /// The version's number.
    pub version: i64,
    /// Its stage at this moment.
    pub stage: SecretStage,
    /// The value, which `Debug` does not show.
    pub value: Plaintext,
}

/// The values of these secrets, or of none of them. That the key got each is recorded in the same transaction.
///
/// # Errors
/// `Forbidden` to everybody but a key that is bound to addresses; `Invalid` for names that are none, and secrets or versions that are
/// not there.
pub async fn resolve(store: &Store, permit: &Permit<UseSecrets>, wanted: &[Wanted]) -> Result<Vec<Resolved>> {
    store
        .change(permit, async |tx| {
            // Within the change, so that a refusal is recorded as well.
            let key = bound_key(tx, permit).await?;
            if wanted.is_empty() || wanted.len() > MOST_AT_ONCE {
                return Err(Error::field("names", "Name one to twenty secrets."));
            }
            give_out(tx, key, wanted).await
        })
        .await
}

/// The key that asks, if it is bound to addresses: a value then leaves for places that somebody has named.
async fn bound_key(tx: &mut Tx, permit: &Permit<UseSecrets>) -> Result<ApiKeyId> {
    let Actor::Key { id, .. } = permit.actor() else { return Err(NO_KEY) };
    let key = api_keys::find(tx, *id).await?;
    if is_bound(&key) { Ok(key.id) } else { Err(NO_KEY) }
}

async fn give_out(tx: &mut Tx, key: ApiKeyId, wanted: &[Wanted]) -> Result<Recorded<Vec<Resolved>>> {
    let (mut names, all) = (wanted.iter().map(|one| &one.name).collect::<Vec<_>>(), wanted.len());
    names.sort_unstable();
    names.dedup();
    if names.len() < all {
        return Err(Error::field("names", "Name each secret once."));
    }
    let mut ids: Vec<(SecretId, &Wanted)> = Vec::with_capacity(wanted.len());
    let mut wrong = Vec::new();
    for one in wanted {
        let found = match one.name.parse::<SecretName>() {
            Ok(name) => secrets::named(tx, &name).await?,
            Err(_) => None,
        };
        match found {
            Some(id) => ids.push((id, one)),
            None => wrong.push("There is no secret with one of these names."),
        }
    }
    // Two requests that name the same secrets in another order wait for each other, and not for ever.
    ids.sort_unstable_by_key(|(id, _)| *id);
    let (mut given, mut events) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
    for (id, one) in ids {
        let secret = secrets::lock(tx, id).await?;
        let Some(version) = secret.version(one.stage) else {
            wrong.push("One of these secrets has no version of this stage.");
            continue;
        };
        let value = secrets::open(tx, id, version.number).await?;
        let used = secrets::used(tx, id, version.number, key).await?;
        events.push(Event::new("secret.used", &used)?);
        given.push((
            one,
            Resolved { name: secret.name.clone(), version: version.number, stage: one.stage, value },
        ));
    }
    if let Some(text) = wrong.first() {
        return Err(Error::Invalid(vec![FieldError { field: "names", text: (*text).to_owned() }]));
    }
    // In the order in which they were asked for.
    let place = |of: &Wanted| wanted.iter().position(|one| std::ptr::eq(one, of));
    given.sort_by_key(|(one, _)| place(one));
    let given = given.into_iter().map(|(_, resolved)| resolved).collect();
    let Some(last) = events.pop() else { return Err(Error::NotFound) };
    for event in events {
        tx.also(event);
    }
    Ok(tx.record(last, given))
}

/// Whether the key is taken from some addresses only.
fn is_bound(key: &ApiKey) -> bool {
    !key.networks.is_empty()
}
