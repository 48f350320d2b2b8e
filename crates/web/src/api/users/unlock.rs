//! Letting a user try again who has to wait after wrong guesses.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::UnlockUser};
use bailiwick_ops::sign_in;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<UnlockUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    _: NoBody,
) -> Result<StatusCode> {
    sign_in::unlock(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
