//! The canonical octets of an event.
//!
//! The fields stand in the order of their names, so that writing them down is sorting them, and the octets are checked
//! to be canonical before anything is made of them: whatever a value brings along, nothing else is ever stored.

use bailiwick_domain::{
    change::{Change, Op},
    ids::{EventId, TenantId},
    time::Timestamp,
};
use bailiwick_proof::{canonical, hash::Hash};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::draft::Draft;
use crate::{Error, Result};

#[derive(Serialize)]
struct Octets<'a> {
    action: &'a str,
    actor: Actor<'a>,
    changes: Vec<Difference<'a>>,
    entity: Entity<'a>,
    id: EventId,
    occurred_at: Timestamp,
    outcome: &'a str,
    prev: Option<Hash>,
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
    id: Option<Uuid>,
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
struct Entity<'a> {
    id: Uuid,
    revision: i64,
    r#type: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    agent: &'a str,
    ip: &'a Value,
}

/// The octets of `draft` at its place in its entity's history.
pub(super) fn of(draft: &Draft, revision: i64, prev: Option<Hash>) -> Result<Vec<u8>> {
    let actor = &draft.actor;
    let octets = Octets {
        action: draft.action,
        actor: Actor { auth: actor.auth, credential: actor.credential, id: actor.id, kind: actor.kind },
        changes: draft.changes.iter().map(Difference::from).collect(),
        entity: Entity { id: draft.entity_id, revision, r#type: draft.entity_type },
        id: draft.id,
        occurred_at: draft.recorded_at,
        outcome: draft.outcome.name(),
        prev,
        reason: draft.reason.as_deref(),
        recorded_at: draft.recorded_at,
        request: draft.request,
        source: Source { agent: draft.agent, ip: &draft.ip },
        tenant: draft.tenant,
        v: bailiwick_proof::event::VERSION,
    };
    let mut bytes = Vec::with_capacity(1024);
    serde_json::to_writer(&mut bytes, &octets).map_err(|e| Error::Proof(e.to_string()))?;
    canonical::check(&bytes).map_err(|e| Error::Proof(e.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_vault::entropy::SystemEntropy;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::audit::draft::{ActorImage, Outcome};

    fn draft(reason: Option<String>, values: Vec<Value>) -> Draft {
        let at = Timestamp::from_micros(1_767_323_045_000_006);
        let change = |after| Change { path: "/a~1b".into(), op: Op::Replace, before: Value::Null, after };
        Draft {
            tenant: TenantId::new(at, &SystemEntropy),
            id: EventId::new(at, &SystemEntropy),
            recorded_at: at,
            actor: ActorImage { kind: "user", id: Some(Uuid::nil()), auth: "session", credential: None },
            action: "user.disabled",
            outcome: Outcome::Ok,
            entity_type: "user",
            entity_id: Uuid::nil(),
            changes: values.into_iter().map(change).collect(),
            reason,
            request: Uuid::nil(),
            agent: "browser",
            ip: json!({"commit": "00"}),
            personal: Vec::new(),
        }
    }

    proptest! {
        #[test]
        fn octets_are_those_of_the_canonical_writer(reason in any::<Option<String>>(), texts in proptest::collection::vec(any::<String>(), 0..4), number in -5_i64..5) {
            let values = texts.iter().map(|text| json!({"text": text, "number": number, "a": [null, true]})).collect();
            let bytes = of(&draft(reason, values), 2, Some(Hash([7; 32]))).unwrap();
            let parsed: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(canonical::to_bytes(&parsed).unwrap(), bytes);
        }
    }

    #[test]
    fn event_with_a_number_that_is_no_integer_is_not_written() {
        assert!(matches!(of(&draft(None, vec![json!(0.5)]), 1, None), Err(Error::Proof(_))));
    }

    #[test]
    fn event_has_the_fields_of_the_format() {
        let bytes = of(&draft(None, vec![]), 1, None).unwrap();
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
