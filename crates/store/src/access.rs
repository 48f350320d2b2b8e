//! What the gate reads: one query for a session or key together with everything its user has. And the same with the source of each
//! permission, for whoever asks why somebody may do something.

mod has;
mod standing;

use std::sync::Arc;

use bailiwick_domain::{
    entity::{ApiKey, Session, Tenant, TenantStatus, User, UserStatus},
    ids::{TenantId, UserId},
    mfa::Standing,
    permission::{Given, Held, PermissionSet, Source},
    role::RoleName,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

pub(crate) use self::has::{Has, named};
use self::has::{role, team_role};
pub use self::standing::Standing as SubjectStanding;
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
    pub(crate) has: Has,
}

/// A key with everything that decides whether it is good.
pub(crate) struct ByKey {
    pub(crate) key: ApiKey,
    pub(crate) tenant: TenantStatus,
    /// Whoever made it, while they are there.
    pub(crate) maker: Option<Maker>,
}

/// Whose arm a key is.
pub(crate) struct Maker {
    pub(crate) status: UserStatus,
    pub(crate) role: RoleName,
    pub(crate) has: Has,
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
    #[sqlx(flatten)]
    has: Has,
    session_idle_minutes: i64,
    reauth_minutes: i64,
    seen_privileges: i64,
    privileges: i64,
    role_label: Option<String>,
}

/// The session with this token, or with the one that replaced it a moment ago, live or not.
///
/// Here and below, `CROSS JOIN` has SQLite begin with what is the user's and not with the teams of the whole tenant.
pub(crate) async fn by_session(view: &mut View, token: &TokenHash) -> Result<Option<BySession>> {
    let (tenant, now) = (view.tenant(), view.now());
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
                    SELECT 1 FROM team_member m JOIN team_role g ON g.tenant = m.tenant AND g.team = m.team WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.role = f.role))) AS role_passkey_since,
                c.permissions AS role_permissions,
                (SELECT string_agg(g.role || ' ' || COALESCE(r.permissions, ''), ',') FROM team_member m CROSS JOIN team_role g LEFT JOIN custom_role r ON r.tenant = g.tenant AND r.name = g.role
                    WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.tenant = m.tenant AND g.team = m.team) AS team_roles,
                (SELECT string_agg(d.effect || ' ' || d.permission, ',') FROM user_grant d WHERE d.tenant = u.tenant AND d.user_id = u.id AND (d.expires_at IS NULL OR d.expires_at > $3)) AS grants
         FROM session s
         JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
         JOIN tenant t ON t.id = s.tenant
         JOIN policy p ON p.tenant = s.tenant
         LEFT JOIN custom_role c ON c.tenant = u.tenant AND c.name = u.role
         WHERE s.tenant = $1 AND s.id = COALESCE(
            (SELECT n.id FROM session n WHERE n.tenant = $1 AND n.token_hash = $2),
            (SELECT o.id FROM session o WHERE o.tenant = $1 AND o.old_hash = $2 AND o.old_until > $3))",
        tenant.uuid(),
        &token.as_bytes()[..],
        now.micros()
    )?;
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
            has: row.has,
            outdated: (row.seen_privileges != row.privileges).then_some(row.privileges),
        })
    })
    .transpose()
}

/// A user with everything that decides what they may do.
pub(crate) struct ByUser {
    pub(crate) user: User,
    pub(crate) has: Has,
}

#[derive(FromRow)]
struct UserRow {
    #[sqlx(flatten)]
    user: users::Row,
    #[sqlx(flatten)]
    has: Has,
}

