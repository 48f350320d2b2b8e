//! Proving the number with both codes.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::phones::{self, Codes};
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Given {
    message_code: String,
    letter_code: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Json(given): Json<Given>,
) -> Result<StatusCode> {
    let codes = Codes { message: given.message_code, letter: given.letter_code };
    phones::verify(&store, &permit, codes).await?;
    Ok(StatusCode::NO_CONTENT)
}
