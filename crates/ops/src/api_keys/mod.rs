//! API keys: creating, revoking, replacing and narrowing. A key is shown once, in the answer to its creation.

mod callers;
mod narrow;
mod retire;
mod rotate;
mod surrender;
mod verify;

use bailiwick_domain::{
    catalogue::UnknownPermission,
    entity::{ApiKey, ApiKeyStatus, KeyEnvironment, Severity, UserStatus},
    ids::{ApiKeyId, UserId},
    network::{AllowList, BadNetwork, MOST_NETWORKS},
    permission::PermissionSet,
    rule::{CreateApiKey, RevokeApiKey, Rule},
    time::{Span, Timestamp},
};
use bailiwick_store::{Actor, Event, Permit, Receipt, Scope, Store, Tx, api_keys, tenants, users};
use bailiwick_vault::api_key::{ApiKey as Secret, Brand, Environment, KeyTag};

pub use self::{
    callers::{Movement, Moving, QUIET, RECENT, movement},
    narrow::{ScopeUses, narrow, uses},
    retire::Retirement,
    rotate::{MOST_OVERLAP, OVERLAP, Rotated, rotate},
    surrender::surrender,
    verify::{Asked, Fault, Verified, verify},
};
use crate::{
    Error, Result,
    valid::{self, Fields, within},
};

/// A key ends at most this long after its creation, unless it is made without an end.
const LONGEST: Span = Span::days(366);
/// Days that a key works where whoever makes it says nothing, and the policy allows as many.
pub const DEFAULT_DAYS: i64 = 90;
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
    /// Whether it is for real data.
    pub environment: KeyEnvironment,
    /// Addresses and networks in CIDR form from which it may be used; anywhere, if empty.
    pub networks: Vec<String>,
    /// Who answers for it; its maker, if not given.
    pub owner: Option<UserId>,
}

impl Default for NewApiKey {
    fn default() -> Self {
        Self {
            name: String::new(),
            scopes: Vec::new(),
            expires_at: None,
            tag: None,
            environment: KeyEnvironment::Live,
            networks: Vec::new(),
            owner: None,
        }
    }
}

/// When a key ends that is made now by somebody who says nothing about it.
pub async fn default_end<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Timestamp> {
    let mut view = store.read(permit).await?;
    end_of_default(&mut view).await
}

async fn end_of_default(scope: &mut impl Scope) -> Result<Timestamp> {
    let most = tenants::policy(scope).await?.api_key_days.unwrap_or(DEFAULT_DAYS);
    Ok(scope.now() + Span::days(most.min(DEFAULT_DAYS)))
}

/// Makes a key and gives its text, this once. Its scopes hold no more than the actor has, and nothing of the platform's.
pub async fn create(
    store: &Store,
    permit: &Permit<CreateApiKey>,
    new: NewApiKey,
) -> Result<(ApiKey, Secret)> {
    no_key(permit)?;
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
    let mut view = store.read(permit).await?;
    if let Some(text) = wrong_end(&mut view, new.expires_at).await? {
        fields.refuse("expires_at", text);
    }
    let chosen = new.tag.as_deref().map(str::trim).filter(|tag| !tag.is_empty());
    let tag = chosen.and_then(KeyTag::parse);
    if chosen.is_some() && tag.is_none() {
        fields.refuse("tag", "Use three lower-case letters or digits, or leave it empty.");
    }
    let networks = match AllowList::parse(&new.networks) {
        Ok(networks) => networks,
        Err(BadNetwork::Entry(at)) => {
            fields.refuse(
                "networks",
                format!("Entry {at} is neither an address nor a network, such as 192.0.2.0/24."),
            );
            AllowList::default()
        }
        Err(BadNetwork::Many) => {
            fields.refuse("networks", format!("Give at most {MOST_NETWORKS} networks."));
            AllowList::default()
        }
    };
    if let Some(owner) = new.owner {
        let found = match users::find(&mut view, owner).await {
            Err(bailiwick_store::Error::NotFound) => None,
            found => Some(found?),
        };
        if found.is_none_or(|user| user.status != UserStatus::Active) {
            fields.refuse("owner", "Choose somebody who is active here.");
        }
    }
    drop(view);
    fields.done()?;
    let (Some(name), Some(scopes)) = (name, scopes) else { return Err(Error::NotFound) };
    if !matches!(permit.actor(), Actor::System(_)) {
        within(scopes, *permit.permissions())?;
    }
    store
        .change(permit, async |tx| {
            let maker = maker(permit);
            let made = Made {
                name: name.clone(),
                environment: new.environment,
                scopes: names(store, scopes),
                networks: networks.clone(),
                created_by: maker,
                owner: new.owner.or(maker),
                replaces: None,
                expires_at: new.expires_at,
            };
            let (event, key, secret) = make(store, tx, made, tag.as_ref()).await?;
            Ok(tx.record(event, (key, secret)))
        })
        .await
}

