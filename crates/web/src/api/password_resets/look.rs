//! Whose password a link replaces. Looking uses nothing up.

use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use crate::{
    access::Access,
    error::Result,
    forms::Json,
    pages::reset::{Link, forgotten},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Looking {
    /// From the link in the letter, what stands behind `/reset/`.
    token: String,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    organisation: String,
    email: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(looking): Json<Looking>,
) -> Result<Json<Body>> {
    let (_, who) = forgotten(&store, &permit, Link::of(&looking.token)).await?;
    Ok(Json(Body { organisation: who.organisation, email: who.user.email }))
}
