//! What follows the password, from whoever shows the session that waits for it: the code of an authenticator, or a recovery code in
//! its place, which is used up and told by a letter.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::sign_in;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, api::opened, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Shown {
    code: String,
}

pub(in crate::api) async fn code(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(shown): Json<Shown>,
) -> Result<Response> {
    opened::whole(&store, &permit, &sign_in::code(&store, &permit, &shown.code).await?)
}

pub(in crate::api) async fn recovery(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    Json(shown): Json<Shown>,
) -> Result<Response> {
    opened::whole(&store, &permit, &sign_in::recovery(&store, &permit, &shown.code).await?)
}
