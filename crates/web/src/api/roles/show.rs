//! One role.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::TenantKind, role::RoleName, rule::ReadRoles};
use bailiwick_store::{Store, roles, tenants};

use super::RoleBody;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Id, Json},
    matching::Versioned,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
    Id(name): Id<RoleName>,
) -> Result<Response> {
    let mut view = store.read(&permit).await?;
    match name {
        RoleName::Custom(name) => {
            let role = roles::find(&mut view, name).await?;
            let shown = Versioned::of(&mut view, &role.clone(), || RoleBody::from(role)).await?;
            Ok(shown.into_response())
        }
        RoleName::BuiltIn(role) => {
            let platform = tenants::find(&mut view).await?.kind == TenantKind::Platform;
            if role.platform() != platform {
                return Err(Error::NotFound);
            }
            Ok(Json(RoleBody::built_in(&store, role)).into_response())
        }
    }
}
