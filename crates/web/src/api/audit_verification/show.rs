//! What a program needs to check the log without this server, and what the last check here found.

use axum::extract::State;
use bailiwick_domain::{posture::Verification, rule::ReadAudit, time::Timestamp};
use bailiwick_store::audit;
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json, state::AppState};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// Records in the tree.
    size: i64,
    /// Records that wait for their place in it.
    waiting: usize,
    /// The newest checkpoint; nothing before the first.
    checkpoint: Option<CheckpointBody>,
    /// The public key under which the checkpoints verify (C2SP signed-note verifier key).
    verifier: String,
    /// What `bailiwick audit verify` found last; nothing before the first time.
    last_verification: Option<Verification>,
}

#[derive(Serialize)]
struct CheckpointBody {
    /// Records that it covers.
    size: i64,
    signed_at: Timestamp,
    /// The signed note with the log's name and root (C2SP tlog-checkpoint).
    note: String,
}

impl From<audit::Signed> for CheckpointBody {
    fn from(signed: audit::Signed) -> Self {
        Self { size: signed.size, signed_at: signed.at, note: signed.note }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(state): State<AppState>,
) -> Result<Json<Body>> {
    let mut view = state.store.read(&permit).await?;
    Ok(Json(Body {
        size: audit::total(&mut view).await?,
        waiting: audit::just_now(&mut view, &audit::Sought::default()).await?.len(),
        checkpoint: audit::newest_checkpoint(&mut view).await?.map(CheckpointBody::from),
        verifier: state.verifier.to_string(),
        last_verification: audit::last_verification(&mut view).await?,
    }))
}
