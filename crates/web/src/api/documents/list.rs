//! The organisation's documents, the one that changed last first.

use axum::extract::State;
use bailiwick_domain::rule::ReadDocuments;
use bailiwick_store::{Store, documents};

use super::DocumentBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadDocuments>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<DocumentBody>>> {
    Ok(List::page(documents::list(&mut store.read(&permit).await?, before).await?, DocumentBody::from))
}
