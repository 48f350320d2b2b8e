//! Users of a tenant.

use bailiwick_domain::{
    entity::{FactorKind, MfaFloor, MfaState, User, UserStatus},
    ids::UserId,
    role::Role,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

#[derive(FromRow)]
pub(crate) struct Row {
    #[sqlx(try_from = "Uuid")]
    id: UserId,
    email: String,
    name: String,
    role: String,
    #[sqlx(try_from = "String")]
    status: UserStatus,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl TryFrom<Row> for User {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let role: Role = row.role.parse().map_err(|_| Error::Corrupt("users.role".into()))?;
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role,
            status: row.status,
            created_at: row.created_at,
        })
    }
}

/// A user with what the lists show beside the name.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The user.
    pub user: User,
    /// What the page says of their second factor.
    pub mfa: MfaState,
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    user: Row,
    factor: Option<String>,
    mfa_floor: String,
}

/// What the page says of a second factor: the best verified one against the policy.
fn mfa_state(factor: Option<&str>, floor: &str) -> MfaState {
    match factor {
        Some(kind) if kind == FactorKind::Sso.name() => MfaState::Sso,
        Some(_) if floor == MfaFloor::Mfa.name() => MfaState::Required,
        Some(_) => MfaState::Verified,
        None => MfaState::Missing,
    }
}

impl TryFrom<ListedRow> for Listed {
    type Error = Error;
    fn try_from(row: ListedRow) -> Result<Self> {
        Ok(Self { mfa: mfa_state(row.factor.as_deref(), &row.mfa_floor), user: row.user.try_into()? })
    }
}

/// Stores a new user and the way from the address to the tenant.
pub async fn insert(tx: &mut Tx, user: User) -> Result<Written<User>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO users (tenant, id, email, name, role, status, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        user.id.uuid(),
        user.email.as_str(),
        user.name.as_str(),
        user.role.name(),
        user.status.name(),
        user.created_at.micros(),
    )?;
    let tag = tx.shared.keys.directory.address_tag(&user.email);
    execute!(
        tx,
        "INSERT INTO directory_address (tag, tenant) VALUES ($1, $2) ON CONFLICT (tag, tenant) DO NOTHING",
        &tag[..],
        tenant.uuid()
    )?;
    Ok(Written::created(user))
}

/// One user.
pub async fn find(scope: &mut impl Scope, id: UserId) -> Result<User> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, name, role, status, created_at FROM users WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The user with this sign-in address, in lower case.
pub async fn by_email(scope: &mut impl Scope, email: &str) -> Result<Option<User>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, name, role, status, created_at FROM users WHERE tenant = $1 AND email = $2",
        tenant.uuid(),
        email
    )?;
    row.map(User::try_from).transpose()
}

/// One user with the state of their second factor.
pub async fn find_listed(scope: &mut impl Scope, id: UserId) -> Result<Listed> {
    let tenant = scope.tenant();
    let row: Option<ListedRow> = row!(
        scope,
        "SELECT u.id, u.email, u.name, u.role, u.status, u.created_at, p.mfa_floor, u.factor
         FROM users u JOIN policy p ON p.tenant = u.tenant WHERE u.tenant = $1 AND u.id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Users in the order in which they joined.
pub async fn list(scope: &mut impl Scope, after: Option<Cursor>) -> Result<Page<Listed>> {
    let tenant = scope.tenant();
    let after = after.unwrap_or(Cursor { at: Timestamp::from_micros(0), id: Uuid::nil() });
    let rows: Vec<ListedRow> = rows!(
        scope,
        "SELECT u.id, u.email, u.name, u.role, u.status, u.created_at, p.mfa_floor, u.factor
         FROM users u JOIN policy p ON p.tenant = u.tenant
         WHERE u.tenant = $1 AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4",
        tenant.uuid(),
        after.at.micros(),
        after.id,
        LIMIT + 1
    )?;
    let rows = rows.into_iter().map(Listed::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.user.created_at, id: row.user.id.uuid() }))
}

