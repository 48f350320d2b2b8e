//! What is left of a record, for whoever asks for it.

use bailiwick_domain::{
    ids::{AuditRestoreId, EventId},
    time::Timestamp,
};
use bailiwick_proof::Hash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Result, audit::append::stored_hash, lock::row, tx::Scope};

/// What is left of a record that the retention took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// Its place in the tree.
    pub leaf_index: i64,
    /// Its hash.
    pub hash: Hash,
    /// The kind of thing that it was about.
    pub entity_type: String,
    /// That thing.
    pub entity_id: Uuid,
    /// The revision it made.
    pub revision: i64,
    /// The segment of the archive that holds it: the size of the tree at its end.
    pub segment: i64,
    /// The first leaf of that segment.
    pub first_leaf: i64,
    /// When it was taken.
    pub retired_at: Timestamp,
    /// By which restore it is back, and until when.
    pub back: Option<(AuditRestoreId, Timestamp)>,
}

#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    hash: Vec<u8>,
    entity_type: String,
    entity_id: Uuid,
    revision: i64,
    segment: i64,
    first_leaf: i64,
    retired_at: i64,
    restore: Option<Uuid>,
    expires_at: Option<i64>,
}

/// What is left of an event; nothing for one that the retention never took.
pub async fn stub(scope: &mut impl Scope, event: EventId) -> Result<Option<Stub>> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT r.leaf_index, r.hash, r.entity_type, r.entity_id, r.revision, r.segment, s.first_leaf, t.retired_at, b.restore, o.expires_at
         FROM audit_retired r JOIN audit_retirement t ON t.tenant = r.tenant AND t.id = r.retirement
         JOIN audit_segment s ON s.tenant = r.tenant AND s.size = r.segment
         LEFT JOIN audit_restored b ON b.tenant = r.tenant AND b.leaf_index = r.leaf_index
         LEFT JOIN audit_restore o ON o.tenant = b.tenant AND o.id = b.restore
         WHERE r.tenant = $1 AND r.event = $2",
        tenant.uuid(),
        event.uuid()
    )?;
    found
        .map(|row| {
            let expires = row.expires_at.map(Timestamp::from_micros);
            Ok(Stub {
                leaf_index: row.leaf_index,
                hash: stored_hash(&row.hash)?,
                entity_type: row.entity_type,
                entity_id: row.entity_id,
                revision: row.revision,
                segment: row.segment,
                first_leaf: row.first_leaf,
                retired_at: Timestamp::from_micros(row.retired_at),
                back: row.restore.map(AuditRestoreId::from).zip(expires),
            })
        })
        .transpose()
}

/// Whether the archive alone holds any of a thing's records.
pub async fn archived(scope: &mut impl Scope, kind: &str, id: Uuid) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT r.leaf_index FROM audit_retired r WHERE r.tenant = $1 AND r.entity_type = $2 AND r.entity_id = $3
           AND NOT EXISTS (SELECT 1 AS one FROM audit_leaf l WHERE l.tenant = r.tenant AND l.leaf_index = r.leaf_index) LIMIT 1",
        tenant.uuid(),
        kind,
        id
    )?;
    Ok(found.is_some())
}

/// How many records the retention has taken in all.
pub async fn retired(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let sum: Option<(i64,)> = row!(
        scope,
        "SELECT CAST(coalesce(sum(records), 0) AS BIGINT) FROM audit_retirement WHERE tenant = $1",
        tenant.uuid()
    )?;
    Ok(sum.map_or(0, |(sum,)| sum))
}
