//! Creating an organisation with its first owner, who is mailed a link that nobody else sees.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::CreateTenant;
use bailiwick_ops::tenants::{self, NewOwner};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::{OwnerBody, TenantBody};
use crate::{access::Access, api::Created, error::Result, forms::Json};

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
struct Body {
    #[serde(flatten)]
    tenant: TenantBody,
    owner: OwnerBody,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateTenant>,
    State(store): State<Store>,
    Json(new): Json<NewTenant>,
) -> Result<Response> {
    let new = tenants::NewTenant {
        slug: new.slug,
        name: new.name,
        region: new.region,
        key_brand: new.key_brand,
        owner: NewOwner { email: new.owner_email, name: new.owner_name },
    };
    let made = tenants::create(&store, &permit, new).await?;
    let owner = OwnerBody::from(&made);
    let location = format!("/v1/tenants/{}", made.tenant.id);
    Ok(Created { location, body: Body { tenant: made.tenant.into(), owner } }.into_response())
}