/// The first users by what their second factor still lacks: active ones without any, then those of whom the identity
/// provider asserts one, then everybody else; of each kind in the order in which they joined.
pub async fn exceptions_first(scope: &mut impl Scope, limit: i64) -> Result<Vec<Listed>> {
    let (tenant, sso) = (scope.tenant(), FactorKind::Sso.name());
    let mut found: Vec<ListedRow> = rows!(
        scope,
        "SELECT u.id, u.email, u.name, u.role, u.status, u.created_at, p.mfa_floor, u.factor FROM users u JOIN policy p ON p.tenant = u.tenant
         WHERE u.tenant = $1 AND u.status = 'active' AND u.factor IS NULL ORDER BY u.created_at, u.id LIMIT $2",
        tenant.uuid(),
        limit
    )?;
    let left = |found: &[ListedRow]| limit - i64::try_from(found.len()).unwrap_or(limit);
    if left(&found) > 0 {
        let asserted: Vec<ListedRow> = rows!(
            scope,
            "SELECT u.id, u.email, u.name, u.role, u.status, u.created_at, p.mfa_floor, u.factor FROM users u JOIN policy p ON p.tenant = u.tenant
             WHERE u.tenant = $1 AND u.status = 'active' AND u.factor = $2 ORDER BY u.created_at, u.id LIMIT $3",
            tenant.uuid(),
            sso,
            left(&found)
        )?;
        found.extend(asserted);
    }
    if left(&found) > 0 {
        // There are few of the others, or this would not be reached: it ends soon after them.
        let others: Vec<ListedRow> = rows!(
            scope,
            "SELECT u.id, u.email, u.name, u.role, u.status, u.created_at, p.mfa_floor, u.factor FROM users u JOIN policy p ON p.tenant = u.tenant
             WHERE u.tenant = $1 AND NOT (u.status = 'active' AND (u.factor IS NULL OR u.factor = $2)) ORDER BY u.created_at, u.id LIMIT $3",
            tenant.uuid(),
            sso,
            left(&found)
        )?;
        found.extend(others);
    }
    found.into_iter().map(Listed::try_from).collect()
}

/// Writes beside a locked user which of their verified factors is the strongest; whatever changes a factor calls this.
pub(crate) async fn note_strongest_factor(tx: &mut Tx, id: UserId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE users SET factor = (SELECT f.kind FROM factor f WHERE f.tenant = users.tenant AND f.user_id = users.id AND f.state = 'verified'
                                    ORDER BY CASE f.kind WHEN 'passkey' THEN 0 WHEN 'totp' THEN 1 ELSE 2 END LIMIT 1)
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(())
}

/// Reads a user for changing.
pub async fn lock(tx: &mut Tx, id: UserId) -> Result<User> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, email, name, role, status, created_at FROM users WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.try_into()
}

/// Replaces a locked user by its new image.
pub async fn replace(tx: &mut Tx, before: User, after: User) -> Result<Written<User>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE users SET name = $3, role = $4, status = $5 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.role.name(),
        after.status.name()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Active users with `role` other than `except`: whether the last owner would go.
pub async fn others_active_with(tx: &mut Tx, role: Role, except: UserId) -> Result<i64> {
    let tenant = tx.tenant();
    let others: (i64,) = crate::conn::on!(tx, |c| sqlx::query_as(
        "SELECT count(*) FROM users WHERE tenant = $1 AND role = $2 AND status = 'active' AND id <> $3"
    )
    .bind(tenant.uuid())
    .bind(role.name())
    .bind(except.uuid())
    .fetch_one(c)
    .await)?;
    Ok(others.0)
}

