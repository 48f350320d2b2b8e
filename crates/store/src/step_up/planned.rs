//! What a sensitive change writes, as one digest: before, for the code; and in the change itself, for the comparison.

use std::{fmt, marker::PhantomData};

use bailiwick_domain::{
    change::Change,
    entity::SensitiveAction,
    ids::TenantId,
    rule::{Rule, Sensitive},
};
use bailiwick_proof::canonical;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    Approved, Error, Permit, Result,
    lock::row,
    tx::{Scope, Tx},
};

/// A sensitive change under the rule `R` as its rehearsal was about to write it.
pub struct Planned<R> {
    pub(super) target: TenantId,
    pub(super) digest: [u8; 32],
    /// The last one is the one that the operation recorded.
    events: Vec<PlannedEvent>,
    rule: PhantomData<fn() -> R>,
}

/// One event of such a change, without secrets.
#[derive(Clone, Debug)]
pub struct PlannedEvent {
    /// What would be recorded, as `noun.verb`.
    pub action: &'static str,
    /// The kind of the entity.
    pub entity_type: &'static str,
    /// Its id.
    pub entity_id: Uuid,
    /// What would change. Personal values stand here in clear, for whoever may make the change.
    pub changes: Vec<Change>,
}

impl<R> Planned<R> {
    /// What would be recorded, consequences left out.
    pub fn events(&self) -> &[PlannedEvent] {
        &self.events
    }

    /// The digest that a code for this change is good for, HMAC-SHA-256 under a key of the installation.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    pub(super) fn entity_type(&self) -> &'static str {
        self.events.last().map_or("", |event| event.entity_type)
    }

    pub(super) fn entity_id(&self) -> Uuid {
        self.events.last().map_or(Uuid::nil(), |event| event.entity_id)
    }
}

impl<R> fmt::Debug for Planned<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planned").field("entity_type", &self.entity_type()).finish_non_exhaustive()
    }
}

/// What the transaction is about to record.
pub(crate) async fn plan<R: Sensitive>(tx: &mut Tx) -> Result<Planned<R>> {
    let digest = digest(tx, R::ACTION).await?;
    let events = tx.events.iter().filter(|event| !event.follows).map(|event| PlannedEvent {
        action: event.action,
        entity_type: event.entity_type,
        entity_id: event.entity_id,
        changes: event.changes.iter().map(|change| shown(change, event.secret)).collect(),
    });
    Ok(Planned { target: tx.tenant, digest, events: events.collect(), rule: PhantomData })
}

/// Refuses a transaction that is about to record something else than was approved, or for somebody else.
pub(crate) async fn check<R: Rule>(
    tx: &mut Tx,
    permit: &Permit<R>,
    approved: &Approved<R>,
    action: SensitiveAction,
) -> Result<()> {
    let digest = digest(tx, action).await?;
    if approved.is_of(permit) && approved.fits(&digest) { Ok(()) } else { Err(Error::Unapproved) }
}

/// The digest of everything that the transaction is about to record, consequences left out: for each event its action, its
/// entity with the revision that stands before it, its difference and its reason.
///
/// Whoever renames a thing between the question and the answer moves its revision, so the code is good no longer.
async fn digest(tx: &mut Tx, action: SensitiveAction) -> Result<[u8; 32]> {
    let entities: Vec<_> = tx.events.iter().map(|event| (event.entity_type, event.entity_id)).collect();
    let mut revisions = Vec::with_capacity(entities.len());
    for (kind, id) in entities {
        revisions.push(revision(tx, kind, id).await?);
    }
    let events: Vec<Value> = tx
        .events
        .iter()
        .zip(revisions)
        .filter(|(event, _)| !event.follows)
        .map(|(event, revision)| {
            json!({
                "action": event.action,
                "changes": event.changes,
                "entity": {"id": event.entity_id, "revision": revision, "type": event.entity_type},
                "reason": event.reason,
            })
        })
        .collect();
    // A change of consequences alone would be one that nobody was told of.
    if events.is_empty() {
        return Err(Error::Unrecorded);
    }
    let whole = json!({"action": action.name(), "events": events, "tenant": tx.tenant, "v": 1});
    let canonical = canonical::to_bytes(&whole).map_err(|error| Error::Proof(error.to_string()))?;
    Ok(tx.shared.keys.directory.change_digest(&canonical))
}

/// The newest revision of an entity; 0 for one without a history.
async fn revision(tx: &mut Tx, kind: &'static str, id: Uuid) -> Result<i64> {
    let tenant = tx.tenant();
    let found: Option<(i64,)> = row!(
        tx,
        "SELECT revision FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
        tenant.uuid(),
        kind,
        id
    )?;
    Ok(found.map_or(0, |(revision,)| revision))
}

/// A change without what never leaves the store.
fn shown(change: &Change, secret: &[&str]) -> Change {
    if !secret.contains(&change.field()) {
        return change.clone();
    }
    let hide = |value: &Value| if value.is_null() { Value::Null } else { json!({"redacted": true}) };
    Change { before: hide(&change.before), after: hide(&change.after), ..change.clone() }
}
