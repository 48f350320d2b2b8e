//! Whom and what names stand for in the log, and whom and what its events are about.

use std::collections::HashMap;

use bailiwick_proof::hash::leaf_hash;
use serde_json::Value;
use uuid::Uuid;

use super::integrate::leaf_of;
use crate::{
    Result,
    audit::pack::EventOctets,
    lock::{row, rows},
    tx::Scope,
};

/// Things at most that a filter is about.
pub const ABOUT_CAP: usize = 16;

/// The people, keys, invitations and other things whose name, address or prefix is `text`, or else those in which it
/// occurs. One more than [`ABOUT_CAP`] says that there are more than a filter takes.
///
/// Letters beyond ASCII are compared as they are: SQLite folds no others.
pub async fn named(scope: &mut impl Scope, text: &str) -> Result<Vec<Uuid>> {
    let folded = text.to_ascii_lowercase();
    let exact = folded.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let found = like(scope, &exact).await?;
    if !found.is_empty() || exact.is_empty() {
        return Ok(found);
    }
    like(scope, &format!("%{exact}%")).await
}

async fn like(scope: &mut impl Scope, pattern: &str) -> Result<Vec<Uuid>> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM (
             SELECT 0 AS place, id FROM users WHERE tenant = $1 AND (lower(email) LIKE $2 ESCAPE '\\' OR lower(name) LIKE $2 ESCAPE '\\')
             UNION ALL
             SELECT 1, id FROM api_key WHERE tenant = $1 AND (lower(name) LIKE $2 ESCAPE '\\' OR lower(prefix) LIKE $2 ESCAPE '\\')
             UNION ALL
             SELECT 2, id FROM invitation WHERE tenant = $1 AND lower(email) LIKE $2 ESCAPE '\\'
             UNION ALL
             SELECT 3, id FROM tenant WHERE id = $1 AND (lower(name) LIKE $2 ESCAPE '\\' OR lower(slug) LIKE $2 ESCAPE '\\')
             UNION ALL
             SELECT 4, id FROM custom_role WHERE tenant = $1 AND (lower(label) LIKE $2 ESCAPE '\\' OR name LIKE $2 ESCAPE '\\')
             UNION ALL
             SELECT 5, id FROM team WHERE tenant = $1 AND lower(name) LIKE $2 ESCAPE '\\'
         ) AS named ORDER BY place, id LIMIT $3",
        tenant.uuid(),
        pattern,
        i64::try_from(ABOUT_CAP + 1).unwrap_or(i64::MAX)
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What an event happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The kind of thing.
    pub kind: String,
    /// That thing.
    pub id: Uuid,
    /// Whose it is or was, where the event itself says it.
    pub user: Option<Uuid>,
}

/// What these events happened to; nothing for those that are not there or cannot be read.
pub async fn entities(scope: &mut impl Scope, events: &[Uuid]) -> Result<HashMap<Uuid, Entity>> {
    let tenant = scope.tenant();
    let mut entities = HashMap::with_capacity(events.len());
    for event in events {
        let found: Option<(Vec<u8>, EventOctets)> = row!(
            scope,
            "SELECT hash, bytes FROM audit_event WHERE tenant = $1 AND id = $2",
            tenant.uuid(),
            *event
        )?;
        let Some((hash, bytes)) = found else { continue };
        // Octets that were altered prove nothing, so they name nobody either.
        if let Some(leaf) =
            leaf_of(*event, &hash, &bytes, None, None).ok().filter(|leaf| leaf.hash == leaf_hash(&bytes))
        {
            let entity =
                Entity { kind: leaf.entity_type.into_owned(), id: leaf.entity_id, user: user_of(&bytes) };
            entities.insert(*event, entity);
        }
    }
    Ok(entities)
}

/// The person to whom the thing of an event belongs, where the event made the thing or took it away.
fn user_of(bytes: &[u8]) -> Option<Uuid> {
    let event: Value = serde_json::from_slice(bytes).ok()?;
    let changes = event.pointer("/changes")?.as_array()?;
    let change = changes.iter().find(|change| change.get("path").and_then(Value::as_str) == Some("/user"))?;
    let user = change.get("after").and_then(Value::as_str).or_else(|| change.get("before")?.as_str())?;
    Uuid::try_parse(user).ok()
}
