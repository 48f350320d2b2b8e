//! Another link for the owner of an organisation who has not set a password yet. The links before it die.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::TenantId, rule::CreateTenant};
use bailiwick_ops::tenants;
use serde::Serialize;

use super::{OwnerBody, link};
use crate::{
    access::Access,
    api::{Created, NoBody},
    error::Result,
    forms::Id,
    state::AppState,
};

#[derive(Serialize)]
struct Body<'t> {
    owner: OwnerBody<'t>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateTenant>,
    State(state): State<AppState>,
    Id(id): Id<TenantId>,
    NoBody: NoBody,
) -> Result<Response> {
    let issued = tenants::renew_owner_link(&state.store, &permit, id).await?;
    let link = link(&state, &issued.token);
    let owner = OwnerBody { id: issued.owner.id, link: &link, link_expires_at: issued.expires_at };
    Ok(Created { location: format!("/v1/tenants/{id}"), body: Body { owner } }.into_response())
}
