//! On PostgreSQL the records of a change are written in its own transaction, and wait there for the sequencer.

use std::collections::HashMap;

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Head, Ready, chain, stored_hash};
use crate::{Error, Result, audit::Draft};

/// Appends the records of one change. The rows of the changed entities are locked already, so their heads cannot move;
/// where one does, because two changes met at an entity's first event, the later one is refused.
pub(crate) async fn append_postgres(
    transaction: &mut Transaction<'static, Postgres>,
    mut drafts: Vec<Draft>,
) -> Result<()> {
    match (drafts.pop(), drafts.is_empty()) {
        (Some(only), true) => append_one(transaction, only).await,
        (Some(last), false) => {
            drafts.push(last);
            append_many(transaction, drafts).await
        }
        (None, _) => Err(Error::Unrecorded),
    }
}

/// Most changes have one record: their statements name single rows, which PostgreSQL plans once and for all. Arrays of
/// unknown length it would plan anew each time.
async fn append_one(transaction: &mut Transaction<'static, Postgres>, draft: Draft) -> Result<()> {
    let (tenant, kind, entity) = (draft.tenant.uuid(), draft.entity_type.clone(), draft.entity_id);
    let previous: Option<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT revision, hash FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
    )
    .bind(tenant)
    .bind(&*kind)
    .bind(entity)
    .fetch_optional(&mut **transaction)
    .await?;
    let previous = previous
        .map(|(revision, hash)| Ok::<_, Error>(Head { revision, hash: stored_hash(&hash)? }))
        .transpose()?;
    let Ready { packed, hash, revision, mut draft } = Ready::after(previous, draft);
    let personal = std::mem::take(&mut draft.personal);
    let (subjects, sealed): (Vec<_>, Vec<_>) =
        personal.into_iter().map(|sealed| (sealed.subject, sealed.bytes)).unzip();
    let written = sqlx::query(
        "WITH event AS (INSERT INTO audit_event (tenant, id, hash, bytes) VALUES ($1, $2, $3, $4)),
              pending AS (INSERT INTO audit_pending (tenant, event, recorded_at, source, owner) VALUES ($1, $2, $5, $11, $12)),
              personal AS (
             INSERT INTO audit_personal (tenant, event, subject, sealed)
             SELECT $1, $2, s.subject, s.sealed FROM unnest($9::uuid[], $10::bytea[]) AS s (subject, sealed)
         )
         INSERT INTO audit_head AS h (tenant, entity_type, entity_id, revision, hash) VALUES ($1, $6, $7, $8, $3)
         ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash
         WHERE h.revision = excluded.revision - 1",
    )
    .bind(tenant)
    .bind(draft.id.uuid())
    .bind(&hash.0[..])
    .bind(packed)
    .bind(draft.recorded_at.micros())
    .bind(&*kind)
    .bind(entity)
    .bind(revision)
    .bind(subjects)
    .bind(sealed)
    .bind(draft.source.map(|tag| tag.to_vec()))
    .bind(draft.owner)
    .execute(&mut **transaction)
    .await?
    .rows_affected();
    if written == 1 { Ok(()) } else { Err(Error::Busy) }
}

