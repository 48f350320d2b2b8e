//! What the gate reads: one query for a session or key, one for everything its user has.

use std::sync::Arc;

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::{ApiKey, Session, Tenant, TenantStatus, User},
    ids::TenantId,
    mfa::Standing,
    permission::{Given, Held, PermissionSet, Source},
    role::RoleName,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Store, api_keys,
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
    /// What people call the user's role.
    pub(crate) role: String,
    pub(crate) idle_minutes: i64,
    pub(crate) reauth_minutes: i64,
    /// Changes of what the user may do so far.
    pub(crate) privileges: i64,
    /// Changes of what the user may do, where the session has not seen all of them.
    pub(crate) outdated: Option<i64>,
    /// How the person, in this session, stands to the second factor that is asked of them.
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
    role_label: Option<String>,
}

pub(crate) async fn by_session(view: &mut View, token: &TokenHash) -> Result<Option<BySession>> {
    let tenant = view.tenant();
    let row: Option<Row> = row!(
        view,
        "SELECT s.id AS session_id, s.user_id, s.method, s.created_at AS session_created_at, s.last_seen_at, s.idle_until, s.absolute_until, s.ended_at,
                s.browser, s.system, s.place, s.network, s.renewed_at, s.privileges AS seen_privileges, u.privileges,
                u.id, u.email, u.name, u.role, u.status, u.created_at, u.time_zone,
                t.id AS tenant_id, t.slug, t.name AS tenant_name, t.kind, t.region, t.status AS tenant_status, t.key_brand, t.created_at AS tenant_created_at,
                p.session_idle_minutes, p.reauth_minutes, c.label AS role_label,
                p.mfa_since, p.passkey_since, p.mfa_grace_days, u.factor,
                (SELECT min(f.mfa_since) FROM role_floor f WHERE f.tenant = u.tenant AND (f.role = u.role OR EXISTS (
                    SELECT 1 FROM team_member m JOIN team_role g ON g.tenant = m.tenant AND g.team = m.team WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.role = f.role))) AS role_mfa_since,
                (SELECT min(f.passkey_since) FROM role_floor f WHERE f.tenant = u.tenant AND (f.role = u.role OR EXISTS (
                    SELECT 1 FROM team_member m JOIN team_role g ON g.tenant = m.tenant AND g.team = m.team WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.role = f.role))) AS role_passkey_since
         FROM session s
         JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
         JOIN tenant t ON t.id = s.tenant
         JOIN policy p ON p.tenant = s.tenant
         LEFT JOIN custom_role c ON c.tenant = u.tenant AND c.name = u.role
         WHERE s.tenant = $1 AND s.token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    let now = view.now();
    row.map(|row| {
        let user: User = row.user.try_into()?;
        let session: Session = row.session.into();
        Ok(BySession {
            role: row.role_label.unwrap_or_else(|| user.role.title().to_owned()),
            mfa: row.asked.asked().session(row.asked.held(), session.method, user.created_at, now),
            session,
            user,
            tenant: row.tenant.into(),
            idle_minutes: row.session_idle_minutes,
            reauth_minutes: row.reauth_minutes,
            privileges: row.privileges,
            outdated: (row.seen_privileges != row.privileges).then_some(row.privileges),
        })
    })
    .transpose()
}

#[derive(FromRow)]
struct SourceRow {
    kind: String,
    id: Uuid,
    name: String,
    permissions: String,
}

/// What a user may do at this moment and through what: role, teams' roles and grants, less denials.
///
/// One statement, whatever they have. Of a disabled user it says what they would have. A permission whose pack is gone is given by
/// nothing, and so is what a role gives that is not there any more.
///
/// # Errors
/// [`Error::Corrupt`] where a stored name is none, and those of the database.
pub async fn held(scope: &mut impl Scope, user: &User) -> Result<Held> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let shared = Arc::clone(scope.shared());
    let catalogue = &*shared.catalogue;
    let rows: Vec<SourceRow> = rows!(
        scope,
        "SELECT 'role' AS kind, r.id AS id, r.name AS name, r.permissions AS permissions
         FROM custom_role r WHERE r.tenant = $1 AND r.name = $3
         UNION ALL
         SELECT 'team', t.team, t.role, COALESCE(r.permissions, '')
         FROM team_member m JOIN team_role t ON t.tenant = m.tenant AND t.team = m.team
         LEFT JOIN custom_role r ON r.tenant = t.tenant AND r.name = t.role
         WHERE m.tenant = $1 AND m.user_id = $2
         UNION ALL
         SELECT g.effect, g.id, g.permission, ''
         FROM user_grant g WHERE g.tenant = $1 AND g.user_id = $2 AND (g.expires_at IS NULL OR g.expires_at > $4)",
        tenant.uuid(),
        user.id.uuid(),
        user.role.name(),
        now.micros()
    )?;
    let mut held = Held::default();
    let own = user.role.built_in().map_or(PermissionSet::empty(), |role| catalogue.role_set(role));
    held.given.push(Given { source: Source::Role(user.role), permissions: own });
    for row in rows {
        let one =
            || catalogue.find(&row.name).map_or(PermissionSet::empty(), |p| PermissionSet::empty().with(p));
        let (source, permissions) = match row.kind.as_str() {
            "role" => (Source::Role(user.role), named(catalogue, &row.permissions)),
            "team" => {
                let role: RoleName = row.name.parse().map_err(|_| Error::Corrupt("team_role.role".into()))?;
                let permissions = match role {
                    RoleName::BuiltIn(role) => catalogue.role_set(role),
                    RoleName::Custom(_) => named(catalogue, &row.permissions),
                };
                (Source::Team { team: row.id.into(), role }, permissions)
            }
            "grant" => (Source::Grant(row.id.into()), one()),
            "deny" => {
                held.denied.push((row.id.into(), one()));
                continue;
            }
            _ => return Err(Error::Corrupt("user_grant.effect".into())),
        };
        match held.given.first_mut() {
            Some(own) if own.source == source => own.permissions = permissions,
            _ => held.given.push(Given { source, permissions }),
        }
    }
    // Whatever is stored, nobody holds a platform permission outside the platform's own tenant.
    if !user.role.platform() {
        for given in &mut held.given {
            given.permissions = given.permissions.difference(catalogue.platform_permissions());
        }
    }
    Ok(held)
}

/// The set of stored names, with spaces between them.
pub(crate) fn named(catalogue: &Catalogue, names: &str) -> PermissionSet {
    names.split_whitespace().filter_map(|name| catalogue.find(name)).collect()
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
