//! The posture at this moment, with what each point comes from.

use axum::extract::State;
use bailiwick_domain::{posture::Posture, rule::ReadPosture, time::Timestamp};
use bailiwick_ops::posture;
use bailiwick_store::Scope;
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json, state::AppState};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// When it was computed: now, from live state.
    at: Timestamp,
    #[serde(flatten)]
    posture: Posture,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadPosture>,
    State(state): State<AppState>,
) -> Result<Json<Body>> {
    let mut view = state.store.read(&permit).await?;
    let posture = posture::compute(&mut view, &state.environment).await?;
    Ok(Json(Body { at: view.now(), posture }))
}
