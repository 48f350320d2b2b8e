//! Users of a tenant.

mod erase;
mod joined;
mod listed;
mod seek;

use bailiwick_domain::{
    entity::{FactorKind, MfaFloor, MfaState, User, UserStatus},
    ids::UserId,
    mfa::Held,
    role::{Role, RoleName},
    time::Timestamp,
    words,
    zone::Zone,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

use listed::{ListedRow, listed, mfa_state};

pub(crate) use erase::{THEIRS, keys_of};
pub use erase::{erase, erase_traces, lock_for_erasing};
pub use listed::Listed;
pub use seek::{Found, Mfa, Place, Sought, seek};

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
    time_zone: Option<String>,
}

impl TryFrom<Row> for User {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let role: RoleName = row.role.parse().map_err(|_| Error::Corrupt("users.role".into()))?;
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role,
            status: row.status,
            created_at: row.created_at,
            // A zone that the database of zones has dropped since counts as none: nobody is locked out for it.
            time_zone: row.time_zone.and_then(|name| name.parse().ok()),
        })
    }
}

/// Stores a new user and the way from the address to the tenant.
pub async fn insert(tx: &mut Tx, user: User) -> Result<Written<User>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO users (tenant, id, email, name, role, status, created_at, time_zone) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        user.id.uuid(),
        user.email.as_str(),
        user.name.as_str(),
        user.role.name(),
        user.status.name(),
        user.created_at.micros(),
        user.time_zone.as_ref().map(Zone::name)
    )?;
    note_words(tx, &user).await?;
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
        "SELECT id, email, name, role, status, created_at, time_zone FROM users WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The user with this sign-in address, in lower case.
pub async fn by_email(scope: &mut impl Scope, email: &str) -> Result<Option<User>> {
    // PostgreSQL takes no U+0000 in a text, and nobody has such an address.
    if email.contains('\0') {
        return Ok(None);
    }
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, name, role, status, created_at, time_zone FROM users WHERE tenant = $1 AND email = $2",
        tenant.uuid(),
        email
    )?;
    row.map(User::try_from).transpose()
}

/// One user with the state of their second factor.
pub async fn find_listed(scope: &mut impl Scope, id: UserId) -> Result<Listed> {
    let tenant = scope.tenant();
    let row: Option<ListedRow> = row!(scope, listed!("AND u.id = $2"), tenant.uuid(), id.uuid())?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Users in the order in which they joined.
pub async fn list(scope: &mut impl Scope, after: Option<Cursor>) -> Result<Page<Listed>> {
    let tenant = scope.tenant();
    let after = after.unwrap_or(Cursor { at: Timestamp::from_micros(0), id: Uuid::nil() });
    let rows: Vec<ListedRow> = rows!(
        scope,
        listed!("AND (u.created_at, u.id) > ($2, $3) ORDER BY u.created_at, u.id LIMIT $4"),
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
        listed!("AND u.status = 'active' AND u.factor IS NULL ORDER BY u.created_at, u.id LIMIT $2"),
        tenant.uuid(),
        limit
    )?;
    let left = |found: &[ListedRow]| limit - i64::try_from(found.len()).unwrap_or(limit);
    if left(&found) > 0 {
        let asserted: Vec<ListedRow> = rows!(
            scope,
            listed!("AND u.status = 'active' AND u.factor = $2 ORDER BY u.created_at, u.id LIMIT $3"),
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
            listed!(
                "AND NOT (u.status = 'active' AND (u.factor IS NULL OR u.factor = $2)) ORDER BY u.created_at, u.id LIMIT $3"
            ),
            tenant.uuid(),
            sso,
            left(&found)
        )?;
        found.extend(others);
    }
    found.into_iter().map(Listed::try_from).collect()
}

/// Writes beside a locked user which of their verified factors is the strongest; whatever changes what is verified calls this.
///
/// As with a change of what they may do, each of their sessions gets a new token with its next request (OWASP ASVS 5.0, 7.2.4);
/// see [`sessions::outdate`](crate::sessions::outdate).
pub(crate) async fn note_strongest_factor(tx: &mut Tx, id: UserId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE users SET privileges = privileges + 1,
                          factor = (SELECT f.kind FROM factor f WHERE f.tenant = users.tenant AND f.user_id = users.id AND f.state = 'verified'
                                    ORDER BY CASE f.kind WHEN 'passkey' THEN 0 WHEN 'sso' THEN 2 ELSE 1 END LIMIT 1)
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
        "SELECT id, email, name, role, status, created_at, time_zone FROM users WHERE tenant = $1 AND id = $2",
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
        "UPDATE users SET name = $3, role = $4, status = $5, time_zone = $6 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.role.name(),
        after.status.name(),
        after.time_zone.as_ref().map(Zone::name)
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    if before.name != after.name {
        execute!(
            tx,
            "DELETE FROM user_word WHERE tenant = $1 AND user_id = $2",
            tenant.uuid(),
            before.id.uuid()
        )?;
        note_words(tx, &after).await?;
    }
    Ok(Written::replaced(before, after))
}

/// Stores the words by which a user is found.
async fn note_words(tx: &mut Tx, user: &User) -> Result<()> {
    let tenant = tx.tenant();
    for word in words::of_person(&user.name, &user.email) {
        execute!(
            tx,
            "INSERT INTO user_word (tenant, word, user_id) VALUES ($1, $2, $3)",
            tenant.uuid(),
            word.as_str(),
            user.id.uuid()
        )?;
    }
    Ok(())
}

/// Active users with `role` other than `except` to whom nothing is denied: whether the last owner would go.
///
/// An owner to whom something is denied cannot do everything that owners are there for, so they do not count as the one who stays.
pub async fn others_active_with(tx: &mut Tx, role: RoleName, except: UserId) -> Result<i64> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let others: (i64,) = crate::conn::on!(tx, |c| {
        sqlx::query_as(
        "SELECT count(*) FROM users u WHERE u.tenant = $1 AND u.role = $2 AND u.status = 'active' AND u.id <> $3
         AND NOT EXISTS (SELECT 1 FROM user_grant g WHERE g.tenant = u.tenant AND g.user_id = u.id AND g.effect = 'deny'
                         AND (g.expires_at IS NULL OR g.expires_at > $4))"
    )
    .bind(tenant.uuid())
    .bind(role.name())
    .bind(except.uuid())
    .bind(now.micros())
    .fetch_one(c)
    .await
    })?;
    Ok(others.0)
}

