//! The canonical octets of an event.
//!
//! The fields stand in the order of their names, so that writing them down is sorting them, and the octets are checked
//! to be canonical before anything is made of them: whatever a value brings along, nothing else is ever stored.
//!
//! They are written while the change is still its caller's alone, with two gaps: the revision and the hash of the event
//! before are known only once everything that comes earlier is. So an event that cannot be written fails its own change,
//! and filling the gaps fails nobody's.

use bailiwick_domain::{
    change::{Change, Op},
    ids::{EventId, TenantId},
    time::Timestamp,
};
use bailiwick_proof::{canonical, hash::Hash};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::draft::{ActorImage, Outcome};
use crate::{Error, Result};

/// What an event says, but for its place in its entity's history.
pub(super) struct Said<'a> {
    pub(super) action: &'a str,
    pub(super) actor: &'a ActorImage,
    pub(super) changes: &'a [Change],
    pub(super) entity_type: &'a str,
    pub(super) entity_id: Id<'a>,
    pub(super) id: EventId,
    pub(super) occurred_at: Timestamp,
    pub(super) recorded_at: Timestamp,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<&'a str>,
    pub(super) request: Uuid,
    pub(super) agent: &'a str,
    pub(super) ip: &'a Value,
    pub(super) tenant: TenantId,
}

/// An id as the event says it.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum Id<'a> {
    /// Of something of ours.
    Ours(Uuid),
    /// Of something of the guarded product, in its own words.
    Product(&'a str),
}

/// The octets of an event, with gaps for its revision and the hash of the one before.
#[derive(Clone)]
pub(crate) struct Octets {
    to_revision: Vec<u8>,
    to_prev: Vec<u8>,
    to_end: Vec<u8>,
}

#[derive(Serialize)]
struct Beginning<'a> {
    action: &'a str,
    actor: Actor<'a>,
    changes: Vec<Difference<'a>>,
}

#[derive(Serialize)]
struct Middle<'a> {
    id: EventId,
    occurred_at: Timestamp,
    outcome: &'a str,
}

#[derive(Serialize)]
struct End<'a> {
    reason: Option<&'a str>,
    recorded_at: Timestamp,
    request: Uuid,
    source: Source<'a>,
    tenant: TenantId,
    v: i64,
}

#[derive(Serialize)]
struct Actor<'a> {
    auth: &'a str,
    credential: Option<Uuid>,
    id: Option<Id<'a>>,
    kind: &'a str,
}

#[derive(Serialize)]
struct Difference<'a> {
    after: &'a Value,
    before: &'a Value,
    op: Op,
    path: &'a str,
}

impl<'a> From<&'a Change> for Difference<'a> {
    fn from(Change { path, op, before, after }: &'a Change) -> Self {
        Self { after, before, op: *op, path }
    }
}

#[derive(Serialize)]
struct Source<'a> {
    agent: &'a str,
    ip: &'a Value,
}

impl Octets {
    /// Writes an event down. Fails if it holds what no event may hold, such as a number that is no integer.
    pub(super) fn of(said: &Said<'_>) -> Result<Self> {
        let actor = said.actor;
        let mut to_revision = Vec::with_capacity(512);
        put(
            &mut to_revision,
            &Beginning {
                action: said.action,
                actor: Actor {
                    auth: actor.auth,
                    credential: actor.credential,
                    id: actor.named.as_deref().map(Id::Product).or(actor.id.map(Id::Ours)),
                    kind: actor.kind,
                },
                changes: said.changes.iter().map(Difference::from).collect(),
            },
        )?;
        // The object goes on.
        to_revision.pop();
        to_revision.extend_from_slice(b",\"entity\":{\"id\":");
        put(&mut to_revision, &said.entity_id)?;
        to_revision.extend_from_slice(b",\"revision\":");

        let mut to_prev = Vec::with_capacity(192);
        to_prev.extend_from_slice(b",\"type\":");
        put(&mut to_prev, &said.entity_type)?;
        to_prev.push(b'}');
        members(
            &mut to_prev,
            &Middle { id: said.id, occurred_at: said.occurred_at, outcome: said.outcome.name() },
        )?;
        to_prev.extend_from_slice(b",\"prev\":");

        let mut to_end = Vec::with_capacity(384);
        members(
            &mut to_end,
            &End {
                reason: said.reason,
                recorded_at: said.recorded_at,
                request: said.request,
                source: Source { agent: said.agent, ip: said.ip },
                tenant: said.tenant,
                v: bailiwick_proof::event::VERSION,
            },
        )?;
        to_end.push(b'}');

        let octets = Self { to_revision, to_prev, to_end };
        canonical::check(&octets.fill(1, None)).map_err(unwritable)?;
        Ok(octets)
    }

