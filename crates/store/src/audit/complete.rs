//! That the history of one entity has no gap: the octets of every revision, and the receipt of the newest.

use bailiwick_domain::ids::EventId;
use bailiwick_proof::{
    completeness::{Entity, Page},
    event::scan,
};
use uuid::Uuid;

use super::{log::receipt, newest_checkpoint, retention};
use crate::{
    Error, Result,
    audit::pack::EventOctets,
    lock::{row, rows},
    tx::Scope,
};

/// Revisions on one page at most.
const REVISIONS: i64 = 500;

/// A page of an entity's history: the first, from the newest revision that a checkpoint covers, or the one of the revisions
/// before `before`. Nothing for an entity of which no checkpoint covers a record.
///
/// # Errors
/// [`Error::Conflict`] where the newest revision is not what was hashed, and for a history of which the retention took a part.
pub async fn completeness(
    scope: &mut impl Scope,
    kind: &str,
    id: Uuid,
    before: Option<i64>,
) -> Result<Option<Page>> {
    let tenant = scope.tenant();
    if retention::archived(scope, kind, id).await? {
        return Err(retention::IN_PART);
    }
    let (proven, before, name) = match before {
        Some(before) => (None, before, None),
        None => {
            let Some(signed) = newest_checkpoint(scope).await? else { return Ok(None) };
            let newest: Option<(Uuid, i64)> = row!(
                scope,
                "SELECT event, revision FROM audit_leaf WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND leaf_index < $4
                 ORDER BY revision DESC LIMIT 1",
                tenant.uuid(),
                kind,
                id,
                signed.size
            )?;
            let Some((event, revision)) = newest else { return Ok(None) };
            let Some(receipt) = receipt(scope, EventId::from(event)).await? else { return Ok(None) };
            let name = receipt.extra.as_deref().and_then(name_of);
            (Some(receipt.to_string()), revision, name)
        }
    };
    let revisions: Vec<(i64, EventOctets)> = rows!(
        scope,
        "SELECT l.revision, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 AND l.revision < $4 ORDER BY l.revision DESC LIMIT $5",
        tenant.uuid(),
        kind,
        id,
        before,
        REVISIONS
    )?;
    let lowest = revisions.last().map_or(1, |(revision, _)| *revision);
    let name = name.or_else(|| revisions.first().and_then(|(_, bytes)| name_of(bytes)));
    let entity = name.unwrap_or_else(|| Entity { r#type: kind.to_owned(), id: id.to_string() });
    if proven.is_none() && revisions.is_empty() {
        return Err(Error::NotFound);
    }
    Ok(Some(Page {
        entity,
        receipt: proven,
        // Altered octets that are no text any more fail the check like any others.
        revisions: revisions.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect(),
        next: (lowest > 1).then(|| lowest.to_string()),
    }))
}

/// The entity as its own records name it.
fn name_of(octets: &[u8]) -> Option<Entity> {
    let fields = scan(octets).ok()?;
    Some(Entity { r#type: fields.entity.kind.to_owned(), id: fields.entity.id.to_owned() })
}
