//! That the log of one size begins with the log of a smaller one.

use axum::extract::State;
use bailiwick_domain::rule::VerifyAudit;
use bailiwick_store::audit::{log, newest_checkpoint};
use serde::{Deserialize, Serialize};

use super::pace;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, Query},
    state::AppState,
};

/// The sizes; without one, nothing at all and the newest signed size.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Sizes {
    from: Option<i64>,
    to: Option<i64>,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    from: i64,
    from_root: String,
    to: i64,
    to_root: String,
    /// The hashes of the proof (RFC 9162 §2.1.4).
    path: Vec<String>,
}

/// Sizes beyond the newest checkpoint are not there: 404.
pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(state): State<AppState>,
    Query(sizes): Query<Sizes>,
) -> Result<Json<Body>> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let signed = newest_checkpoint(&mut view).await?.map_or(0, |newest| newest.size);
    let (from, to) = (sizes.from.unwrap_or(0), sizes.to.unwrap_or(signed));
    if from > to {
        return Err(Error::BadRequest("`from` is a size up to `to`."));
    }
    if to > signed {
        return Err(Error::NotFound);
    }
    let proof = log::consistency(&mut view, from, to).await?;
    Ok(Json(Body {
        from: proof.from,
        from_root: proof.from_root.to_string(),
        to: proof.to,
        to_root: proof.to_root.to_string(),
        path: proof.path.iter().map(ToString::to_string).collect(),
    }))
}
