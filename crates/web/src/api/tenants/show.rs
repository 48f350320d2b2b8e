//! One organisation.

use axum::extract::State;
use bailiwick_domain::{ids::TenantId, rule::ReadTenants};
use bailiwick_store::{Store, tenants};

use super::TenantBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadTenants>,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
) -> Result<Versioned<TenantBody>> {
    let mut view = store.read(&permit.step_into(id)).await?;
    let tenant = tenants::find(&mut view).await?;
    Versioned::of(&mut view, &tenant.clone(), || tenant.into()).await
}
