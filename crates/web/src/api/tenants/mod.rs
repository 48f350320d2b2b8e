//! Organisations, for the platform's own people.

pub(super) mod create;
pub(super) mod list;
pub(super) mod reactivate;
pub(super) mod show;
pub(super) mod suspend;

use bailiwick_domain::{
    entity::{Tenant, TenantKind, TenantStatus},
    ids::TenantId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// An organisation as the API shows it.
#[derive(Serialize)]
pub(super) struct TenantBody {
    id: TenantId,
    slug: String,
    name: String,
    kind: TenantKind,
    region: String,
    status: TenantStatus,
    key_brand: String,
    created_at: Timestamp,
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            kind: tenant.kind,
            region: tenant.region,
            status: tenant.status,
            key_brand: tenant.key_brand,
            created_at: tenant.created_at,
        }
    }
}

/// Why an organisation is suspended or served again; it stands in that organisation's own log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Because {
    reason: String,
}
