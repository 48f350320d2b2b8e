//! Events that are written and have no place in the tree yet.

use bailiwick_domain::{ids::EventId, search::SOURCE, time::Timestamp};
use bailiwick_proof::hash::leaf_hash;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Listed, Sought, UNREADABLE};
use crate::{
    Result,
    audit::{
        integrate::{Leaf, leaf_of},
        pack::EventOctets,
    },
    lock::rows,
    page::LIMIT,
    tx::Scope,
};

/// An event without a place, as it is stored.
#[derive(FromRow)]
pub(crate) struct Waiting {
    id: Uuid,
    recorded_at: i64,
    source: Option<Vec<u8>>,
    owner: Option<Uuid>,
    hash: Vec<u8>,
    bytes: EventOctets,
}

impl Waiting {
    /// The leaf that becomes of it; its hash is the one that is stored.
    pub(crate) fn leaf(self) -> Result<Leaf> {
        let source: Option<[u8; SOURCE]> = self.source.and_then(|octets| octets.try_into().ok());
        leaf_of(self.id, &self.hash, &self.bytes, source, self.owner)
    }
}

/// Those that fit, newest first: a writer always sees its own event.
///
/// One that cannot be read, or whose octets are not the ones that were hashed, is listed as [`UNREADABLE`], whatever is sought.
pub async fn just_now(scope: &mut impl Scope, sought: &Sought) -> Result<Vec<Listed>> {
    let tenant = scope.tenant();
    let waiting: Vec<Waiting> = rows!(
        scope,
        "SELECT e.id, p.recorded_at, p.source, p.owner, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
         WHERE p.tenant = $1 ORDER BY p.recorded_at DESC, p.event DESC LIMIT $2",
        tenant.uuid(),
        LIMIT
    )?;
    Ok(waiting.into_iter().filter_map(|waiting| one(sought, waiting)).collect())
}

fn one(sought: &Sought, waiting: Waiting) -> Option<Listed> {
    let (event, recorded_at) = (waiting.id, waiting.recorded_at);
    let (id, hash) = (EventId::from(event), leaf_hash(&waiting.bytes));
    let Some(leaf) = waiting.leaf().ok().filter(|leaf| leaf.hash == hash) else {
        tracing::error!(%event, "an event of the audit log cannot be read");
        return Some(Listed {
            leaf_index: None,
            event: id,
            recorded_at: Timestamp::from_micros(recorded_at),
            actor_kind: "unknown".to_owned(),
            actor_id: None,
            action: UNREADABLE.to_owned(),
            outcome: UNREADABLE.to_owned(),
            entity_type: "unknown".to_owned(),
            entity_id: Uuid::nil(),
            revision: 0,
        });
    };
    let at = Timestamp::from_micros(leaf.recorded_at);
    sought.fits(at, &leaf.terms, (&*leaf.entity_type, leaf.entity_id)).then(|| Listed {
        leaf_index: None,
        event: id,
        recorded_at: at,
        actor_kind: leaf.actor_kind.into_owned(),
        actor_id: leaf.actor_id,
        action: leaf.action.into_owned(),
        outcome: leaf.outcome.into_owned(),
        entity_type: leaf.entity_type.into_owned(),
        entity_id: leaf.entity_id,
        revision: leaf.revision,
    })
}
