//! Whether a key is good, from memory: for whoever asks for every request of the guarded product.
//!
//! What is remembered is what the database said, and nothing is taken from here that could have changed since:
//!
//! - Every change that may decide what a key is worth ([`decides`]) empties its tenant's part here **before** it is acknowledged, on
//!   every server. On SQLite there is one. On PostgreSQL each server that remembers anything holds a short lease in the database, and
//!   whoever changes something waits until each of them has said that it forgot, or its lease is over ([`node`]).
//! - What ends by the clock (keys, grants) ends here by the clock.
//! - Only good keys are remembered, a bounded number of them, each for a minute at most: a change whose server died before it could
//!   tell the others was acknowledged to nobody, and is seen by then.
//!
//! The gate takes from here whether a key that is shown to ask about others is good, which opens nothing but questions of that kind.
//! Of every other request it asks the database.

mod entries;
mod load;
mod node;
mod pace;

use std::{net::IpAddr, sync::Arc};

use bailiwick_domain::{
    entity::{Browser, KeyEnvironment},
    ids::{ApiKeyId, TenantId, UserId},
    network::AllowList,
    permission::{Permission, PermissionSet, Portions},
    time::Timestamp,
};
use bailiwick_vault::token::TokenHash;

pub use self::node::{KeyNode, LEASE};
pub(crate) use self::{entries::Entries, pace::UnknownPace};
use crate::{Event, Result, Store, access, key_uses::KeyUse};

/// A key that is good at this moment.
#[derive(Debug)]
pub struct GoodKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its record.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// Its visible beginning.
    pub prefix: String,
    /// Whether it is for real data.
    pub environment: KeyEnvironment,
    /// From where it works.
    pub networks: AllowList,
    /// Who answers for it.
    pub owner: Option<UserId>,
    /// Whose arm it is.
    pub maker: Option<UserId>,
    /// What it may do: its scopes, as far as its maker has them.
    pub permissions: PermissionSet,
    /// What it may do at most.
    pub(crate) scopes: PermissionSet,
    /// What its maker has.
    pub(crate) portions: Option<Portions>,
    /// When it ceases to work; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// Whether another key is taking its place.
    pub rotating: bool,
    /// From when on the database has to be asked again, because something ends.
    until: Option<Timestamp>,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It is good.
    Good(Arc<GoodKey>),
    /// Nobody has such a key.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
    /// Whoever made it is disabled.
    Disabled,
    /// Its organisation is suspended.
    Suspended,
    /// Too many keys that nobody has were asked about from there.
    Limited,
}

impl Store {
    /// What is known of the key with this hash. Where `among` is given, the keys of every other tenant are unknown. `asker` is where the
    /// question comes from.
    pub async fn key_standing(
        &self,
        hash: &TokenHash,
        among: Option<TenantId>,
        asker: Option<IpAddr>,
    ) -> Result<Standing> {
        let now = self.now();
        if let Some(good) = self.remembered_key(hash, among, now) {
            return Ok(Standing::Good(good));
        }
        if !self.shared.unknown_keys.may_ask(asker, now) {
            return Ok(Standing::Limited);
        }
        let standing = self.learn_key(hash, among, now).await?;
        if matches!(standing, Standing::Unknown) {
            self.shared.unknown_keys.count(asker, now);
        }
        Ok(standing)
    }

    /// The same of a key that is shown or asked about by whoever was let in with another one: nobody is told to wait.
    pub(crate) async fn key_at_hand(&self, hash: &TokenHash, among: Option<TenantId>) -> Result<Standing> {
        let now = self.now();
        match self.remembered_key(hash, among, now) {
            Some(good) => Ok(Standing::Good(good)),
            None => self.learn_key(hash, among, now).await,
        }
    }

    fn remembered_key(
        &self,
        hash: &TokenHash,
        among: Option<TenantId>,
        now: Timestamp,
    ) -> Option<Arc<GoodKey>> {
        let good = self.shared.key_cache.find(hash, now)?;
        among.is_none_or(|tenant| tenant == good.tenant).then_some(good)
    }

    async fn learn_key(&self, hash: &TokenHash, among: Option<TenantId>, now: Timestamp) -> Result<Standing> {
        // Taken before the database is looked at: whatever is forgotten in between is not remembered.
        let before = self.shared.key_cache.generation();
        let standing = load::load(self, hash, among).await?;
        if let Standing::Good(good) = &standing {
            self.shared.key_cache.remember(hash, good, before, now);
        }
        Ok(standing)
    }

    /// Notes in memory that somebody used a key of the guarded product, from where and for which scope.
    pub fn note_key_use(
        &self,
        key: &GoodKey,
        address: Option<IpAddr>,
        agent: Browser,
        scope: Option<Permission>,
    ) {
        let used = KeyUse { tenant: key.tenant, key: key.id, address, agent, scope };
        self.shared.key_uses.note(used, self.now());
    }

    /// The tenant of the key with this hash, good or not.
    pub async fn tenant_of_key(&self, hash: &TokenHash) -> Result<Option<TenantId>> {
        access::tenant_of_key(self, hash).await
    }

    /// Whether keys are remembered at this moment.
    pub fn remembers_keys(&self) -> bool {
        self.shared.key_cache.may_remember()
    }

    /// Has every server forget what it knows of a tenant's keys; returns once none of them answers from it any more.
    pub(crate) async fn forget_keys(&self, tenant: TenantId) -> Result<()> {
        self.shared.key_cache.forget(tenant);
        node::tell(self, tenant).await
    }
}

/// Whether a record may change what some key of its tenant is worth. A new kind of thing that decides about people or keys has to
/// stand here; everything else that belongs to a person's rights is told by the kinds below.
pub(crate) fn decides(event: &Event) -> bool {
    let touched = |fields: &[&str]| {
        event.changes.iter().any(|change| change.path.is_empty() || fields.contains(&change.field()))
    };
    match event.entity_type {
        // A new key is remembered by nobody.
        "api_key" => event.action != "api_key.created",
        "user" => touched(&["status", "role"]),
        "tenant" => touched(&["status"]),
        "role" | "grant" | "team" | "team_member" => true,
        _ => false,
    }
}
