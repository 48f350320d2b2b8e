//! Security events.

pub(super) mod acknowledge;
pub(super) mod list;
pub(super) mod resolve;
pub(super) mod show;

use bailiwick_domain::{
    entity::{SecurityEvent, Severity, Triage},
    ids::{EventId, SecurityEventId, UserId},
    time::Timestamp,
};
use bailiwick_store::{Scope, audit};
use serde::Serialize;
use uuid::Uuid;

use crate::error::Result;

/// A security event as the API shows it.
#[derive(Serialize)]
pub(super) struct SecurityEventBody {
    id: SecurityEventId,
    kind: String,
    severity: Severity,
    detail: String,
    /// What it is about; missing where the record behind it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<AboutBody>,
    /// The audit record that raised it.
    audit_event: EventId,
    triage: Triage,
    at: Timestamp,
}

/// A thing of the log, and whose it is.
#[derive(Serialize)]
struct AboutBody {
    #[serde(rename = "type")]
    kind: String,
    id: Uuid,
    /// The person that it is or belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Uuid>,
}

impl SecurityEventBody {
    /// The events with what each is about.
    async fn of(scope: &mut impl Scope, events: &[SecurityEvent]) -> Result<Vec<Self>> {
        let records: Vec<_> = events.iter().map(|event| event.audit_event).collect();
        let mut entities = audit::entities(scope, &records).await?;
        let mut bodies = Vec::with_capacity(events.len());
        for event in events {
            let about = match entities.remove(&event.audit_event) {
                Some(entity) => Some(AboutBody::of(scope, entity).await?),
                None => None,
            };
            bodies.push(Self::new(event.clone(), about));
        }
        Ok(bodies)
    }

    fn new(event: SecurityEvent, about: Option<AboutBody>) -> Self {
        Self {
            about,
            id: event.id,
            kind: event.kind,
            severity: event.severity,
            detail: event.detail,
            audit_event: event.audit_event.into(),
            triage: event.triage,
            at: event.at,
        }
    }
}

impl AboutBody {
    async fn of(scope: &mut impl Scope, entity: audit::Entity) -> Result<Self> {
        let user = match entity.kind.as_str() {
            "user" | "password" => Some(entity.id),
            kind => audit::owner(scope, kind, entity.id).await?.map(UserId::uuid).or(entity.user),
        };
        Ok(Self { kind: entity.kind, id: entity.id, user })
    }
}
