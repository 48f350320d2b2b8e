//! What lies in the database, as it lies there.

use bailiwick_domain::rule::Rule;
use bailiwick_proof::hash::Hash;
use uuid::Uuid;

use super::Sizes;
use crate::{
    Error, Result, Store,
    audit::pack::EventOctets,
    conn::on,
    gate::Permit,
    lock::{row, rows},
    tx::Scope,
};

/// One stored event.
#[derive(Clone, Debug)]
pub struct StoredRow {
    /// Its place in the tree.
    pub leaf: u64,
    /// Its id.
    pub id: String,
    /// Its hash.
    pub hash: Hash,
    /// Its octets.
    pub bytes: Vec<u8>,
}

/// A tenant's log in memory.
#[derive(Clone, Debug)]
pub struct Log {
    /// Its events in tree order.
    pub events: Vec<StoredRow>,
    /// Kind, id, newest revision and its hash of every entity, in that order.
    pub heads: Vec<(String, String, u64, Hash)>,
}

/// Reads the whole log of the permit's tenant.
pub async fn stored<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Log> {
    let mut view = store.read(permit).await?;
    let tenant = view.tenant();
    let found: Vec<(i64, Uuid, Vec<u8>, EventOctets)> = rows!(
        view,
        "SELECT l.leaf_index, e.id, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 ORDER BY l.leaf_index",
        tenant.uuid()
    )?;
    let events = found
        .into_iter()
        .map(|(leaf, id, hash, bytes)| {
            Ok(StoredRow {
                leaf: leaf.unsigned_abs(),
                id: id.to_string(),
                hash: stored_hash(&hash)?,
                bytes: bytes.0,
            })
        })
        .collect::<Result<_>>()?;
    let found: Vec<(String, Uuid, i64, Vec<u8>)> = rows!(
        view,
        "SELECT entity_type, entity_id, revision, hash FROM audit_head WHERE tenant = $1 ORDER BY entity_type, entity_id",
        tenant.uuid()
    )?;
    let heads = found
        .into_iter()
        .map(|(kind, id, revision, hash)| {
            Ok((kind, id.to_string(), revision.unsigned_abs(), stored_hash(&hash)?))
        })
        .collect::<Result<_>>()?;
    Ok(Log { events, heads })
}

fn stored_hash(bytes: &[u8]) -> Result<Hash> {
    Hash::from_slice(bytes).map_err(|_| Error::Corrupt("a stored hash is not 32 octets".into()))
}

/// How large the tenant's records of users are on average, and what they are found by.
pub async fn sizes<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Sizes> {
    let mut view = store.read(permit).await?;
    let tenant = view.tenant();
    let found: Option<(i64, i64)> = row!(
        view,
        "SELECT CAST(avg(length(e.bytes)) AS bigint), CAST(avg(length(p.sealed)) AS bigint)
         FROM (SELECT event FROM audit_leaf WHERE tenant = $1 AND action IN ('user.disabled', 'user.enabled') ORDER BY leaf_index DESC LIMIT 1000) AS l
         JOIN audit_event e ON e.tenant = $1 AND e.id = l.event
         JOIN audit_personal p ON p.tenant = $1 AND p.event = l.event",
        tenant.uuid()
    )?;
    let (event, personal) = found.ok_or(Error::NotFound)?;
    let waiting: Option<(i64,)> = row!(
        view,
        "SELECT CAST(coalesce(avg(length(terms)), 0) AS bigint) FROM audit_tail WHERE tenant = $1",
        tenant.uuid()
    )?;
    let block: Option<(i64, i64)> = row!(
        view,
        "SELECT count(*), CAST(coalesce(avg(length(hits)), 0) AS bigint) FROM audit_posting
         WHERE tenant = $1 AND block = (SELECT max(block) FROM audit_posting WHERE tenant = $1)",
        tenant.uuid()
    )?;
    let (terms, (postings, hits)) = (waiting.map_or(0, |(terms,)| terms), block.unwrap_or_default());
    let size = |n: i64| usize::try_from(n).unwrap_or(0);
    Ok(Sizes {
        event: size(event),
        personal: size(personal),
        terms: size(terms),
        postings: size(postings),
        hits: size(hits),
    })
}

/// The database's own name for its version.
pub async fn version(store: &Store) -> Result<String> {
    let mut conn = store.shared.pool.read().await?;
    let text = match store.kind() {
        crate::DatabaseKind::Sqlite => "SELECT sqlite_version()",
        crate::DatabaseKind::Postgres => "SHOW server_version",
    };
    Ok(on!(conn, |c| sqlx::query_scalar(text).fetch_one(c).await)?)
}

/// How many octets the whole database takes on the disk, with every index. What SQLite has not yet taken from its journal is not
/// among them.
pub async fn octets(store: &Store) -> Result<i64> {
    let mut conn = store.shared.pool.read().await?;
    let text = match store.kind() {
        crate::DatabaseKind::Sqlite => {
            "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size) AS sqlite_size"
        }
        crate::DatabaseKind::Postgres => "SELECT CAST(pg_database_size(current_database()) AS BIGINT)",
    };
    Ok(on!(conn, |c| sqlx::query_scalar(text).fetch_one(c).await)?)
}
