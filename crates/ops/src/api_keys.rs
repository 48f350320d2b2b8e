//! API keys: creating and revoking. A key is shown once, in the answer to its creation.

use bailiwick_domain::{
    catalogue::UnknownPermission,
    entity::{ApiKey, ApiKeyStatus, Severity},
    ids::{ApiKeyId, UserId},
    permission::PermissionSet,
    rule::{CreateApiKey, RevokeApiKey},
    time::{Span, Timestamp},
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, Tx, api_keys, tenants};
use bailiwick_vault::api_key::{ApiKey as Secret, Brand, Environment, KeyTag};

use crate::{
    Error, Result,
    valid::{self, Fields, within},
};

/// A key ends at most this long after its creation, unless it is made without an end.
const LONGEST: Span = Span::days(366);
/// Scopes that one request may name: as many as the catalogue can hold.
const MOST_SCOPES: usize = 256;

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
        // Every permission there is, each once, fits; what is longer is no choice that a person made.
        _ if new.scopes.len() > MOST_SCOPES => fields.take("scopes", Err("Choose at most 256 scopes.")),
        Ok(set) if set.is_empty() => fields.take("scopes", Err("Choose at least one scope.")),
        Ok(set) if !set.intersection(store.catalogue().platform_permissions()).is_empty() => {
            fields.take("scopes", Err("A key cannot carry a permission of the platform."))
        }
        Ok(set) => Some(set),
        Err(UnknownPermission(name)) => {
            fields.refuse("scopes", unknown(&name));
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
            let event = Event::new("api_key.created", &written)?
                .raising(Severity::Warning, describe(&key.name, &key.scopes));
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
                .raising(Severity::Info, format!("{} revoked", called(&after.name)));
            Ok(tx.record(event, after))
        })
        .await
}

/// Revokes every key of a maker who is about to go: nobody answers for them any more.
pub(crate) async fn revoke_those_of(tx: &mut Tx, maker: UserId, why: &'static str) -> Result<()> {
    for key in api_keys::unrevoked_of(tx, maker).await? {
        let before = api_keys::lock(tx, key.id).await?;
        if before.revoked_at.is_some() {
            continue;
        }
        let after = ApiKey { revoked_at: Some(tx.now()), ..before.clone() };
        let written = api_keys::replace(tx, before, after.clone()).await?;
        let event = Event::new("api_key.revoked", &written)?
            .because(why)
            .raising(Severity::Info, format!("{} revoked", called(&after.name)));
        tx.also(event.following());
    }
    Ok(())
}

fn names(store: &Store, scopes: PermissionSet) -> Vec<String> {
    let mut names: Vec<_> = store.catalogue().names(scopes).into_iter().map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// What is said of a scope that no permission has. A name that could be one is repeated, so that a slip is found; anything
/// else is whatever the caller sent, and is not.
fn unknown(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b':' | b'_' | b'-');
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        format!("No permission is named {name}.")
    } else {
        "Scopes are names of permissions, such as user:read.".to_owned()
    }
}

/// One sentence about a new key: its name, the widest of what it may do, and how much more there is.
fn describe(name: &str, scopes: &[String]) -> String {
    // What writes goes before what reads; among equals the first in alphabetical order. The page lists them all.
    let widest = scopes.iter().find(|scope| !scope.ends_with(":read")).or(scopes.first());
    let widest = widest.map(|scope| scope.replace(':', " ")).unwrap_or_default();
    let more = match scopes.len() {
        0 | 1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    format!("{} created with {widest} scope{more}", called(name))
}

/// A key within a sentence: its name, and what it is unless the name says so already.
fn called(name: &str) -> String {
    let last = name.split_whitespace().next_back().unwrap_or_default();
    if last.eq_ignore_ascii_case("key") { name.to_owned() } else { format!("{name} key") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(name: &str, scopes: &[&str]) -> String {
        describe(name, &scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn auditor_reads_the_widest_scope_of_a_key_and_how_many_more_it_has() {
        assert_eq!(
            said("Roster export", &["roster:read"]),
            "Roster export key created with roster read scope"
        );
        assert_eq!(
            said("Reporting integration", &["billing:read", "participant:read"]),
            "Reporting integration key created with billing read scope and 1 more"
        );
        assert_eq!(
            said("Document sync", &["billing:read", "document:read", "document:write"]),
            "Document sync key created with document write scope and 2 more"
        );
    }

    #[test]
    fn nobody_reads_key_twice() {
        for (name, sentence) in [
            ("Newcomer key", "Newcomer key created with user read scope"),
            ("KEY", "KEY created with user read scope"),
            ("Monkey", "Monkey key created with user read scope"),
        ] {
            assert_eq!(said(name, &["user:read"]), sentence);
        }
        assert_eq!(called("Newcomer key"), "Newcomer key");
    }

    #[test]
    fn program_reads_back_a_name_and_nothing_else_that_it_sent() {
        assert_eq!(unknown("user:raed"), "No permission is named user:raed.");
        for sent in ["", "<script>", "a\nb", "user read", "ü", &"a".repeat(65)] {
            assert_eq!(unknown(sent), "Scopes are names of permissions, such as user:read.", "{sent}");
        }
    }
}
