use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Entity;
use crate::{
    ids::{EventSchemaId, TenantId},
    redaction::Redaction,
    time::Timestamp,
};

/// What of a tenant's product events is never stored; one per tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EventRules {
    /// The tenant, whose id is also that of its rules.
    pub id: TenantId,
    /// Rules and detectors.
    #[serde(flatten)]
    pub redaction: Redaction,
}

impl Entity for EventRules {
    const KIND: &'static str = "event_rules";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// How the product's events of one action have to look.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EventSchema {
    /// The schema's id.
    pub id: EventSchemaId,
    /// The action whose events it is for; one schema at most for each.
    pub action: String,
    /// A JSON Schema, as text: an event of the log holds no fractions, and a schema may.
    pub schema: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl EventSchema {
    /// The schema as JSON.
    pub fn value(&self) -> Option<Value> {
        serde_json::from_str(&self.schema).ok()
    }
}

impl Entity for EventSchema {
    const KIND: &'static str = "event_schema";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
