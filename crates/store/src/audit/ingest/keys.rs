//! The keys under which a product sent its events. One statement each way on PostgreSQL; on SQLite one to look, and as few as
//! there are lengths for to insert.

use std::collections::HashMap;

use bailiwick_domain::ids::EventId;
use bailiwick_proof::hash::Hash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result,
    audit::{
        append::stored_hash,
        many::{Many, many},
    },
    conn::Driver,
    tx::{Scope, Tx},
};

static ROWS: Many =
    many!("INSERT INTO audit_intake (tenant, key, event, payload) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");

/// An event that is stored under a key, as it lies there.
#[derive(FromRow)]
struct Stored {
    key: Vec<u8>,
    event: Uuid,
    payload: Vec<u8>,
    hash: Vec<u8>,
}

/// An event that is stored under a key.
pub(super) struct Known {
    pub(super) event: EventId,
    pub(super) payload: [u8; 32],
    pub(super) hash: Hash,
}

/// A key that is given to an event.
pub(super) struct Row {
    pub(super) key: [u8; 16],
    pub(super) event: EventId,
    pub(super) payload: [u8; 32],
}

/// Which of `wanted` are given already.
pub(super) async fn find(tx: &mut Tx, wanted: &[[u8; 16]]) -> Result<HashMap<[u8; 16], Known>> {
    let tenant = tx.tenant();
    let rows: Vec<Stored> = match tx.driver() {
        Driver::Sqlite(c) => {
            let list: Vec<_> = wanted.iter().map(hex::encode).collect();
            sqlx::query_as(
                // In this order: the planner would walk every key that the tenant ever gave, and look for each in the list.
                "SELECT k.key, k.event, k.payload, e.hash FROM json_each($2) AS j CROSS JOIN audit_intake k
                 CROSS JOIN audit_event e
                 WHERE k.tenant = $1 AND k.key = unhex(j.value) AND e.tenant = k.tenant AND e.id = k.event",
            )
            .bind(tenant.uuid())
            .bind(serde_json::to_string(&list).map_err(|e| Error::Proof(e.to_string()))?)
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_as(
                "SELECT k.key, k.event, k.payload, e.hash FROM unnest($2::bytea[]) AS wanted (key)
                 JOIN audit_intake k ON k.tenant = $1 AND k.key = wanted.key
                 JOIN audit_event e ON e.tenant = k.tenant AND e.id = k.event",
            )
            .bind(tenant.uuid())
            .bind(wanted.iter().map(|key| key.to_vec()).collect::<Vec<_>>())
            .fetch_all(c)
            .await?
        }
    };
    let corrupt = || Error::Corrupt("audit_intake".into());
    rows.into_iter()
        .map(|row| {
            let key = row.key.try_into().map_err(|_| corrupt())?;
            let payload = row.payload.try_into().map_err(|_| corrupt())?;
            Ok((key, Known { event: row.event.into(), payload, hash: stored_hash(&row.hash)? }))
        })
        .collect()
}

/// Gives the keys away.
///
/// # Errors
/// [`Error::Busy`] where another process gave one of them away meanwhile: looked at again, it is found.
pub(super) async fn insert(tx: &mut Tx, rows: &[Row]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant().uuid();
    match tx.driver() {
        Driver::Sqlite(c) => {
            ROWS.insert(c, rows, |query, row| {
                query.bind(tenant).bind(&row.key[..]).bind(row.event.uuid()).bind(&row.payload[..])
            })
            .await
        }
        Driver::Postgres(c) => {
            // In one order: two processes with the same keys wait for each other and never in a circle.
            let mut rows: Vec<&Row> = rows.iter().collect();
            rows.sort_unstable_by_key(|row| row.key);
            let inserted = sqlx::query(
                "INSERT INTO audit_intake (tenant, key, event, payload)
                 SELECT $1, n.key, n.event, n.payload FROM unnest($2::bytea[], $3::uuid[], $4::bytea[]) AS n (key, event, payload)
                 ON CONFLICT (tenant, key) DO NOTHING",
            )
            .bind(tenant)
            .bind(rows.iter().map(|row| row.key.to_vec()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.event.uuid()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.payload.to_vec()).collect::<Vec<_>>())
            .execute(c)
            .await?
            .rows_affected();
            if usize::try_from(inserted).ok() == Some(rows.len()) { Ok(()) } else { Err(Error::Busy) }
        }
    }
}