/// Revokes a key. It is refused on every server from the moment this returns. With it comes the receipt of the record.
pub async fn revoke(store: &Store, permit: &Permit<RevokeApiKey>, id: ApiKeyId) -> Result<(ApiKey, Receipt)> {
    store
        .change_with_receipt(permit, async |tx| {
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

/// What a key is made of.
struct Made {
    name: String,
    environment: KeyEnvironment,
    scopes: Vec<String>,
    networks: AllowList,
    created_by: Option<UserId>,
    owner: Option<UserId>,
    replaces: Option<ApiKeyId>,
    expires_at: Option<Timestamp>,
}

/// Draws a key and stores it, with the event to record.
async fn make(
    store: &Store,
    tx: &mut Tx,
    made: Made,
    tag: Option<&KeyTag>,
) -> Result<(Event, ApiKey, Secret)> {
    let brand = Brand::parse(&tenants::find(tx).await?.key_brand).unwrap_or_default();
    let environment = match made.environment {
        KeyEnvironment::Live => Environment::Live,
        KeyEnvironment::Test => Environment::Test,
    };
    let secret = Secret::generate(&brand, environment, tag, store.entropy());
    let key = ApiKey {
        id: store.new_id(),
        name: made.name,
        prefix: secret.display_prefix().to_owned(),
        environment: made.environment,
        scopes: made.scopes,
        networks: made.networks,
        created_by: made.created_by,
        owner: made.owner,
        replaces: made.replaces,
        rotating: false,
        created_at: tx.now(),
        expires_at: made.expires_at,
        revoked_at: None,
    };
    let written = api_keys::insert(tx, key.clone(), &secret.hash()).await?;
    let event =
        Event::new("api_key.created", &written)?.raising(Severity::Warning, describe(&key.name, &key.scopes));
    Ok((event, key, secret))
}

/// Refuses a key as the maker of keys: one that makes keys would outlive its own revocation.
fn no_key<R: Rule>(permit: &Permit<R>) -> Result<()> {
    if matches!(permit.actor(), Actor::Key { .. }) {
        return Err(Error::Conflict("A key cannot make other keys. Sign in to make one."));
    }
    Ok(())
}

/// Whose arm a new key is.
fn maker<R: Rule>(permit: &Permit<R>) -> Option<UserId> {
    match permit.actor() {
        Actor::User { id, .. } => Some(*id),
        _ => None,
    }
}

/// What is wrong with the end of a new key, if anything is.
async fn wrong_end(scope: &mut impl Scope, end: Option<Timestamp>) -> Result<Option<String>> {
    let (now, most) = (scope.now(), tenants::policy(scope).await?.api_key_days);
    let days = |days: i64| if days == 1 { "day".to_owned() } else { format!("{days} days") };
    Ok(match (end, most) {
        (None, Some(most)) => {
            Some(format!("The policy of this organisation asks for an end within the next {}.", days(most)))
        }
        (Some(end), Some(most)) if end > now && end > now + Span::days(most) && end <= now + LONGEST => {
            Some(format!("The policy of this organisation asks for an end within the next {}.", days(most)))
        }
        (Some(end), _) if end <= now || end > now + LONGEST => {
            Some("Choose an end within the next 366 days.".to_owned())
        }
        _ => None,
    })
}

/// Hands the keys that somebody answers for, who is about to go, to those who made them.
pub(crate) async fn hand_over_those_of(tx: &mut Tx, owner: UserId, why: &'static str) -> Result<()> {
    for key in api_keys::owned_by(tx, owner).await? {
        let before = api_keys::lock(tx, key.id).await?;
        let after = ApiKey { owner: before.created_by, ..before.clone() };
        let written = api_keys::replace(tx, before, after).await?;
        let event = Event::new("api_key.handed_over", &written)?.because(why);
        tx.also(event.following());
    }
    Ok(())
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
