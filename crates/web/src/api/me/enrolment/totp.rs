//! An authenticator app: its secret is in the first answer and never again, and its first code proves it.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::EnrolFactor;
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    api::{Created, NoBody, me::factors::begin::Body, opened},
    error::Result,
    forms::Json,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Proof {
    code: String,
}

pub(in crate::api) async fn begin(
    Access(permit): Access<EnrolFactor>,
    State(store): State<Store>,
    _: NoBody,
) -> Result<Created<Body>> {
    let (factor, secret) = factors::enrol_begin(&store, &permit).await?;
    let body = Body::of(permit.caller(), factor, &secret)?;
    Ok(Created { location: "/v1/me/enrolment".to_owned(), body })
}

pub(in crate::api) async fn verify(
    Access(permit): Access<EnrolFactor>,
    State(store): State<Store>,
    Json(proof): Json<Proof>,
) -> Result<Response> {
    let session = factors::enrol_verify(&store, &permit, &proof.code).await?;
    opened::whole(&store, &permit, &session)
}
