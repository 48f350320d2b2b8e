//! Organisations, for the platform's own people.

pub(super) mod create;
pub(super) mod list;
pub(super) mod owner_link;
pub(super) mod reactivate;
pub(super) mod show;
pub(super) mod suspend;

use bailiwick_domain::{
    entity::{Tenant, TenantKind, TenantStatus},
    ids::{TenantId, UserId},
    time::Timestamp,
};
use bailiwick_ops::tenants::OwnerInvited;
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

/// An owner who still has to set a password.
#[derive(Serialize)]
struct OwnerBody {
    id: UserId,
    /// Until when the link works that a letter brings them; nobody else sees it.
    link_expires_at: Timestamp,
}

impl From<&OwnerInvited> for OwnerBody {
    fn from(invited: &OwnerInvited) -> Self {
        Self { id: invited.owner.id, link_expires_at: invited.expires_at }
    }
}

/// Why an organisation is suspended or served again; it stands in that organisation's own log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Because {
    reason: String,
}
