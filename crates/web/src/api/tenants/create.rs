//! Creating an organisation with its first owner. The answer is the only place where the owner's link ever stands.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::CreateTenant;
use bailiwick_ops::tenants::{self, NewOwner};
use serde::{Deserialize, Serialize};

use super::{OwnerBody, TenantBody, link};
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
    owner: OwnerBody<'t>,
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
    let made = tenants::create(&state.store, &permit, new).await?;
    let link = link(&state, &made.token);
    let owner = OwnerBody { id: made.owner.id, link: &link, link_expires_at: made.expires_at };
    let location = format!("/v1/tenants/{}", made.tenant.id);
    Ok(Created { location, body: Body { tenant: made.tenant.into(), owner } }.into_response())
}
