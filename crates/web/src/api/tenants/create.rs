//! Creating an organisation with its first owner. The answer is the only place where the owner's link ever stands.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::UserId, rule::CreateTenant, time::Timestamp};
use bailiwick_ops::{
    enrolment,
    tenants::{self, NewOwner},
};
use serde::{Deserialize, Serialize};

use super::TenantBody;
use crate::{access::Access, api::Created, error::Result, forms::Json, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewTenant {
    slug: String,
    name: String,
    region: String,
    /// What its API keys begin with; the server's own brand, if not given.
    key_brand: Option<String>,
    owner_email: String,
    owner_name: String,
}

#[derive(Serialize)]
struct Body<'t> {
    #[serde(flatten)]
    tenant: TenantBody,
    owner: Owner<'t>,
}

#[derive(Serialize)]
struct Owner<'t> {
    id: UserId,
    /// With which the owner sets a password, once; shown this once, to be handed on.
    link: &'t str,
    link_expires_at: Timestamp,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateTenant>,
    State(state): State<AppState>,
    Json(new): Json<NewTenant>,
) -> Result<Response> {
    let new = tenants::NewTenant {
        slug: new.slug,
        name: new.name,
        region: new.region,
        key_brand: new.key_brand,
        owner: NewOwner { email: new.owner_email, name: new.owner_name },
    };
    let (tenant, owner) = tenants::create(&state.store, &permit, new).await?;
    let link_expires_at = state.store.now() + enrolment::LASTS;
    let token = enrolment::begin(&state.store, &permit.step_into(tenant.id), owner.id).await?;
    let link = format!("{}/enrol/{}", state.settings.public_url, token.expose().as_str());
    let location = format!("/v1/tenants/{}", tenant.id);
    let body = Body { tenant: tenant.into(), owner: Owner { id: owner.id, link: &link, link_expires_at } };
    Ok(Created { location, body }.into_response())
}
