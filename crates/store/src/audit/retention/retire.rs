//! Taking what is due of a segment, some at a time, each time with a record of its own.

use std::collections::BTreeMap;

use bailiwick_domain::{entity::AuditRetirement, ids::AuditRetirementId, retention::Days, time::Timestamp};
use bailiwick_proof::{
    event::Entity,
    verify::{Retired, RetiredSum},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Extent,
    judge::{Why, edge, judge},
    take::{Octets, octets, take},
};
use crate::{
    Error, Result, Written,
    audit::{as_of::EVERY, search},
    conn::Driver,
    lock::{execute, rows},
    tx::{Scope, Tx},
};

/// What one transaction took.
#[derive(Debug)]
pub struct Taken {
    /// The taking; nothing where nothing was due.
    pub written: Option<Written<AuditRetirement>>,
    /// Where to go on in the segment; nothing at its end.
    pub next: Option<i64>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AuditRetirementId,
    segment: i64,
    first_leaf: i64,
    last_leaf: i64,
    records: i64,
    classes: String,
    digest: String,
    #[sqlx(try_from = "i64")]
    retired_at: Timestamp,
}

impl TryFrom<Row> for AuditRetirement {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            segment: row.segment,
            first_leaf: row.first_leaf,
            last_leaf: row.last_leaf,
            records: row.records,
            classes: serde_json::from_str(&row.classes)
                .map_err(|_| Error::Corrupt("audit_retirement.classes".into()))?,
            digest: row.digest,
            retired_at: row.retired_at,
        })
    }
}

/// Takes what is due of a segment from leaf `from` on, as much as one transaction does. Whoever calls it has locked the tenant's policy, so
/// that no hold comes in between, and has just seen that the archive still holds the segment.
///
/// # Errors
/// [`Error::Corrupt`] for a record that is not what was hashed: none of the step goes.
pub async fn retire(
    tx: &mut Tx,
    id: AuditRetirementId,
    days: &Days,
    segment: Extent,
    from: i64,
) -> Result<Taken> {
    let (tenant, now, edge) = (tx.tenant(), tx.now(), edge(tx).await?);
    let step = judge(tx, days, now, edge, from.max(segment.first), segment.size).await?;
    let (mut due, mut classes) = (Vec::new(), BTreeMap::new());
    for judged in step.judged {
        if matches!(judged.why, Why::Due) {
            due.push(judged.leaf);
            *classes.entry(judged.class).or_insert(0) += 1;
        }
    }
    let (Some(first_leaf), Some(last_leaf)) = (due.first().copied(), due.last().copied()) else {
        return Ok(Taken { written: None, next: step.next });
    };
    let records = octets(tx, &due).await?;
    let (count, digest) = summed(&records);
    let retirement = AuditRetirement {
        id,
        segment: segment.size,
        first_leaf,
        last_leaf,
        records: i64::try_from(count).unwrap_or(i64::MAX),
        classes,
        digest,
        retired_at: now,
    };
    insert(tx, &retirement).await?;
    stand(tx, &retirement, &records).await?;
    for record in records.iter().filter(|record| record.leaf.revision % EVERY == 0) {
        // What the thing was at that revision goes with the record that it names.
        execute!(
            tx,
            "UPDATE audit_image SET image = $5, seal = NULL WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND revision = $4",
            tenant.uuid(),
            &*record.leaf.entity_type,
            record.leaf.entity_id,
            record.leaf.revision,
            Vec::<u8>::new()
        )?;
    }
    let leaves: Vec<_> = records.into_iter().map(|record| (record.leaf_index, record.leaf)).collect();
    search::forget(&mut tx.driver(), tenant, &leaves).await?;
    take(tx, &due).await?;
    Ok(Taken { written: Some(Written::created(retirement)), next: step.next })
}