    /// The octets of the event as this revision of its entity, after the event with the hash `prev`.
    pub(super) fn fill(&self, revision: i64, prev: Option<Hash>) -> Vec<u8> {
        let revision = revision.to_string();
        let prev = prev.map_or_else(|| "null".to_owned(), |hash| format!("\"{hash}\""));
        [self.to_revision.as_slice(), revision.as_bytes(), &self.to_prev, prev.as_bytes(), &self.to_end]
            .concat()
    }
}

fn put(octets: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(octets, value).map_err(unwritable)
}

/// Adds the members of `value`, an object, to the object that is being written.
fn members(octets: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    let brace = octets.len();
    put(octets, value)?;
    if let Some(first) = octets.get_mut(brace) {
        *first = b',';
    }
    octets.pop();
    Ok(())
}

fn unwritable(error: impl std::fmt::Display) -> Error {
    Error::Proof(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_vault::entropy::SystemEntropy;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn octets(reason: Option<&str>, values: Vec<Value>) -> Result<Octets> {
        let at = Timestamp::from_micros(1_767_323_045_000_006);
        let change = |after| Change { path: "/a~1b".into(), op: Op::Replace, before: Value::Null, after };
        Octets::of(&Said {
            tenant: TenantId::new(at, &SystemEntropy),
            id: EventId::new(at, &SystemEntropy),
            occurred_at: at,
            recorded_at: at,
            actor: &ActorImage {
                kind: "user",
                id: Some(Uuid::nil()),
                named: None,
                auth: "session",
                credential: None,
            },
            action: "user.disabled",
            outcome: Outcome::Ok,
            entity_type: "user",
            entity_id: Id::Ours(Uuid::nil()),
            changes: &values.into_iter().map(change).collect::<Vec<_>>(),
            reason,
            request: Uuid::nil(),
            agent: "browser",
            ip: &json!({"commit": "00"}),
        })
    }

    proptest! {
        #[test]
        fn octets_are_those_of_the_canonical_writer(reason in any::<Option<String>>(), texts in proptest::collection::vec(any::<String>(), 0..4), number in -5_i64..5) {
            let values = texts.iter().map(|text| json!({"text": text, "number": number, "a": [null, true]})).collect();
            let octets = octets(reason.as_deref(), values).unwrap();
            for (revision, prev) in [(1, None), (2, Some(Hash([7; 32]))), (canonical::MAX_INTEGER, Some(Hash([0xff; 32])))] {
                let bytes = octets.fill(revision, prev);
                let parsed: Value = serde_json::from_slice(&bytes).unwrap();
                prop_assert_eq!(&parsed["entity"]["revision"], &json!(revision));
                prop_assert_eq!(&parsed["prev"], &json!(prev.map(|hash| hash.to_string())));
                prop_assert_eq!(canonical::to_bytes(&parsed).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn event_with_a_number_that_is_no_integer_is_not_written() {
        assert!(matches!(octets(None, vec![json!(0.5)]), Err(Error::Proof(_))));
    }

    #[test]
    fn event_has_the_fields_of_the_format() {
        let bytes = octets(None, vec![]).unwrap().fill(1, None);
        let parsed: Value = serde_json::from_slice(&bytes).unwrap();
        let names: Vec<_> = parsed.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "action",
                "actor",
                "changes",
                "entity",
                "id",
                "occurred_at",
                "outcome",
                "prev",
                "reason",
                "recorded_at",
                "request",
                "source",
                "tenant",
                "v"
            ]
        );
        assert_eq!(parsed["entity"], json!({"id": Uuid::nil(), "revision": 1, "type": "user"}));
        assert_eq!(parsed["recorded_at"], "2026-01-02T03:04:05.000006Z");
    }
}
