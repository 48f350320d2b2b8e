//! Writing events: canonical bytes, chained per entity, in the transaction of the change.

use std::collections::HashMap;

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{canonical, hash::Hash, hash::leaf_hash};
use serde_json::{Value, json};
use sqlx::{Postgres, SqliteConnection, Transaction};
use uuid::Uuid;

use super::{
    draft::Draft,
    integrate::{Leaf, integrate},
};
use crate::{Error, Result, conn::Driver};

type EntityKey = (TenantId, String, Uuid);

/// The newest revision of an entity.
#[derive(Clone, Copy)]
struct Head {
    revision: i64,
    hash: Hash,
}

/// An event with its bytes and hash.
struct Ready {
    bytes: Vec<u8>,
    hash: Hash,
    revision: i64,
    draft: Draft,
}

impl Ready {
    fn leaf(&self) -> Leaf {
        Leaf {
            event: self.draft.id.uuid(),
            hash: self.hash,
            recorded_at: self.draft.recorded_at.micros(),
            actor_kind: self.draft.actor.kind.to_owned(),
            actor_id: self.draft.actor.id,
            action: self.draft.action.clone(),
            outcome: self.draft.outcome.name().to_owned(),
            entity_type: self.draft.entity_type.clone(),
            entity_id: self.draft.entity_id,
            revision: self.revision,
        }
    }
}

/// Gives every draft its revision and the hash of the one before, and moves `heads` along.
fn chain(drafts: Vec<Draft>, heads: &mut HashMap<EntityKey, Head>) -> Result<Vec<Ready>> {
    drafts
        .into_iter()
        .map(|draft| {
            let key = (draft.tenant, draft.entity_type.clone(), draft.entity_id);
            let previous = heads.get(&key).copied();
            let revision = previous.map_or(0, |head| head.revision) + 1;
            let bytes = canonical::to_bytes(&draft.value(revision, previous.map(|head| head.hash))).map_err(|e| Error::Proof(e.to_string()))?;
            let hash = leaf_hash(&bytes);
            heads.insert(key, Head { revision, hash });
            Ok(Ready { bytes, hash, revision, draft })
        })
        .collect()
}

/// Appends the records of one change. The rows of the changed entities are locked already, so their heads cannot move.
pub(crate) async fn append_postgres(transaction: &mut Transaction<'static, Postgres>, drafts: Vec<Draft>) -> Result<()> {
    let Some(tenant) = drafts.first().map(|draft| draft.tenant) else { return Err(Error::Unrecorded) };
    let types: Vec<_> = drafts.iter().map(|d| d.entity_type.clone()).collect();
    let ids: Vec<_> = drafts.iter().map(|d| d.entity_id).collect();
    let rows: Vec<(String, Uuid, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT h.entity_type, h.entity_id, h.revision, h.hash FROM audit_head h
         JOIN unnest($2::text[], $3::uuid[]) AS wanted (entity_type, entity_id)
           ON h.entity_type = wanted.entity_type AND h.entity_id = wanted.entity_id
         WHERE h.tenant = $1 FOR UPDATE OF h",
    )
    .bind(tenant.uuid())
    .bind(types)
    .bind(ids)
    .fetch_all(&mut **transaction)
    .await?;
    let mut heads = HashMap::new();
    for (kind, id, revision, hash) in rows {
        heads.insert((tenant, kind, id), Head { revision, hash: stored_hash(&hash)? });
    }
    let ready = chain(drafts, &mut heads)?;
    let touched = heads.len();
    let (mut kinds, mut entities, mut revisions, mut hashes) = (vec![], vec![], vec![], vec![]);
    for ((_, kind, id), head) in heads {
        kinds.push(kind);
        entities.push(id);
        revisions.push(head.revision);
        hashes.push(head.hash.0.to_vec());
    }
    let personal: Vec<_> = ready.iter().flat_map(|r| r.draft.personal.iter().map(|p| (r.draft.id.uuid(), p))).collect();
    let written: i64 = sqlx::query_scalar(
        "WITH event AS (
             INSERT INTO audit_event (tenant, id, hash, bytes)
             SELECT $1, e.id, e.hash, e.bytes FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS e (id, hash, bytes)
         ), pending AS (
             INSERT INTO audit_pending (tenant, event, recorded_at)
             SELECT $1, p.event, p.at FROM unnest($2::uuid[], $5::bigint[]) AS p (event, at)
         ), personal AS (
             INSERT INTO audit_personal (tenant, event, subject, sealed)
             SELECT $1, s.event, s.subject, s.sealed FROM unnest($10::uuid[], $11::uuid[], $12::bytea[]) AS s (event, subject, sealed)
         ), head AS (
             INSERT INTO audit_head AS h (tenant, entity_type, entity_id, revision, hash)
             SELECT $1, n.kind, n.id, n.revision, n.hash
             FROM unnest($6::text[], $7::uuid[], $8::bigint[], $9::bytea[]) AS n (kind, id, revision, hash)
             ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash
             WHERE h.revision < excluded.revision
             RETURNING 1
         )
         SELECT count(*) FROM head",
    )
    .bind(tenant.uuid())
    .bind(ready.iter().map(|r| r.draft.id.uuid()).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.hash.0.to_vec()).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.bytes.clone()).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.draft.recorded_at.micros()).collect::<Vec<_>>())
    .bind(kinds)
    .bind(entities)
    .bind(revisions)
    .bind(hashes)
    .bind(personal.iter().map(|(event, _)| *event).collect::<Vec<_>>())
    .bind(personal.iter().map(|(_, p)| p.subject).collect::<Vec<_>>())
    .bind(personal.iter().map(|(_, p)| p.bytes.clone()).collect::<Vec<_>>())
    .fetch_one(&mut **transaction)
    .await?;
    // Two first events of one entity at the same time: one of them found no head to lock.
    if usize::try_from(written).ok() != Some(touched) {
        return Err(Error::Busy);
    }
    Ok(())
}

