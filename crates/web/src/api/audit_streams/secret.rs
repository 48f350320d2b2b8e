//! Another signing secret, which takes a one-time code. The answer is the only place where it ever stands.

use axum::extract::State;
use bailiwick_domain::{ids::StreamId, rule::RotateStreamSecret};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;
use serde::Serialize;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct Secret {
    /// The secret, this once. The one before signs beside it for a day.
    secret: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<RotateStreamSecret>,
    confirmation: Confirmation<RotateStreamSecret>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    _: NoBody,
) -> Result<Json<Secret>> {
    let outcome = stream::rotate(&store, &permit, id, confirmation.answer()).await?;
    let made = step_up::done(outcome)?;
    Ok(Json(Secret { secret: made.secret.map(|secret| secret.as_str().to_owned()).unwrap_or_default() }))
}
