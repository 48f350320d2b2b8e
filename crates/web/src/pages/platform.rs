//! The platform's view of its customers.

mod jobs;
mod owner_link;
mod reactivate;
mod suspend;
mod tenant_create;
mod tenant_new;
mod tenants;

use bailiwick_domain::{entity::Tenant, ids::TenantId, rule::Platform};
use bailiwick_store::{Permit, Store};

use crate::{error::Result, forms::Field, routes::Routes};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/platform/jobs", jobs::jobs)
        .get("/platform/tenants", tenants::tenants)
        .get("/platform/tenants/new", tenant_new::tenant_new)
        .post("/platform/tenants", tenant_create::tenant_create)
        .get("/platform/tenants/{tenant}/owner-link", owner_link::ask)
        .post("/platform/tenants/{tenant}/owner-link", owner_link::renew)
        .get("/platform/tenants/{tenant}/suspend", suspend::ask)
        .post_confirmed("/platform/tenants/{tenant}/suspend", suspend::suspend)
        .get("/platform/tenants/{tenant}/reactivate", reactivate::ask)
        .post("/platform/tenants/{tenant}/reactivate", reactivate::reactivate)
}

/// The customer that a path names.
async fn customer<R: Platform>(store: &Store, permit: &Permit<R>, id: TenantId) -> Result<Tenant> {
    Ok(bailiwick_store::tenants::find(&mut store.read(&permit.step_into(id)).await?).await?)
}

/// The reason, which the customer reads in their own log.
fn reason_field() -> Field {
    Field::new("reason", "Reason").hint("Stands in the customer's own audit log.")
}
