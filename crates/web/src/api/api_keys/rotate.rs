//! Another key in the place of one, which takes a one-time code. The answer is the only place where it ever stands.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::ApiKeyId, rule::RotateApiKey, time::Timestamp};
use bailiwick_ops::api_keys::{self, OVERLAP};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::{ApiKeyBody, create::Body};
use crate::{
    access::{Access, Confirmation},
    api::{Created, step_up},
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Rotation {
    /// 1 to 30; 7, if not given.
    overlap_days: Option<i64>,
}

#[derive(Serialize)]
struct Rotated<'s> {
    #[serde(flatten)]
    new: Body<'s>,
    /// When the old one ceases to work at the latest.
    old_expires_at: Option<Timestamp>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<RotateApiKey>,
    confirmation: Confirmation<RotateApiKey>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
    Json(wanted): Json<Rotation>,
) -> Result<Response> {
    let days = wanted.overlap_days.unwrap_or(OVERLAP);
    let outcome = api_keys::rotate(&store, &permit, id, days, confirmation.answer()).await?;
    let made = step_up::done(outcome)?;
    let location = format!("/v1/api-keys/{}", made.new.id);
    let key = ApiKeyBody::at(made.new.created_at, made.new, None);
    let new = Body { key, secret: made.secret.expose() };
    Ok(Created { location, body: Rotated { new, old_expires_at: made.old.expires_at } }.into_response())
}
