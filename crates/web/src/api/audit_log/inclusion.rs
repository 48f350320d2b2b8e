//! That a record lies in the log of one size.

use axum::extract::State;
use bailiwick_domain::{ids::EventId, rule::VerifyAudit};
use bailiwick_proof::Hash;
use bailiwick_store::audit::{log, newest_checkpoint};
use serde::{Deserialize, Serialize};

use super::pace;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Json, Query},
    state::AppState,
};

/// What is asked for, by one of the three, and in which tree; without a size, in the newest signed one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    event: Option<String>,
    /// The leaf hash: looked for among the newest 262,144 records.
    hash: Option<String>,
    index: Option<i64>,
    size: Option<i64>,
}

#[derive(Serialize)]
pub(in crate::api) struct Body {
    index: i64,
    /// The leaf hash.
    hash: String,
    size: i64,
    root: String,
    /// From the leaf to the root (RFC 9162 §2.1.3).
    path: Vec<String>,
}

/// What has no place in the tree, or in one of this size, is not there: 404.
pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(state): State<AppState>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<Body>> {
    const WHICH: Error = Error::BadRequest("Name the record by one of `event`, `hash` and `index`.");
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let Parameters { event, hash, index, size } = parameters;
    let leaf = match (event, hash, index) {
        (Some(event), None, None) => {
            let event: EventId = event.parse().map_err(|_| Error::BadRequest("`event` is not an id."))?;
            log::leaf_of_event(&mut view, event).await?
        }
        (None, Some(hash), None) => {
            let hash: Hash =
                hash.parse().map_err(|_| Error::BadRequest("`hash` is not 64 hexadecimal digits."))?;
            log::leaf_of_hash(&mut view, &hash).await?
        }
        (None, None, Some(index)) => log::leaf_at(&mut view, index).await?,
        _ => return Err(WHICH),
    };
    let signed = newest_checkpoint(&mut view).await?.map_or(0, |newest| newest.size);
    let size = size.unwrap_or(signed);
    let leaf = leaf.filter(|_| size <= signed).ok_or(Error::NotFound)?;
    let proof = log::inclusion(&mut view, leaf, size).await?;
    Ok(Json(Body {
        index: leaf.index,
        hash: leaf.hash.to_string(),
        size: proof.size,
        root: proof.root.to_string(),
        path: proof.path.iter().map(ToString::to_string).collect(),
    }))
}
