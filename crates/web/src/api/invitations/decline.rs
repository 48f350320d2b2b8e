//! Declining an invitation by the token of its link.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations;
use bailiwick_store::Store;
use serde::Deserialize;

use super::{link, refused};
use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Declining {
    /// From the link in the letter, what stands behind `/join/`.
    token: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(body): Json<Declining>,
) -> Result<StatusCode> {
    let token = link(&permit, &body.token)?;
    invitations::decline(&store, &permit, &token).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
