//! Records of the audit log.

mod filter;
pub(super) mod list;
pub(super) mod receipt;
pub(super) mod show;

use bailiwick_domain::{ids::EventId, time::Timestamp};
use bailiwick_store::audit::Listed;
use serde::Serialize;
use uuid::Uuid;

pub(super) use filter::{Parameters, entity_id, is_word};
pub(super) use show::ProofBody;

/// A record without its difference.
#[derive(Serialize)]
pub(super) struct EventBody {
    id: EventId,
    /// The place in the tree; nothing for a record that has none yet.
    leaf_index: Option<i64>,
    recorded_at: Timestamp,
    actor: ActorBody,
    action: String,
    outcome: String,
    entity: EntityBody,
}

#[derive(Serialize)]
struct ActorBody {
    kind: String,
    id: Option<Uuid>,
}

#[derive(Serialize)]
struct EntityBody {
    r#type: String,
    id: Uuid,
    revision: i64,
}

impl From<Listed> for EventBody {
    fn from(listed: Listed) -> Self {
        Self {
            id: listed.event,
            leaf_index: listed.leaf_index,
            recorded_at: listed.recorded_at,
            actor: ActorBody { kind: listed.actor_kind, id: listed.actor_id },
            action: listed.action,
            outcome: listed.outcome,
            entity: EntityBody {
                r#type: listed.entity_type,
                id: listed.entity_id,
                revision: listed.revision,
            },
        }
    }
}
