//! The keys of the tenant; never the keys themselves.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus},
    ids::UserId,
    permission::Permission,
    rule::ReadApiKeys,
    time::Timestamp,
};
use bailiwick_store::{Scope, Store, api_keys, api_keys::Which, users};
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::{
        audit::history,
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
    scopes: Vec<String>,
    created_by: String,
    expires: Option<When>,
    status: Badge,
    /// Its history; empty for whoever may not read the log.
    href: String,
    revoke: Option<String>,
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
        Status::Expired => (Which::Expired, tally.expired),
        Status::Revoked => (Which::Revoked, tally.revoked),
    };
    let page = api_keys::list_of(&mut view, which, before).await?;
    let makers: Vec<_> = page.items.iter().filter_map(|key| key.created_by.map(UserId::uuid)).collect();
    let names = users::names(&mut view, &makers).await?;
    let now = view.now();
    let (may_revoke, may_audit) =
        (permit.may(Permission::API_KEY_REVOKE), permit.may(Permission::AUDIT_READ));
    let row = |key: ApiKey| {
        let by =
            key.created_by.map(|id| names.get(&id.uuid()).cloned().unwrap_or_else(|| "Somebody".to_owned()));
        KeyRow {
            created_by: by.unwrap_or_else(|| "The server".to_owned()),
            expires: key.expires_at.map(When::day),
            status: badge(&key, now),
            href: if may_audit { history("api_key", key.id) } else { String::new() },
            revoke: (may_revoke && key.revoked_at.is_none()).then(|| format!("/api-keys/{}/revoke", key.id)),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
        }
    };
    let here = |status: Status, before: Option<&str>| {
        let status = match status {
            Status::Active => None,
            Status::Expiring => Some("expiring"),
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
        ApiKeyStatus::Expired => Badge::new("mute", "Expired"),
        ApiKeyStatus::Revoked => Badge::new("bad", "Revoked"),
    }
}
