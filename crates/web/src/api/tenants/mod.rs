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
use bailiwick_vault::token::EnrolmentToken;
use serde::{Deserialize, Serialize};

use crate::state::AppState;

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
struct OwnerBody<'t> {
    id: UserId,
    /// With which the owner sets a password, once; shown this once, to be handed on.
    link: &'t str,
    link_expires_at: Timestamp,
}

/// Where the owner opens the link of this token.
fn link(state: &AppState, token: &EnrolmentToken) -> String {
    format!("{}/enrol/{}", state.settings.public_url, token.expose().as_str())
}

/// Why an organisation is suspended or served again; it stands in that organisation's own log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Because {
    reason: String,
}