/// The digest of what is left of these records, and how many they are.
fn summed(records: &[Octets]) -> (u64, String) {
    let mut sum = RetiredSum::default();
    for record in records {
        let (id, entity) = (record.leaf.event.to_string(), record.leaf.entity_id.to_string());
        sum.push(&Retired {
            leaf_index: record.leaf_index.unsigned_abs(),
            id: &id,
            hash: record.leaf.hash,
            entity: Entity {
                id: &entity,
                revision: record.leaf.revision.unsigned_abs(),
                kind: &record.leaf.entity_type,
            },
            prev: record.prev,
        });
    }
    let (count, digest) = sum.finish();
    (count, digest.to_string())
}

async fn insert(tx: &mut Tx, retirement: &AuditRetirement) -> Result<()> {
    let tenant = tx.tenant();
    let classes = serde_json::to_string(&retirement.classes)
        .map_err(|_| Error::Corrupt("audit_retirement.classes".into()))?;
    execute!(
        tx,
        "INSERT INTO audit_retirement (tenant, id, segment, first_leaf, last_leaf, records, classes, digest, retired_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        retirement.id.uuid(),
        retirement.segment,
        retirement.first_leaf,
        retirement.last_leaf,
        retirement.records,
        classes.as_str(),
        retirement.digest.as_str(),
        retirement.retired_at.micros()
    )?;
    Ok(())
}

/// Puts the stubs down.
async fn stand(tx: &mut Tx, retirement: &AuditRetirement, records: &[Octets]) -> Result<()> {
    let tenant = tx.tenant();
    let put = match tx.driver() {
        Driver::Sqlite(c) => {
            let links = records.iter().map(|one| {
                serde_json::json!([one.leaf_index, one.prev.map(|prev| hex::encode(prev.0))])
            });
            sqlx::query(
                "INSERT INTO audit_retired (tenant, leaf_index, event, hash, entity_type, entity_id, revision, prev, segment, retirement)
                 SELECT l.tenant, l.leaf_index, l.event, l.hash, l.entity_type, l.entity_id, l.revision, unhex(n.value ->> 1), $3, $4
                 FROM json_each($2) AS n CROSS JOIN audit_leaf l WHERE l.tenant = $1 AND l.leaf_index = n.value ->> 0",
            )
            .bind(tenant.uuid())
            .bind(serde_json::Value::Array(links.collect()).to_string())
            .bind(retirement.segment)
            .bind(retirement.id.uuid())
            .execute(c)
            .await?
            .rows_affected()
        }
        Driver::Postgres(c) => sqlx::query(
            "INSERT INTO audit_retired (tenant, leaf_index, event, hash, entity_type, entity_id, revision, prev, segment, retirement)
             SELECT l.tenant, l.leaf_index, l.event, l.hash, l.entity_type, l.entity_id, l.revision, n.prev, $4, $5
             FROM unnest($2::bigint[], $3::bytea[]) AS n (leaf, prev) JOIN audit_leaf l ON l.tenant = $1 AND l.leaf_index = n.leaf",
        )
        .bind(tenant.uuid())
        .bind(records.iter().map(|one| one.leaf_index).collect::<Vec<_>>())
        .bind(records.iter().map(|one| one.prev.map(|prev| prev.0.to_vec())).collect::<Vec<_>>())
        .bind(retirement.segment)
        .bind(retirement.id.uuid())
        .execute(c)
        .await?
        .rows_affected(),
    };
    if usize::try_from(put).ok() == Some(records.len()) { Ok(()) } else { Err(Error::Busy) }
}

/// What was taken, the newest taking first.
pub async fn retirements(scope: &mut impl Scope, at_most: i64) -> Result<Vec<AuditRetirement>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, segment, first_leaf, last_leaf, records, classes, digest, retired_at FROM audit_retirement
         WHERE tenant = $1 ORDER BY retired_at DESC, id DESC LIMIT $2",
        tenant.uuid(),
        at_most
    )?;
    found.into_iter().map(AuditRetirement::try_from).collect()
}
