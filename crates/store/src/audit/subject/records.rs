//! The personal values beside records of the log.

use std::collections::HashMap;

use bailiwick_domain::{ids::EventId, time::Timestamp};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error, Result,
    audit::{pack::EventOctets, reveal},
    lock::rows,
    tx::Scope,
};

/// A record with the values about the person.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The record.
    pub event: EventId,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What was done.
    pub action: String,
    /// The values, where they stood.
    pub values: Vec<Said>,
}

/// A value at its place in a record.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    /// The changed path, or `source/ip`.
    pub path: String,
    /// `before`, `after` or `value`.
    pub side: &'static str,
    /// The value.
    pub value: Value,
}

/// The records under one of the person's keys that have a value of theirs, oldest first, after `after`.
pub async fn records(
    scope: &mut impl Scope,
    key: Uuid,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<Record>> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid, Vec<u8>, EventOctets)> = rows!(
        scope,
        "SELECT p.event, p.sealed, e.bytes FROM audit_personal p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
         WHERE p.tenant = $1 AND p.subject = $2 AND p.event > $3 ORDER BY p.event LIMIT $4",
        tenant.uuid(),
        key,
        after.map_or_else(Uuid::nil, EventId::uuid),
        limit
    )?;
    let mut records = Vec::with_capacity(found.len());
    for (event, sealed, bytes) in found {
        let event = EventId::from(event);
        let revealed = reveal(scope, event, vec![(key, sealed)]).await?;
        records.push(record(event, &bytes, &revealed)?);
    }
    Ok(records)
}

fn record(event: EventId, bytes: &[u8], revealed: &HashMap<String, Value>) -> Result<Record> {
    let unreadable = || Error::Corrupt(format!("event {event} is not what this version writes"));
    let said: Value = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
    let text = |pointer: &str| said.pointer(pointer).and_then(Value::as_str).ok_or_else(unreadable);
    let recorded_at = Timestamp::parse(text("/recorded_at")?).map_err(|_| unreadable())?;
    let opened = |value: Option<&Value>| {
        let commitment = value?.get("commit")?.as_str()?;
        revealed.get(commitment).cloned()
    };
    let mut values = Vec::new();
    for change in said.pointer("/changes").and_then(Value::as_array).into_iter().flatten() {
        let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
        for side in ["before", "after"] {
            if let Some(value) = opened(change.get(side)) {
                values.push(Said { path: path.trim_start_matches('/').to_owned(), side, value });
            }
        }
    }
    if let Some(value) = opened(said.pointer("/source/ip")) {
        values.push(Said { path: "source/ip".to_owned(), side: "value", value });
    }
    Ok(Record { event, recorded_at, action: text("/action")?.to_owned(), values })
}
