//! Integrations with services of others. Configurations hold references to secrets, and no secret.

pub(super) mod act;
pub(super) mod create;
pub(super) mod list;
pub(super) mod providers;
pub(super) mod remove;
pub(super) mod show;
pub(super) mod update;

use bailiwick_domain::{
    entity::{IntegrationFault, IntegrationHealth, IntegrationProvider},
    ids::{IntegrationId, UserId},
    time::Timestamp,
};
use bailiwick_store::integrations::Listed;
use serde::Serialize;

/// An integration as the API shows it.
#[derive(Serialize)]
pub(super) struct IntegrationBody {
    id: IntegrationId,
    name: String,
    provider: IntegrationProvider,
    enabled: bool,
    /// Which one is changed: an update names it.
    revision: i64,
    origin: String,
    created_at: Timestamp,
    changed_at: Timestamp,
    changed_by: Option<UserId>,
    health: Option<HealthBody>,
}

/// How its tests went.
#[derive(Serialize)]
pub(super) struct HealthBody {
    tests: i64,
    begun_at: Timestamp,
    tested_at: Option<Timestamp>,
    fault: Option<IntegrationFault>,
    text: Option<&'static str>,
    failures: i64,
}

impl From<IntegrationHealth> for HealthBody {
    fn from(health: IntegrationHealth) -> Self {
        Self {
            tests: health.tests,
            begun_at: health.begun_at,
            tested_at: health.tested_at,
            fault: health.fault,
            text: health.fault.map(IntegrationFault::sentence),
            failures: health.failures,
        }
    }
}

impl From<Listed> for IntegrationBody {
    fn from(Listed { integration, health }: Listed) -> Self {
        Self {
            id: integration.id,
            name: integration.name,
            provider: integration.provider,
            enabled: integration.enabled,
            revision: integration.revision,
            origin: integration.origin,
            created_at: integration.created_at,
            changed_at: integration.changed_at,
            changed_by: integration.changed_by,
            health: health.map(HealthBody::from),
        }
    }
}