/// The first active user with `role`, as long as nobody active with it has a password or a passkey: who still has to be
/// enrolled.
pub async fn first_without_password(scope: &mut impl Scope, role: Role) -> Result<Option<User>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, name, role, status, created_at FROM users
         WHERE tenant = $1 AND role = $2 AND status = 'active'
         AND NOT EXISTS (SELECT 1 FROM users o JOIN password p ON p.tenant = o.tenant AND p.user_id = o.id
                         WHERE o.tenant = $1 AND o.role = $2 AND o.status = 'active')
         AND NOT EXISTS (SELECT 1 FROM users o JOIN passkey k ON k.tenant = o.tenant AND k.user_id = o.id
                         WHERE o.tenant = $1 AND o.role = $2 AND o.status = 'active')
         ORDER BY created_at, id LIMIT 1",
        tenant.uuid(),
        role.name()
    )?;
    row.map(User::try_from).transpose()
}

/// Users whose address or name is `text`, or else those in whose address or name it occurs; a few at most.
///
/// Letters beyond ASCII are compared as they are: SQLite folds no others.
pub async fn matching(scope: &mut impl Scope, text: &str) -> Result<Vec<User>> {
    const AT_MOST: i64 = 8;
    let tenant = scope.tenant();
    let folded = text.to_ascii_lowercase();
    let exact: Vec<Row> = rows!(
        scope,
        "SELECT id, email, name, role, status, created_at FROM users
         WHERE tenant = $1 AND (lower(email) = $2 OR lower(name) = $2) ORDER BY created_at, id LIMIT $3",
        tenant.uuid(),
        folded.as_str(),
        AT_MOST
    )?;
    if !exact.is_empty() {
        return exact.into_iter().map(User::try_from).collect();
    }
    let within = format!("%{}%", folded.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, email, name, role, status, created_at FROM users
         WHERE tenant = $1 AND (lower(email) LIKE $2 ESCAPE '\\' OR lower(name) LIKE $2 ESCAPE '\\') ORDER BY created_at, id LIMIT $3",
        tenant.uuid(),
        within.as_str(),
        AT_MOST
    )?;
    rows.into_iter().map(User::try_from).collect()
}

/// How many users there are of each second-factor state and status; pairs that do not occur are missing.
pub async fn tally(scope: &mut impl Scope) -> Result<Vec<(MfaState, UserStatus, i64)>> {
    let tenant = scope.tenant();
    let rows: Vec<(Option<String>, String, String, i64)> = rows!(
        scope,
        "SELECT u.factor, p.mfa_floor, u.status, u.number
         FROM (SELECT tenant, status, factor, count(*) AS number FROM users WHERE tenant = $1 GROUP BY tenant, status, factor) AS u
         JOIN policy p ON p.tenant = u.tenant",
        tenant.uuid()
    )?;
    let parse = |(factor, floor, status, count): (Option<String>, String, String, i64)| {
        let status = status.parse().map_err(|_| Error::Corrupt("users.status".into()))?;
        Ok((mfa_state(factor.as_deref(), &floor), status, count))
    };
    rows.into_iter().map(parse).collect()
}

/// How many active users hold each role; roles that nobody holds are missing.
pub async fn by_role(scope: &mut impl Scope) -> Result<std::collections::HashMap<Role, i64>> {
    let tenant = scope.tenant();
    let rows: Vec<(String, i64)> = rows!(
        scope,
        "SELECT role, count(*) FROM users WHERE tenant = $1 AND status = 'active' GROUP BY role",
        tenant.uuid()
    )?;
    let parse = |(role, count): (String, i64)| {
        Ok((role.parse().map_err(|_| Error::Corrupt("users.role".into()))?, count))
    };
    rows.into_iter().map(parse).collect()
}

/// Names of users by id, for pages that show actors.
pub async fn names(scope: &mut impl Scope, ids: &[Uuid]) -> Result<std::collections::HashMap<Uuid, String>> {
    let mut names = std::collections::HashMap::new();
    let tenant = scope.tenant();
    for id in ids {
        if !names.contains_key(id) {
            let name: Option<(String,)> =
                row!(scope, "SELECT name FROM users WHERE tenant = $1 AND id = $2", tenant.uuid(), *id)?;
            if let Some((name,)) = name {
                names.insert(*id, name);
            }
        }
    }
    Ok(names)
}
