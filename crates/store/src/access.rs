//! What the gate reads: one query for a session or key, one for the grants.

use bailiwick_domain::{
    entity::{ApiKey, Effect, Session, Tenant, TenantStatus, User},
    ids::{TenantId, UserId},
    mfa::Standing,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;

use crate::{
    Result, Store, api_keys,
    lock::{row, rows},
    policies::AskedRow,
    sessions, tenants,
    tx::{Scope, View},
    users,
};

/// A session with everything that decides whether it is good.
pub(crate) struct BySession {
    pub(crate) session: Session,
    pub(crate) user: User,
    pub(crate) tenant: Tenant,
    pub(crate) idle_minutes: i64,
    pub(crate) reauth_minutes: i64,
    /// Changes of what the user may do, where the session has not seen all of them.
    pub(crate) outdated: Option<i64>,
    /// How the person stands to the second factor that is asked of them.
    pub(crate) mfa: Standing,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    session: sessions::Row,
    #[sqlx(flatten)]
    user: users::Row,
    #[sqlx(flatten)]
    tenant: tenants::Row,
    #[sqlx(flatten)]
    asked: AskedRow,
    session_idle_minutes: i64,
    reauth_minutes: i64,
    seen_privileges: i64,
    privileges: i64,
}

pub(crate) async fn by_session(view: &mut View, token: &TokenHash) -> Result<Option<BySession>> {
    let tenant = view.tenant();
    let row: Option<Row> = row!(
        view,
        "SELECT s.id AS session_id, s.user_id, s.method, s.created_at AS session_created_at, s.last_seen_at, s.idle_until, s.absolute_until, s.ended_at,
                s.browser, s.system, s.place, s.network, s.renewed_at, s.privileges AS seen_privileges, u.privileges,
                u.id, u.email, u.name, u.role, u.status, u.created_at, u.time_zone,
                t.id AS tenant_id, t.slug, t.name AS tenant_name, t.kind, t.region, t.status AS tenant_status, t.key_brand, t.created_at AS tenant_created_at,
                p.session_idle_minutes, p.reauth_minutes,
                p.mfa_since, p.passkey_since, p.mfa_grace_days, r.mfa_since AS role_mfa_since, r.passkey_since AS role_passkey_since, u.factor
         FROM session s
         JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
         JOIN tenant t ON t.id = s.tenant
         JOIN policy p ON p.tenant = s.tenant
         LEFT JOIN role_floor r ON r.tenant = u.tenant AND r.role = u.role
         WHERE s.tenant = $1 AND s.token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    let now = view.now();
    row.map(|row| {
        let user: User = row.user.try_into()?;
        Ok(BySession {
            session: row.session.into(),
            mfa: row.asked.asked().standing(row.asked.held(), user.created_at, now),
            user,
            tenant: row.tenant.into(),
            idle_minutes: row.session_idle_minutes,
            reauth_minutes: row.reauth_minutes,
            outdated: (row.seen_privileges != row.privileges).then_some(row.privileges),
        })
    })
    .transpose()
}

/// One permission given or taken.
#[derive(FromRow)]
pub(crate) struct GrantRow {
    pub(crate) permission: String,
    #[sqlx(try_from = "String")]
    pub(crate) effect: Effect,
}

pub(crate) async fn grants(scope: &mut impl Scope, user: UserId) -> Result<Vec<GrantRow>> {
    let tenant = scope.tenant();
    Ok(rows!(
        scope,
        "SELECT permission, effect FROM user_grant WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?)
}

pub(crate) async fn tenant_of_key(store: &Store, hash: &TokenHash) -> Result<Option<TenantId>> {
    tenants::of_key(store, hash).await
}

pub(crate) async fn by_key(view: &mut View, hash: &TokenHash) -> Result<Option<(ApiKey, TenantStatus)>> {
    let tenant = view.tenant();
    let row: Option<api_keys::Row> = row!(
        view,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at FROM api_key WHERE tenant = $1 AND hash = $2",
        tenant.uuid(),
        &hash.as_bytes()[..]
    )?;
    let Some(row) = row else { return Ok(None) };
    let status = tenants::find(view).await?.status;
    Ok(Some((row.try_into()?, status)))
}
