//! How the guarded product calls the actors and things of records in a list, of which the list itself knows an id that stands for them.

use std::collections::{HashMap, HashSet};

use bailiwick_proof::event::is_product;
use serde::Deserialize;
use uuid::Uuid;

use super::{integrate::id_of, search::Listed};
use crate::{
    Result,
    audit::pack::EventOctets,
    conn::{Driver, id_list},
    tx::Scope,
};

/// What of a record names its actor and its thing.
#[derive(Deserialize)]
struct Said {
    actor: Actor,
    entity: Thing,
}

#[derive(Deserialize)]
struct Actor {
    kind: String,
    id: Option<String>,
}

#[derive(Deserialize)]
struct Thing {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

/// The product's own ids of its actors and things in these records, by the ids that stand for them: one read for all records, and none
/// where the product has no part in them. What cannot be read, and what the archive alone holds, is missing.
pub async fn said(scope: &mut impl Scope, records: &[Listed]) -> Result<HashMap<Uuid, String>> {
    let wanted: HashSet<Uuid> = records.iter().flat_map(stand_ins).collect();
    // Several records of one thing say the same: the first of them is enough.
    let mut open = wanted.clone();
    let mut events = Vec::new();
    for record in records {
        let mut new = false;
        for id in stand_ins(record) {
            new |= open.remove(&id);
        }
        if new {
            events.push(record.event.uuid());
        }
    }
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let mut said = HashMap::with_capacity(wanted.len());
    for octets in octets(scope, &events).await? {
        let Ok(Said { actor, entity }) = serde_json::from_slice(&octets) else { continue };
        let actor = actor.id.map(|id| (actor.kind, id));
        for (kind, text) in actor.into_iter().chain([(entity.kind, entity.id)]) {
            // The id follows from the text, so that altered octets give a thing no name that is not its own.
            let id = id_of(&kind, &text).filter(|id| is_product(&kind) && wanted.contains(id));
            said.extend(id.map(|id| (id, text)));
        }
    }
    Ok(said)
}

/// The ids in a record that stand for the product's own.
fn stand_ins(record: &Listed) -> impl Iterator<Item = Uuid> {
    let actor = record.actor_id.filter(|_| is_product(&record.actor_kind));
    let thing = is_product(&record.entity_type).then_some(record.entity_id);
    actor.into_iter().chain(thing)
}

async fn octets(scope: &mut impl Scope, events: &[Uuid]) -> Result<Vec<EventOctets>> {
    let tenant = scope.tenant();
    Ok(match scope.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_scalar(
                "SELECT e.bytes FROM json_each($2) AS n CROSS JOIN audit_event e WHERE e.tenant = $1 AND e.id = unhex(n.value)",
            )
            .bind(tenant.uuid())
            .bind(id_list(events.iter().copied()))
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_scalar(
                "SELECT e.bytes FROM unnest($2::uuid[]) AS n (event) JOIN audit_event e ON e.tenant = $1 AND e.id = n.event",
            )
            .bind(tenant.uuid())
            .bind(events)
            .fetch_all(c)
            .await?
        }
    })
}
