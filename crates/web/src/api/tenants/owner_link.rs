//! Another letter with a link for the owner of an organisation who has not set a password yet. The links before it die.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::TenantId, rule::CreateTenant};
use bailiwick_ops::tenants;
use bailiwick_store::Store;
use serde::Serialize;

use super::OwnerBody;
use crate::{
    access::Access,
    api::{Created, NoBody},
    error::Result,
    forms::Id,
};

#[derive(Serialize)]
struct Body {
    owner: OwnerBody,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateTenant>,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
    NoBody: NoBody,
) -> Result<Response> {
    let sent = tenants::renew_owner_link(&store, &permit, id).await?;
    let body = Body { owner: OwnerBody::from(&sent) };
    Ok(Created { location: format!("/v1/tenants/{id}"), body }.into_response())
}
