//! From what a product sent to what only lacks its place in the history.

use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};

use bailiwick_domain::{
    ids::{EventId, TenantId},
    product::{Named, Outcome as Ended, ProductEvent},
    redaction::Judged,
    rule::RecordEvents,
    search::SOURCE,
    time::Timestamp,
};
use bailiwick_proof::{
    canonical,
    event::{ACTOR, id_of},
    hash::Hash,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store,
    audit::{
        draft::{ActorImage, Draft, Outcome},
        octets::{Id, Octets, Said},
        personal::Personal,
        search::{self, Term},
    },
    tx::Tx,
};

/// An event that is ready to be stored. Of what must not be stored it holds nothing; personal values are on their way into
/// their seals.
pub struct Prepared {
    pub(super) id: EventId,
    /// What is stored of the key that the product gave it.
    pub(super) key: [u8; 16],
    /// What is stored of the event as it was sent.
    pub(super) payload: [u8; 32],
    tenant: TenantId,
    recorded_at: Timestamp,
    actor: ActorImage,
    action: String,
    outcome: Outcome,
    entity_type: String,
    entity_id: Uuid,
    octets: Octets,
    personal: Personal,
    terms: Vec<Term>,
    source: Option<[u8; SOURCE]>,
}

/// Writes an event down. `sent` is the event as it came, of which only a keyed hash is kept.
///
/// # Errors
/// [`Error::Proof`] for what has no canonical octets, which whoever read it has refused before.
pub fn prepare(
    store: &Store,
    permit: &Permit<RecordEvents>,
    event: ProductEvent,
    judged: Judged,
    sent: &Value,
) -> Result<Prepared> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let tags = &store.keys().directory;
    let canonical = canonical::to_bytes(sent).map_err(|e| Error::Proof(e.to_string()))?;
    let id: EventId = store.new_id();
    let request = event.request.unwrap_or_else(|| permit.request().id.uuid());
    let actor = actor(permit, event.actor);
    let mut personal = Personal::new(tenant, id);
    let entity_id = uuid(&event.entity);
    let reason = judged.reason().map(str::to_owned);
    let subject = event.subject.as_ref().map_or(entity_id, uuid);
    let changes = judged.commit(|value| personal.commit(store.entropy(), subject, value))?;
    let ip = match event.ip {
        Some(ip) => personal.commit(store.entropy(), actor.subject(request), &Value::from(ip.to_string()))?,
        None => Value::Null,
    };
    let outcome = match event.outcome {
        Ended::Ok => Outcome::Ok,
        Ended::Denied => Outcome::Denied,
        Ended::Failed => Outcome::Failed,
    };
    let source = event.ip.map(|ip| search::tag_of(store.keys(), tenant, ip));
    let terms = search::terms(
        &search::Said {
            action: &event.action,
            outcome: outcome.name(),
            entity_type: &event.entity.kind,
            actor_kind: actor.kind,
            actor_id: actor.id,
            credential: actor.credential,
            owner: None,
            reason: reason.as_deref(),
            request: Some(request),
            source,
        },
        changes.iter().map(|change| (&*change.path, [&change.before, &change.after])),
    );
    let recorded_at = store.now();
    let octets = Octets::of(&Said {
        action: &event.action,
        actor: &actor,
        changes: &changes,
        entity_type: &event.entity.kind,
        entity_id: Id::Product(&event.entity.id),
        id,
        occurred_at: event.occurred_at,
        recorded_at,
        outcome,
        reason: reason.as_deref(),
        request,
        agent: event.agent.unwrap_or("unknown"),
        ip: &ip,
        tenant,
    })?;
    Ok(Prepared {
        id,
        key: tags.event_key_tag(&tenant.bytes(), &event.key),
        payload: tags.event_payload_tag(&tenant.bytes(), &canonical),
        tenant,
        recorded_at,
        actor,
        action: event.action,
        outcome,
        entity_type: event.entity.kind,
        entity_id,
        octets,
        personal,
        terms,
        source,
    })
}

fn uuid(named: &Named) -> Uuid {
    Uuid::from_bytes(id_of(&named.kind, &named.id))
}

/// Whoever the product says acted; how they come to be believed is the credential that sent it.
fn actor(permit: &Permit<RecordEvents>, named: Option<String>) -> ActorImage {
    let sender = ActorImage::of(permit.actor());
    let id = named.as_deref().map(|name| Uuid::from_bytes(id_of(ACTOR, name)));
    ActorImage { kind: ACTOR, id, named, ..sender }
}

impl Prepared {
    /// The record, with its personal values sealed in the transaction that stores it; `told` gets its hash.
    pub(super) async fn draft(&self, tx: &mut Tx, told: Arc<OnceLock<Hash>>) -> Result<Draft> {
        Ok(Draft {
            tenant: self.tenant,
            id: self.id,
            recorded_at: self.recorded_at,
            actor: self.actor.clone(),
            action: Cow::Owned(self.action.clone()),
            outcome: self.outcome,
            entity_type: Cow::Owned(self.entity_type.clone()),
            entity_id: self.entity_id,
            octets: self.octets.clone(),
            personal: self.personal.seal(tx).await?,
            told: Some(told),
            terms: self.terms.clone(),
            source: self.source,
            owner: None,
        })
    }
}