/// The user with this id, active or not.
pub(crate) async fn by_user(view: &mut View, id: UserId) -> Result<Option<ByUser>> {
    let (tenant, now) = (view.tenant(), view.now());
    let row: Option<UserRow> = row!(
        view,
        "SELECT u.id, u.email, u.name, u.role, u.status, u.created_at, u.time_zone,
                c.permissions AS role_permissions,
                (SELECT string_agg(g.role || ' ' || COALESCE(r.permissions, ''), ',') FROM team_member m CROSS JOIN team_role g LEFT JOIN custom_role r ON r.tenant = g.tenant AND r.name = g.role
                    WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.tenant = m.tenant AND g.team = m.team) AS team_roles,
                (SELECT string_agg(d.effect || ' ' || d.permission, ',') FROM user_grant d WHERE d.tenant = u.tenant AND d.user_id = u.id AND (d.expires_at IS NULL OR d.expires_at > $3)) AS grants
         FROM users u
         LEFT JOIN custom_role c ON c.tenant = u.tenant AND c.name = u.role
         WHERE u.tenant = $1 AND u.id = $2",
        tenant.uuid(),
        id.uuid(),
        now.micros()
    )?;
    row.map(|row| Ok(ByUser { user: row.user.try_into()?, has: row.has })).transpose()
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
         FROM team_member m CROSS JOIN team_role t LEFT JOIN custom_role r ON r.tenant = t.tenant AND r.name = t.role
         WHERE m.tenant = $1 AND m.user_id = $2 AND t.tenant = m.tenant AND t.team = m.team
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
                let name = team_role(&row.name)?;
                let permissions = role(catalogue, name, &row.permissions);
                (Source::Team { team: row.id.into(), role: name }, permissions)
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

pub(crate) async fn tenant_of_key(store: &Store, hash: &TokenHash) -> Result<Option<TenantId>> {
    tenants::of_key(store, hash).await
}

#[derive(FromRow)]
struct KeyRow {
    #[sqlx(flatten)]
    key: api_keys::Row,
    #[sqlx(try_from = "String")]
    tenant_status: TenantStatus,
    maker_status: Option<String>,
    maker_role: Option<String>,
    #[sqlx(flatten)]
    has: Has,
}

/// The key with this hash, good or not.
pub(crate) async fn by_key(view: &mut View, hash: &TokenHash) -> Result<Option<ByKey>> {
    let (tenant, now) = (view.tenant(), view.now());
    let row: Option<KeyRow> = row!(
        view,
        "SELECT k.id, k.name, k.prefix, k.scopes, k.created_by, k.created_at, k.expires_at, k.revoked_at,
                k.environment, k.networks, k.owner, k.replaces, k.rotating, t.status AS tenant_status, u.status AS maker_status, u.role AS maker_role,
                c.permissions AS role_permissions,
                (SELECT string_agg(g.role || ' ' || COALESCE(r.permissions, ''), ',') FROM team_member m CROSS JOIN team_role g LEFT JOIN custom_role r ON r.tenant = g.tenant AND r.name = g.role
                    WHERE m.tenant = u.tenant AND m.user_id = u.id AND g.tenant = m.tenant AND g.team = m.team) AS team_roles,
                (SELECT string_agg(d.effect || ' ' || d.permission, ',') FROM user_grant d WHERE d.tenant = u.tenant AND d.user_id = u.id AND (d.expires_at IS NULL OR d.expires_at > $3)) AS grants
         FROM api_key k
         JOIN tenant t ON t.id = k.tenant
         LEFT JOIN users u ON u.tenant = k.tenant AND u.id = k.created_by
         LEFT JOIN custom_role c ON c.tenant = u.tenant AND c.name = u.role
         WHERE k.tenant = $1 AND k.hash = $2",
        tenant.uuid(),
        &hash.as_bytes()[..],
        now.micros()
    )?;
    let Some(row) = row else { return Ok(None) };
    let maker = match (row.maker_status, row.maker_role) {
        (Some(status), Some(role)) => Some(Maker {
            status: status.parse().map_err(|_| Error::Corrupt("users.status".into()))?,
            role: role.parse().map_err(|_| Error::Corrupt("users.role".into()))?,
            has: row.has,
        }),
        _ => None,
    };
    Ok(Some(ByKey { key: row.key.try_into()?, tenant: row.tenant_status, maker }))
}
