//! Searches of the audit log that people keep.

use bailiwick_domain::{
    entity::SavedSearch,
    ids::{SavedSearchId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    lock::{execute, locked, row, rows},
    tx::{Scope, Tx},
};

/// Searches of others that are shown at most, by name.
const SHARED: i64 = 200;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: SavedSearchId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    name: String,
    query: String,
    shared: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl From<Row> for SavedSearch {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            name: row.name,
            query: row.query,
            shared: row.shared != 0,
            created_at: row.created_at,
        }
    }
}

/// The searches that somebody keeps, by name; there is a bound.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Vec<SavedSearch>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, name, query, shared, created_at FROM saved_search WHERE tenant = $1 AND user_id = $2 ORDER BY name",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(found.into_iter().map(SavedSearch::from).collect())
}

/// The searches that are shared within the tenant, by name, as many as are shown.
pub async fn shared(scope: &mut impl Scope) -> Result<Vec<SavedSearch>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, name, query, shared, created_at FROM saved_search WHERE tenant = $1 AND shared = 1 ORDER BY name, id LIMIT $2",
        tenant.uuid(),
        SHARED
    )?;
    Ok(found.into_iter().map(SavedSearch::from).collect())
}

/// Searches of everybody behind this id, some at a time.
pub(crate) async fn after(scope: &mut impl Scope, after: Uuid, limit: i64) -> Result<Vec<SavedSearch>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, name, query, shared, created_at FROM saved_search WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        tenant.uuid(),
        after,
        limit
    )?;
    Ok(found.into_iter().map(SavedSearch::from).collect())
}

/// How many searches somebody keeps.
pub async fn count(scope: &mut impl Scope, user: UserId) -> Result<i64> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM saved_search WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(found.map_or(0, |(number,)| number))
}

/// The search of this person with this name.
pub async fn named(scope: &mut impl Scope, user: UserId, name: &str) -> Result<Option<SavedSearchId>> {
    let tenant = scope.tenant();
    let found: Option<(Uuid,)> = row!(
        scope,
        "SELECT id FROM saved_search WHERE tenant = $1 AND user_id = $2 AND name = $3",
        tenant.uuid(),
        user.uuid(),
        name
    )?;
    Ok(found.map(|(id,)| id.into()))
}

/// One search, of whomever it is.
pub async fn find(scope: &mut impl Scope, id: SavedSearchId) -> Result<SavedSearch> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT id, user_id, name, query, shared, created_at FROM saved_search WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found.map(SavedSearch::from).ok_or(Error::NotFound)
}

/// Reads a search for changing it.
pub async fn lock(tx: &mut Tx, id: SavedSearchId) -> Result<SavedSearch> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, user_id, name, query, shared, created_at FROM saved_search WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.into())
}

/// Stores a search.
pub async fn insert(tx: &mut Tx, search: SavedSearch) -> Result<Written<SavedSearch>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO saved_search (tenant, id, user_id, name, query, shared, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        search.id.uuid(),
        search.user.uuid(),
        search.name.as_str(),
        search.query.as_str(),
        i64::from(search.shared),
        search.created_at.micros()
    )?;
    Ok(Written::created(search))
}

/// Replaces a locked search by its new image.
pub async fn replace(tx: &mut Tx, before: SavedSearch, after: SavedSearch) -> Result<Written<SavedSearch>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE saved_search SET name = $3, query = $4, shared = $5 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.query.as_str(),
        i64::from(after.shared)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Removes a locked search.
pub async fn remove(tx: &mut Tx, search: SavedSearch) -> Result<Written<SavedSearch>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "DELETE FROM saved_search WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        search.id.uuid()
    )?;
    if touched == 1 { Ok(Written::removed(search)) } else { Err(Error::NotFound) }
}