async fn append_many(transaction: &mut Transaction<'static, Postgres>, drafts: Vec<Draft>) -> Result<()> {
    let Some(tenant) = drafts.first().map(|draft| draft.tenant) else { return Err(Error::Unrecorded) };
    let kinds: HashMap<_, _> =
        drafts.iter().map(|d| ((d.entity_type.to_string(), d.entity_id), d.entity_type.clone())).collect();
    // In one order, so that two changes of the same things wait for each other and never in a circle.
    let mut wanted: Vec<_> = drafts.iter().map(|d| (&*d.entity_type, d.entity_id)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let rows: Vec<(String, Uuid, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT h.entity_type, h.entity_id, h.revision, h.hash FROM audit_head h
         JOIN unnest($2::text[], $3::uuid[]) AS wanted (entity_type, entity_id)
           ON h.entity_type = wanted.entity_type AND h.entity_id = wanted.entity_id
         WHERE h.tenant = $1 FOR UPDATE OF h",
    )
    .bind(tenant.uuid())
    .bind(wanted.iter().map(|(kind, _)| *kind).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(_, id)| *id).collect::<Vec<_>>())
    .fetch_all(&mut **transaction)
    .await?;
    let mut heads = HashMap::new();
    for (kind, id, revision, hash) in rows {
        let Some(kind) = kinds.get(&(kind, id)) else { continue };
        heads.insert((tenant, kind.clone(), id), Head { revision, hash: stored_hash(&hash)? });
    }
    let before: HashMap<_, _> = heads.iter().map(|(key, head)| (key.clone(), head.revision)).collect();
    let ready = chain(drafts, &mut heads);
    let touched = heads.len();
    let (mut kinds, mut entities, mut expected, mut revisions, mut hashes) =
        (vec![], vec![], vec![], vec![], vec![]);
    let mut heads: Vec<_> = heads.into_iter().collect();
    heads.sort_unstable_by(|((_, left, one), _), ((_, right, other), _)| (left, one).cmp(&(right, other)));
    for (key, head) in heads {
        expected.push(before.get(&key).copied().unwrap_or(0));
        let (_, kind, id) = key;
        kinds.push(kind.into_owned());
        entities.push(id);
        revisions.push(head.revision);
        hashes.push(head.hash.0.to_vec());
    }
    let personal: Vec<_> =
        ready.iter().flat_map(|r| r.draft.personal.iter().map(|p| (r.draft.id.uuid(), p))).collect();
    let written: i64 = sqlx::query_scalar(
        "WITH event AS (
             INSERT INTO audit_event (tenant, id, hash, bytes)
             SELECT $1, e.id, e.hash, e.bytes FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS e (id, hash, bytes)
         ), pending AS (
             INSERT INTO audit_pending (tenant, event, recorded_at, source, owner)
             SELECT $1, p.event, p.at, p.source, p.owner FROM unnest($2::uuid[], $5::bigint[], $14::bytea[], $15::uuid[]) AS p (event, at, source, owner)
         ), personal AS (
             INSERT INTO audit_personal (tenant, event, subject, sealed)
             SELECT $1, s.event, s.subject, s.sealed FROM unnest($10::uuid[], $11::uuid[], $12::bytea[]) AS s (event, subject, sealed)
         ), head AS (
             SELECT * FROM unnest($6::text[], $7::uuid[], $8::bigint[], $9::bytea[], $13::bigint[]) AS n (kind, id, revision, hash, expected)
         ), moved AS (
             UPDATE audit_head h SET revision = n.revision, hash = n.hash FROM head n
             WHERE h.tenant = $1 AND h.entity_type = n.kind AND h.entity_id = n.id AND h.revision = n.expected
             RETURNING 1
         ), made AS (
             INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash)
             SELECT $1, n.kind, n.id, n.revision, n.hash FROM head n WHERE n.expected = 0
             ON CONFLICT (tenant, entity_type, entity_id) DO NOTHING
             RETURNING 1
         )
         SELECT (SELECT count(*) FROM moved) + (SELECT count(*) FROM made)",
    )
    .bind(tenant.uuid())
    .bind(ready.iter().map(|r| r.draft.id.uuid()).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.hash.0.to_vec()).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.packed.as_slice()).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.draft.recorded_at.micros()).collect::<Vec<_>>())
    .bind(kinds)
    .bind(entities)
    .bind(revisions)
    .bind(hashes)
    .bind(personal.iter().map(|(event, _)| *event).collect::<Vec<_>>())
    .bind(personal.iter().map(|(_, p)| p.subject).collect::<Vec<_>>())
    .bind(personal.iter().map(|(_, p)| p.bytes.as_slice()).collect::<Vec<_>>())
    .bind(expected)
    .bind(ready.iter().map(|r| r.draft.source.map(|tag| tag.to_vec())).collect::<Vec<_>>())
    .bind(ready.iter().map(|r| r.draft.owner).collect::<Vec<_>>())
    .fetch_one(&mut **transaction)
    .await?;
    // Two first events of one entity at the same time: one of them found no head to lock.
    if usize::try_from(written).ok() != Some(touched) {
        return Err(Error::Busy);
    }
    Ok(())
}
