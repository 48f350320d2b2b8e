//! What has to be set up; nothing for whoever is not held to it.

use axum::extract::State;
use bailiwick_domain::{entity::MfaFloor, rule::EnrolFactor};
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// `mfa` for an authenticator app or a passkey, `passkey` for nothing less than that.
    wanted: Option<MfaFloor>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<EnrolFactor>,
    State(store): State<Store>,
) -> Result<Json<Body>> {
    Ok(Json(Body { wanted: factors::enrol_wanted(&store, &permit).await? }))
}
