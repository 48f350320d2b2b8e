//! What happened beside a record: in the same request, in the same session, by the same actor just before and after.

use bailiwick_domain::ids::EventId;
use bailiwick_proof::hash::leaf_hash;
use serde::Deserialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::{append::stored_hash, search::Listed, total};
use crate::{Result, audit::pack::EventOctets, lock::rows, tx::Scope};

/// Records that are looked at before and after it, each.
pub const AROUND: i64 = 256;
/// Records of each sort that are told, at most.
const TOLD: usize = 12;
/// Records of the same actor before it, and after it, at most.
const NEIGHBOURS: usize = 4;

/// The records beside one, each told once, newest first.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// In the same request.
    pub request: Vec<Listed>,
    /// With the same session or key, in another request.
    pub session: Vec<Listed>,
    /// By the same actor otherwise: the nearest before and after.
    pub actor: Vec<Listed>,
}

/// What of a record tells what it belongs with.
#[derive(Deserialize)]
struct Said {
    actor: Who,
    request: Option<Uuid>,
}

#[derive(Deserialize)]
struct Who {
    kind: String,
    /// Of the guarded product's actors any text.
    id: Option<String>,
    credential: Option<Uuid>,
}

impl Said {
    /// Whether the same one acted; nobody known is nobody's same.
    fn same_actor(&self, other: &Self) -> bool {
        self.actor.id.is_some() && self.actor.kind == other.actor.kind && self.actor.id == other.actor.id
    }
}

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    listed: Listed,
    hash: Vec<u8>,
    bytes: EventOctets,
}

/// The records beside the one with these octets, among the [`AROUND`] before and after its leaf; without a leaf it is the newest.
/// Records that were altered belong nowhere.
pub async fn related(
    scope: &mut impl Scope,
    event: EventId,
    leaf: Option<i64>,
    octets: &[u8],
) -> Result<Related> {
    let Ok(this) = serde_json::from_slice::<Said>(octets) else { return Ok(Related::default()) };
    let place = match leaf {
        Some(leaf) => leaf,
        None => total(scope).await?,
    };
    let tenant = scope.tenant();
    let around: Vec<Row> = rows!(
        scope,
        "SELECT l.leaf_index, l.event, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision, l.hash, e.bytes
         FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index <= $3 ORDER BY l.leaf_index DESC",
        tenant.uuid(),
        place - AROUND,
        place + AROUND
    )?;
    let mut related = Related::default();
    let (mut after, mut before) = (Vec::new(), Vec::new());
    for row in around.into_iter().filter(|row| row.listed.event != event) {
        let whole = stored_hash(&row.hash).is_ok_and(|hash| hash == leaf_hash(&row.bytes));
        let Some(said) = serde_json::from_slice::<Said>(&row.bytes).ok().filter(|_| whole) else { continue };
        if this.request.is_some() && said.request == this.request {
            related.request.push(row.listed);
        } else if this.actor.credential.is_some() && said.actor.credential == this.actor.credential {
            related.session.push(row.listed);
        } else if said.same_actor(&this) {
            let side = if row.listed.leaf_index > Some(place) { &mut after } else { &mut before };
            side.push(row.listed);
        }
    }
    related.request.truncate(TOLD);
    related.session = nearest(related.session, place);
    // Newest first: those after it end with the nearest one.
    let far = after.len().saturating_sub(NEIGHBOURS);
    related.actor = after.into_iter().skip(far).chain(before.into_iter().take(NEIGHBOURS)).collect();
    Ok(related)
}

/// Those whose leaves are nearest, newest first.
fn nearest(mut found: Vec<Listed>, place: i64) -> Vec<Listed> {
    found.sort_by_key(|listed| listed.leaf_index.unwrap_or(place).abs_diff(place));
    found.truncate(TOLD);
    found.sort_by_key(|listed| std::cmp::Reverse(listed.leaf_index));
    found
}
