//! Making a role.

use axum::extract::State;
use bailiwick_domain::rule::CreateRole;
use bailiwick_ops::roles;
use bailiwick_store::Store;
use serde::Deserialize;

use super::RoleBody;
use crate::{access::Access, api::Created, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewRole {
    label: String,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    description: String,
    permissions: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateRole>,
    State(store): State<Store>,
    Json(new): Json<NewRole>,
) -> Result<Created<RoleBody>> {
    let new = roles::NewRole {
        label: new.label,
        slug: new.slug,
        description: new.description,
        permissions: new.permissions,
    };
    let role = roles::create(&store, &permit, new).await?;
    Ok(Created { location: format!("/v1/roles/{}", role.name), body: role.into() })
}
