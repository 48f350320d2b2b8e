//! What a key uses of its scopes, and taking away what it does not.

use bailiwick_domain::{
    entity::{ApiKey, Severity},
    ids::ApiKeyId,
    permission::PermissionSet,
    rule::{NarrowApiKey, Rule},
    time::Timestamp,
};
use bailiwick_store::{Event, Permit, Scope, Store, api_keys, key_uses, permission_use};

use super::called;
use crate::{
    Error, Result,
    unused::{Judge, Judgement, UseLine},
};

/// A key with the use that is made of its scopes.
#[derive(Clone, Debug)]
pub struct ScopeUses {
    /// The key.
    pub key: ApiKey,
    /// Since when uses are recorded here.
    pub recording: Option<Timestamp>,
    /// Its scopes, in the order of the catalogue.
    pub lines: Vec<UseLine>,
}

/// What is used of a key's scopes. `measured` is what some route of the server asks for.
///
/// # Errors
/// [`Error::NotFound`] for a key that is not here.
pub async fn uses<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    id: ApiKeyId,
    measured: PermissionSet,
) -> Result<ScopeUses> {
    let mut view = store.read(permit).await?;
    let key = api_keys::find(&mut view, id).await?;
    look(store, &mut view, key, measured).await
}

/// Takes away every scope that the key did not use for ninety days in which it could have.
///
/// # Errors
/// `Conflict` where there is none, where none would be left, and for a key that works no more.
pub async fn narrow(
    store: &Store,
    permit: &Permit<NarrowApiKey>,
    id: ApiKeyId,
    measured: PermissionSet,
) -> Result<ApiKey> {
    store
        .change(permit, async |tx| {
            let before = api_keys::lock(tx, id).await?;
            if !before.status(tx.now()).works() {
                return Err(Error::Conflict("This key does not work any more."));
            }
            let found = look(store, tx, before.clone(), measured).await?;
            let unused: Vec<_> = found
                .lines
                .iter()
                .filter(|line| line.judgement == Judgement::Unused)
                .map(|line| store.catalogue().name(line.permission))
                .collect();
            let mut scopes = before.scopes.clone();
            scopes.retain(|scope| !unused.contains(&scope.as_str()));
            if scopes.len() == before.scopes.len() {
                return Err(Error::Conflict("Every scope of this key is in use, or it is too early to say."));
            }
            if scopes.is_empty() {
                return Err(Error::Conflict("Nothing of this key is in use. Revoke it instead."));
            }
            let taken = before.scopes.len() - scopes.len();
            let after = ApiKey { scopes, ..before.clone() };
            let written = api_keys::replace(tx, before, after.clone()).await?;
            let scopes = if taken == 1 { "scope" } else { "scopes" };
            let event = Event::new("api_key.narrowed", &written)?
                .because("not used for ninety days")
                .raising(Severity::Info, format!("{} lost {taken} unused {scopes}", called(&after.name)));
            Ok(tx.record(event, after))
        })
        .await
}

async fn look(
    store: &Store,
    scope: &mut impl Scope,
    key: ApiKey,
    measured: PermissionSet,
) -> Result<ScopeUses> {
    let catalogue = store.catalogue();
    let used = key_uses::scopes(scope, key.id).await?;
    let recording = permission_use::since(scope).await?;
    let scopes: PermissionSet = key.scopes.iter().filter_map(|name| catalogue.find(name)).collect();
    // What no route asks for is seen where the product asks whether the key is good for it; once it does, its silence says something.
    let asked: PermissionSet = used.keys().filter_map(|name| catalogue.find(name)).collect();
    let judge = Judge { catalogue, measured: measured.union(asked), recording, now: scope.now() };
    let lines = judge.lines(scopes, &used, |_| Some(key.created_at));
    Ok(ScopeUses { key, recording, lines })
}