/// Appends the records of a whole batch and puts them into their trees, in one statement per table.
pub(crate) async fn flush_sqlite(connection: &mut SqliteConnection, drafts: Vec<Draft>) -> Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let mut heads = heads_sqlite(connection, &drafts).await?;
    let ready = chain(drafts, &mut heads)?;
    let events: Vec<_> = ready
        .iter()
        .map(|r| {
            let text = std::str::from_utf8(&r.bytes).map_err(|e| Error::Proof(e.to_string()))?;
            Ok(json!([hex(r.draft.tenant.uuid()), hex(r.draft.id.uuid()), r.hash.to_string(), text]))
        })
        .collect::<Result<_>>()?;
    sqlx::query(
        "INSERT INTO audit_event (tenant, id, hash, bytes)
         SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2), CAST(value ->> 3 AS BLOB) FROM json_each($1)",
    )
    .bind(Value::Array(events).to_string())
    .execute(&mut *connection)
    .await?;
    let personal: Vec<_> = ready
        .iter()
        .flat_map(|r| r.draft.personal.iter().map(|p| json!([hex(r.draft.tenant.uuid()), hex(r.draft.id.uuid()), hex(p.subject), hex::encode(&p.bytes)])))
        .collect();
    if !personal.is_empty() {
        sqlx::query(
            "INSERT INTO audit_personal (tenant, event, subject, sealed)
             SELECT unhex(value ->> 0), unhex(value ->> 1), unhex(value ->> 2), unhex(value ->> 3) FROM json_each($1)",
        )
        .bind(Value::Array(personal).to_string())
        .execute(&mut *connection)
        .await?;
    }
    let heads: Vec<_> = heads
        .into_iter()
        .map(|((tenant, kind, id), head)| json!([hex(tenant.uuid()), kind, hex(id), head.revision, head.hash.to_string()]))
        .collect();
    sqlx::query(
        "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash)
         SELECT unhex(value ->> 0), value ->> 1, unhex(value ->> 2), value ->> 3, unhex(value ->> 4) FROM json_each($1) WHERE true
         ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash",
    )
    .bind(Value::Array(heads).to_string())
    .execute(&mut *connection)
    .await?;
    // In the order of the changes, tenant by tenant.
    let mut order = Vec::new();
    let mut by_tenant: HashMap<TenantId, Vec<Leaf>> = HashMap::new();
    for event in &ready {
        by_tenant.entry(event.draft.tenant).or_insert_with(|| {
            order.push(event.draft.tenant);
            Vec::new()
        }).push(event.leaf());
    }
    for tenant in order {
        if let Some(leaves) = by_tenant.remove(&tenant) {
            integrate(&mut Driver::Sqlite(connection), tenant, &leaves).await?;
        }
    }
    Ok(())
}

async fn heads_sqlite(connection: &mut SqliteConnection, drafts: &[Draft]) -> Result<HashMap<EntityKey, Head>> {
    let wanted: Vec<_> = drafts.iter().map(|d| json!([hex(d.tenant.uuid()), d.entity_type, hex(d.entity_id)])).collect();
    let rows: Vec<(Uuid, String, Uuid, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT h.tenant, h.entity_type, h.entity_id, h.revision, h.hash FROM json_each($1) AS w
         JOIN audit_head h ON h.tenant = unhex(w.value ->> 0) AND h.entity_type = w.value ->> 1 AND h.entity_id = unhex(w.value ->> 2)",
    )
    .bind(Value::Array(wanted).to_string())
    .fetch_all(connection)
    .await?;
    let mut heads = HashMap::new();
    for (tenant, kind, id, revision, hash) in rows {
        heads.insert((TenantId::from(tenant), kind, id), Head { revision, hash: stored_hash(&hash)? });
    }
    Ok(heads)
}

/// A hash as the database holds it.
pub(super) fn stored_hash(bytes: &[u8]) -> Result<Hash> {
    Hash::from_slice(bytes).map_err(|_| Error::Corrupt("a stored hash is not 32 octets".into()))
}

/// An id as SQLite's `unhex` takes it.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}
