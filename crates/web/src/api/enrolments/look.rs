//! Whom a link enrols. Looking uses nothing up.

use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::link;
use crate::{
    access::Access,
    error::Result,
    forms::Json,
    pages::{enrol::enrolled, join::signed_out},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Looking {
    /// From the link, what stands behind `/enrol/`.
    token: String,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    organisation: String,
    email: String,
    name: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(looking): Json<Looking>,
) -> Result<Json<Body>> {
    signed_out(&permit)?;
    let who = enrolled(&store, &permit, &link(&looking.token)?).await?;
    Ok(Json(Body { organisation: who.organisation, email: who.user.email, name: who.user.name }))
}
