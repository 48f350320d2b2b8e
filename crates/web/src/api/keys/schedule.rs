//! Setting how often the key is rotated.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::SetKeySchedule;
use bailiwick_ops::keys;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    /// Nothing has it rotated by hand only.
    days: Option<i64>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SetKeySchedule>,
    State(store): State<Store>,
    Json(body): Json<Body>,
) -> Result<StatusCode> {
    keys::set_schedule(&store, &permit, body.days).await?;
    Ok(StatusCode::NO_CONTENT)
}
