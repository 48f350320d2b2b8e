//! API keys: creating and revoking. A key is shown once, in the answer to its creation.

use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus, Severity},
    ids::ApiKeyId,
    permission::PermissionSet,
    rule::{CreateApiKey, RevokeApiKey},
    time::{Span, Timestamp},
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, api_keys, tenants};
use bailiwick_vault::api_key::{ApiKey as Secret, Brand, Environment, KeyTag};

use crate::{
    Error, Result,
    valid::{self, Fields, within},
};

/// A key ends at most this long after its creation, unless it is made without an end.
const LONGEST: Span = Span::days(366);

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What it is for.
    pub name: String,
    /// The permissions it carries, by name.
    pub scopes: Vec<String>,
    /// When it ceases to work; never, if not given.
    pub expires_at: Option<Timestamp>,
    /// Three lower-case letters or digits that make its prefix recognisable; random if not given.
    pub tag: Option<String>,
}

/// Makes a key and gives its text, this once. Its scopes hold no more than the actor has, and nothing of the platform's.
pub async fn create(
    store: &Store,
    permit: &Permit<CreateApiKey>,
    new: NewApiKey,
) -> Result<(ApiKey, Secret)> {
    // A key that makes keys would outlive its own revocation.
    if matches!(permit.actor(), Actor::Key { .. }) {
        return Err(Error::Conflict("A key cannot make other keys. Sign in to make one."));
    }
    let mut fields = Fields::default();
    let name = fields.take("name", valid::name(&new.name));
    let scopes = match store.catalogue().parse_set(new.scopes.iter().map(String::as_str)) {
        Ok(set) if set.is_empty() => fields.take("scopes", Err("Choose at least one scope.")),
        Ok(set) if !set.intersection(store.catalogue().platform_permissions()).is_empty() => {
            fields.take("scopes", Err("A key cannot carry a permission of the platform."))
        }
        Ok(set) => Some(set),
        Err(unknown) => {
            fields.refuse("scopes", unknown.to_string());
            None
        }
    };
    let now = store.now();
    if new.expires_at.is_some_and(|end| end <= now || end > now + LONGEST) {
        fields.refuse("expires_at", "Choose an end within the next 366 days.");
    }
    let chosen = new.tag.as_deref().map(str::trim).filter(|tag| !tag.is_empty());
    let tag = chosen.and_then(KeyTag::parse);
    if chosen.is_some() && tag.is_none() {
        fields.refuse("tag", "Use three lower-case letters or digits, or leave it empty.");
    }
    fields.done()?;
    let (Some(name), Some(scopes)) = (name, scopes) else { return Err(Error::NotFound) };
    if !matches!(permit.actor(), Actor::System(_)) {
        within(scopes, *permit.permissions())?;
    }
    store
        .change(permit, async |tx| {
            let brand = Brand::parse(&tenants::find(tx).await?.key_brand).unwrap_or_default();
            let secret = Secret::generate(&brand, Environment::Live, tag.as_ref(), store.entropy());
            let created_by = match permit.actor() {
                Actor::User { id, .. } => Some(*id),
                _ => None,
            };
            let key = ApiKey {
                id: store.new_id(),
                name: name.clone(),
                prefix: secret.display_prefix().to_owned(),
                scopes: names(store, scopes),
                created_by,
                created_at: tx.now(),
                expires_at: new.expires_at,
                revoked_at: None,
            };
            let written = api_keys::insert(tx, key.clone(), &secret.hash()).await?;
            let event = Event::new("api_key.created", &written)?.raising(Severity::Warning, describe(&key));
            Ok(tx.record(event, (key, secret)))
        })
        .await
}

/// Revokes a key. It is refused from the moment this returns: nothing caches keys.
pub async fn revoke(store: &Store, permit: &Permit<RevokeApiKey>, id: ApiKeyId) -> Result<ApiKey> {
    store
        .change(permit, async |tx| {
            let before = api_keys::lock(tx, id).await?;
            if before.status(tx.now()) == ApiKeyStatus::Revoked {
                return Err(Error::Conflict("The key was revoked already."));
            }
            let after = ApiKey { revoked_at: Some(tx.now()), ..before.clone() };
            let written = api_keys::replace(tx, before, after.clone()).await?;
            let event = Event::new("api_key.revoked", &written)?
                .raising(Severity::Info, format!("{} key revoked", after.name));
            Ok(tx.record(event, after))
        })
        .await
}

fn names(store: &Store, scopes: PermissionSet) -> Vec<String> {
    let mut names: Vec<_> = store.catalogue().names(scopes).into_iter().map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// One sentence about a new key: its name and the widest of what it may do.
fn describe(key: &ApiKey) -> String {
    let writes = key.scopes.iter().filter(|scope| !scope.ends_with(":read")).count();
    match (key.scopes.as_slice(), writes) {
        ([only], _) => format!("{} key created with {} scope", key.name, only.replace(':', " ")),
        (scopes, 0) => {
            // The first in alphabetical order is as good as any to name; the page lists them all.
            let first = scopes.first().map(|scope| scope.replace(':', " ")).unwrap_or_default();
            format!("{} key created with {first} scope", key.name)
        }
        (_, writes) => format!(
            "{} key created with {writes} write scope{}",
            key.name,
            if writes == 1 { "" } else { "s" }
        ),
    }
}
