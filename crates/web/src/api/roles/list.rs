//! The roles that people of the caller's organisation can have, and what each holds.

use axum::extract::State;
use bailiwick_domain::{entity::TenantKind, role::Role, rule::ReadRoles};
use bailiwick_store::{Store, roles, tenants};

use super::RoleBody;
use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
) -> Result<Json<List<RoleBody>>> {
    let mut view = store.read(&permit).await?;
    let platform = tenants::find(&mut view).await?.kind == TenantKind::Platform;
    let built_in = Role::ALL.into_iter().filter(|role| role.platform() == platform);
    let built_in = built_in.map(|role| RoleBody::built_in(&store, role));
    let custom = roles::list(&mut view).await?.into_iter().map(RoleBody::from);
    Ok(List::whole(built_in.chain(custom)))
}
