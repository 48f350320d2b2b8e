//! The keys of the tenant; never the keys themselves.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus, KeyEnvironment},
    ids::UserId,
    permission::Permission,
    rule::ReadApiKeys,
    time::Timestamp,
};
use bailiwick_store::{
    Scope, Store, api_keys,
    api_keys::Which,
    key_uses::{self, LastUse},
    users,
};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        cursor,
        parts::{Badge, Pager, Tab, address, counted, grouped},
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    status: Option<Status>,
    before: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Active,
    Expiring,
    Rotating,
    Expired,
    Revoked,
}

#[derive(Template, WebTemplate)]
#[template(path = "api_keys/list.html")]
pub(super) struct ApiKeysPage {
    shell: Shell,
    may_create_key: bool,
    tabs: Vec<Tab>,
    rows: Vec<KeyRow>,
    pager: Pager,
}

/// A key as lists show it.
struct KeyRow {
    name: String,
    /// The visible beginning: `bw_live_rpt`.
    prefix: String,
    /// Whether it is for trial data.
    test: bool,
    scopes: Vec<String>,
    /// From where it works; anywhere, if empty.
    networks: Vec<String>,
    owner: String,
    used: Option<Used>,
    expires: Option<When>,
    status: Badge,
    href: String,
    revoke: Option<String>,
}

/// The last use of a key.
pub(super) struct Used {
    pub(super) at: When,
    /// Empty where it is not known.
    pub(super) from: String,
    /// Empty where the request asked for none.
    pub(super) scope: String,
}

impl Used {
    pub(super) fn of(used: LastUse, now: Timestamp) -> Self {
        Self {
            at: When::ago(used.at, now),
            from: used.address.unwrap_or_default(),
            scope: used.scope.unwrap_or_default(),
        }
    }
}

pub(super) async fn list(
    Access(permit): Access<ReadApiKeys>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<ApiKeysPage> {
    let status = filter.status.unwrap_or(Status::Active);
    let before = cursor(filter.before.as_deref())?;
    let mut view = store.read(&permit).await?;
    let tally = api_keys::tally(&mut view).await?;
    let (which, total) = match status {
        Status::Active => (Which::Working, tally.working),
        Status::Expiring => (Which::Expiring, tally.expiring),
        Status::Rotating => (Which::Rotating, tally.rotating),
        Status::Expired => (Which::Expired, tally.expired),
        Status::Revoked => (Which::Revoked, tally.revoked),
    };
    let page = api_keys::list_of(&mut view, which, before).await?;
    let owners: Vec<_> = page.items.iter().filter_map(|key| key.owner.map(UserId::uuid)).collect();
    let names = users::names(&mut view, &owners).await?;
    let ids: Vec<_> = page.items.iter().map(|key| key.id).collect();
    let mut uses = key_uses::last_of(&mut view, &ids).await?;
    let now = view.now();
    let may_revoke = permit.may(Permission::API_KEY_REVOKE);
    let row = |key: ApiKey| {
        let owner =
            key.owner.map(|id| names.get(&id.uuid()).cloned().unwrap_or_else(|| "Somebody".to_owned()));
        KeyRow {
            owner: owner.unwrap_or_else(|| "The server".to_owned()),
            used: uses.remove(&key.id).map(|used| Used::of(used, now)),
            expires: key.expires_at.map(When::day),
            status: badge(&key, now),
            href: format!("/api-keys/{}", key.id),
            revoke: (may_revoke && key.revoked_at.is_none()).then(|| format!("/api-keys/{}/revoke", key.id)),
            test: key.environment == KeyEnvironment::Test,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            networks: key.networks.texts(),
        }
    };
    let here = |status: Status, before: Option<&str>| {
        let status = match status {
            Status::Active => None,
            Status::Expiring => Some("expiring"),
            Status::Rotating => Some("rotating"),
            Status::Expired => Some("expired"),
            Status::Revoked => Some("revoked"),
        };
        address("/api-keys", &[("status", status), ("before", before)])
    };
    let tab = |label, of: Status, count| Tab {
        label,
        href: here(of, None),
        current: of == status,
        count: grouped(count),
    };
    let next = page.next.map(|next| here(status, Some(&next.to_string())));
    Ok(ApiKeysPage {
        shell: Shell::new(&permit, &visit, "API keys").under("People and access", "/users"),
        may_create_key: permit.may(Permission::API_KEY_CREATE),
        tabs: vec![
            tab("Active", Status::Active, tally.working),
            tab("Expiring", Status::Expiring, tally.expiring),
            tab("Being replaced", Status::Rotating, tally.rotating),
            tab("Expired", Status::Expired, tally.expired),
            tab("Revoked", Status::Revoked, tally.revoked),
        ],
        rows: page.items.into_iter().map(row).collect(),
        pager: Pager::forward(counted(total, "key"), before.map(|_| here(status, None)), next),
    })
}

/// What a key is at `now`.
pub(crate) fn badge(key: &ApiKey, now: Timestamp) -> Badge {
    match key.status(now) {
        ApiKeyStatus::Active => Badge::new("ok", "Active"),
        ApiKeyStatus::Expiring => Badge::new("warn", "Expiring"),
        ApiKeyStatus::Rotating => Badge::new("info", "Being replaced"),
        ApiKeyStatus::Expired => Badge::new("mute", "Expired"),
        ApiKeyStatus::Revoked => Badge::new("bad", "Revoked"),
    }
}
