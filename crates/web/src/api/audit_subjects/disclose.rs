//! Handing out everything that is kept of a person, for themselves.

use axum::extract::State;
use bailiwick_domain::{ids::SubjectRequestId, rule::DiscloseSubject};
use bailiwick_ops::audit::erasure::{self, Disclosure};
use bailiwick_store::Store;

use crate::{
    access::Access,
    api::NoBody,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<DiscloseSubject>,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
    _: NoBody,
) -> Result<Json<Disclosure>> {
    Ok(Json(erasure::disclose(&store, &permit, id).await?))
}
