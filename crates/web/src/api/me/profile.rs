//! Changing one's own name and time zone, for a browser's session: a key has neither.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::ChangeMe;
use bailiwick_ops::profile::{self, Profile};
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    name: String,
    /// The IANA name; nothing for UTC.
    time_zone: Option<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMe>,
    State(store): State<Store>,
    Json(body): Json<Body>,
) -> Result<StatusCode> {
    let new = Profile { name: body.name, time_zone: body.time_zone.unwrap_or_default() };
    profile::change_mine(&store, &permit, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
