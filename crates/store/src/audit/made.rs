//! Events as a measurement wants them: by whom, when, and in which request. From their octets on they are events like any other.

use std::borrow::Cow;

use bailiwick_domain::{
    change::{Change, Op},
    ids::EventId,
    search::SOURCE,
    time::Timestamp,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    draft::{ActorImage, Draft, Outcome},
    octets::{Id, Octets, Said},
    personal::Personal,
    search,
};
use crate::{
    Result,
    tx::{Scope, Tx},
};

/// What an event is made of.
#[derive(Clone, Debug)]
pub struct Made {
    /// When it is recorded.
    pub at: Timestamp,
    /// By which person.
    pub actor: Uuid,
    /// What they did.
    pub action: &'static str,
    /// To which kind of thing.
    pub entity_type: &'static str,
    /// To which thing.
    pub entity: Uuid,
    /// Whether it was denied.
    pub denied: bool,
    /// In which request.
    pub request: Uuid,
    /// The tag of where it came from.
    pub source: [u8; SOURCE],
    /// What changed to what.
    pub change: (&'static str, String),
}

/// The draft of such an event, with one personal value: the address.
pub(crate) async fn made(tx: &mut Tx, made: &Made) -> Result<Draft> {
    let id = EventId::new(made.at, &*tx.shared.entropy);
    let mut personal = Personal::new(tx.tenant(), id);
    let ip = personal.commit(&*tx.shared.entropy, made.actor, &Value::from("203.0.113.7"))?;
    let outcome = if made.denied { Outcome::Denied } else { Outcome::Ok };
    let actor = ActorImage {
        kind: "user",
        id: Some(made.actor),
        named: None,
        auth: "passkey",
        // One session a day.
        credential: Some(Uuid::from_u128(
            made.actor.as_u128() ^ u128::from(made.at.start_of_day().micros().unsigned_abs()),
        )),
    };
    let changes = [Change {
        path: made.change.0.into(),
        op: Op::Replace,
        before: Value::from("before"),
        after: Value::from(made.change.1.as_str()),
    }];
    let octets = Octets::of(&Said {
        action: made.action,
        actor: &actor,
        changes: &changes,
        entity_type: made.entity_type,
        entity_id: Id::Ours(made.entity),
        id,
        occurred_at: made.at,
        recorded_at: made.at,
        outcome,
        reason: None,
        request: made.request,
        agent: "browser",
        ip: &ip,
        tenant: tx.tenant(),
    })?;
    let terms = search::terms(
        &search::Said {
            action: made.action,
            outcome: outcome.name(),
            entity_type: made.entity_type,
            actor_kind: actor.kind,
            actor_id: actor.id,
            credential: actor.credential,
            owner: None,
            reason: None,
            request: Some(made.request),
            source: Some(made.source),
        },
        changes.iter().map(|change| (&*change.path, [&change.before, &change.after])),
    );
    Ok(Draft {
        tenant: tx.tenant(),
        id,
        recorded_at: made.at,
        actor,
        action: Cow::Borrowed(made.action),
        outcome,
        entity_type: Cow::Borrowed(made.entity_type),
        entity_id: made.entity,
        octets,
        personal: personal.seal(tx).await?,
        told: None,
        terms,
        source: Some(made.source),
        owner: None,
    })
}
