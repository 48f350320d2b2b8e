//! The notes. They go with the person that they are about.

use std::collections::HashMap;

use bailiwick_domain::{
    entity::{Anomaly, AnomalyKind},
    ids::{AnomalyId, UserId},
    time::Timestamp,
};
use bailiwick_proof::event::{id_of, is_product, scan};
use sqlx::FromRow;
use uuid::Uuid;

use super::stands_for_product;
use crate::{
    Cursor, Page, Result, Written,
    audit::pack::EventOctets,
    lock::{execute, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AnomalyId,
    #[sqlx(try_from = "String")]
    kind: AnomalyKind,
    actor: Uuid,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    what: String,
    leaf: i64,
    query: String,
    #[sqlx(try_from = "i64")]
    at: Timestamp,
}

impl From<Row> for Anomaly {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            actor: row.actor,
            user: row.user_id,
            what: row.what,
            leaf: row.leaf,
            query: row.query,
            at: row.at,
        }
    }
}

/// Stores a note.
pub async fn insert_anomaly(tx: &mut Tx, note: Anomaly) -> Result<Written<Anomaly>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_anomaly (tenant, id, kind, actor, user_id, what, leaf, query, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        note.id.uuid(),
        note.kind.name(),
        note.actor,
        note.user.uuid(),
        note.what.as_str(),
        note.leaf,
        note.query.as_str(),
        note.at.micros()
    )?;
    Ok(Written::created(note))
}

/// The tenant's notes, newest first.
pub async fn anomalies(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Anomaly>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, kind, actor, user_id, what, leaf, query, at FROM audit_anomaly
         WHERE tenant = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let rows = rows.into_iter().map(Anomaly::from).collect();
    Ok(Page::of(rows, LIMIT, |row: &Anomaly| Cursor { at: row.at, id: row.id.uuid() }))
}

/// How the product calls those of its actors that notes are about, as the records say that showed it. What cannot be read is missing.
pub async fn called_by_product(scope: &mut impl Scope, notes: &[Anomaly]) -> Result<HashMap<Uuid, String>> {
    let tenant = scope.tenant();
    let mut called = HashMap::new();
    for note in notes.iter().filter(|note| stands_for_product(note.actor)) {
        if called.contains_key(&note.actor) {
            continue;
        }
        let found: Option<(EventOctets,)> = row!(
            scope,
            "SELECT e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event WHERE l.tenant = $1 AND l.leaf_index = $2",
            tenant.uuid(),
            note.leaf
        )?;
        let Some((bytes,)) = found else { continue };
        let Ok(fields) = scan(&bytes) else { continue };
        if let Some(id) = fields.actor.id
            && is_product(fields.actor.kind)
            && id_of(fields.actor.kind, id) == *note.actor.as_bytes()
        {
            called.insert(note.actor, id.to_owned());
        }
    }
    Ok(called)
}
