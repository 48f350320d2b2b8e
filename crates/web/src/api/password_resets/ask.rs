//! Asking for the letter: 202 for every address, before anybody looks whether there is an account.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::passwords::reset::SignInAddress;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::Json,
    pages::{join::signed_out, reset::ask_later},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Asking {
    address: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(asking): Json<Asking>,
) -> Result<StatusCode> {
    signed_out(&permit)?;
    ask_later(store, permit, SignInAddress::parse(&asking.address)?);
    Ok(StatusCode::ACCEPTED)
}
