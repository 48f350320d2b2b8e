//! The tenant's log as others check it. Below `/v1/audit/log` lie a checkpoint and tiles as C2SP tlog-tiles has them, so that its
//! tools read the log with an API key; what they would compute from tiles is there as proofs, too.
//!
//! Nothing goes beyond the newest signed checkpoint. What never changes again may be kept for good by whoever asked, and by
//! nobody in between: it is the tenant's own.

pub(super) mod checkpoint;
pub(super) mod checkpoints;
pub(super) mod consistency;
pub(super) mod epochs;
pub(super) mod inclusion;
pub(super) mod region;
pub(super) mod tile;
pub(super) mod witnesses;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::Rule;
use bailiwick_store::Permit;

use crate::{error::Result, state::AppState};

/// What never changes.
const FOR_GOOD: &str = "private, max-age=31536000, immutable";
/// What is another one in a moment.
const FOR_A_MOMENT: &str = "private, max-age=2";

/// Counts a request for a proof.
pub(in crate::api) fn pace<R: Rule>(state: &AppState, permit: &Permit<R>) -> Result<()> {
    state.pace.count(permit.tenant(), state.clock.now())
}

/// A text of this kind, and how long it may be kept.
pub(in crate::api) fn text(body: impl Into<axum::body::Body>, kept: &'static str) -> Response {
    octets(body, "text/plain; charset=utf-8", kept)
}

fn octets(body: impl Into<axum::body::Body>, kind: &'static str, kept: &'static str) -> Response {
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
    ];
    (fields, body.into()).into_response()
}

/// How a receipt may be kept: a later one may carry more cosignatures.
pub(in crate::api) const RECEIPT: &str = FOR_A_MOMENT;
