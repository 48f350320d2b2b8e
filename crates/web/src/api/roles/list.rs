//! The roles that people of the caller's organisation can have, and what each holds.

use axum::extract::State;
use bailiwick_domain::{entity::TenantKind, role::Role, rule::ReadRoles};
use bailiwick_store::{Store, tenants};
use serde::Serialize;

use crate::{access::Access, api::List, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct RoleBody {
    name: Role,
    title: &'static str,
    description: &'static str,
    permissions: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
) -> Result<Json<List<RoleBody>>> {
    let mut view = store.read(&permit).await?;
    let platform = tenants::find(&mut view).await?.kind == TenantKind::Platform;
    let catalogue = store.catalogue();
    let body = |name: Role| RoleBody {
        name,
        title: name.title(),
        description: name.description(),
        permissions: catalogue.names(catalogue.role_set(name)).into_iter().map(str::to_owned).collect(),
    };
    Ok(List::whole(Role::ALL.into_iter().filter(|role| role.platform() == platform).map(body)))
}