/// The first active user with `role`, as long as nobody active with it has a password or a passkey: who still has to be
/// enrolled.
pub async fn first_without_password(scope: &mut impl Scope, role: Role) -> Result<Option<User>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, email, name, role, status, created_at, time_zone FROM users
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

/// Users whose address or name is `text`, or else those of whose name and address some words begin with those of `text`; a
/// few at most.
pub async fn matching(scope: &mut impl Scope, text: &str) -> Result<Vec<User>> {
    const AT_MOST: usize = 8;
    let found = seek(scope, &Sought::text(text), None).await?.items;
    let is = |name: &str| name.to_lowercase() == text.trim().to_lowercase();
    let exact = found.iter().any(|one| is(&one.user.email) || is(&one.user.name));
    let fits = found.into_iter().filter(|one| !exact || is(&one.user.email) || is(&one.user.name));
    Ok(fits.map(|one| one.user).take(AT_MOST).collect())
}

/// How many users there are of each second-factor state and status; pairs that do not occur are missing.
///
/// Whether a verified factor is asked for is not told apart here: all of them are [`MfaState::Verified`].
pub async fn tally(scope: &mut impl Scope) -> Result<Vec<(MfaState, UserStatus, i64)>> {
    let tenant = scope.tenant();
    let rows: Vec<(Option<String>, String, i64)> = rows!(
        scope,
        "SELECT factor, status, count(*) FROM users WHERE tenant = $1 GROUP BY status, factor",
        tenant.uuid()
    )?;
    // Kinds of a person's own factors count together.
    let mut counts: Vec<(MfaState, UserStatus, i64)> = Vec::new();
    for (factor, status, count) in rows {
        let state = mfa_state(Held::named(factor.as_deref()), MfaFloor::Any);
        let status = status.parse().map_err(|_| Error::Corrupt("users.status".into()))?;
        match counts.iter_mut().find(|(known, of, _)| *known == state && *of == status) {
            Some((.., total)) => *total += count,
            None => counts.push((state, status, count)),
        }
    }
    Ok(counts)
}

/// How many active users have no passkey.
pub async fn without_passkey(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let rows: Vec<(i64,)> = rows!(
        scope,
        "SELECT count(*) FROM users WHERE tenant = $1 AND status = 'active' AND (factor IS NULL OR factor <> 'passkey')",
        tenant.uuid()
    )?;
    Ok(rows.first().map_or(0, |(count,)| *count))
}

/// How many active users hold each role; roles that nobody holds are missing.
pub async fn by_role(scope: &mut impl Scope) -> Result<std::collections::HashMap<RoleName, i64>> {
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
