//! Deleting a document, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::DocumentId, rule::DeleteDocument};
use bailiwick_ops::documents;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::Id,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<DeleteDocument>,
    confirmation: Confirmation<DeleteDocument>,
    State(store): State<Store>,
    Id(id): Id<DocumentId>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(documents::delete(&store, &permit, id, confirmation.answer()).await?)
}
