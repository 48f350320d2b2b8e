//! One document with its newest versions.

use axum::extract::State;
use bailiwick_domain::{ids::DocumentId, rule::ReadDocuments};
use bailiwick_store::{Store, documents};
use serde::Serialize;

use super::{DocumentBody, VersionBody};
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

/// A document and up to fifty versions, the newest first.
#[derive(Serialize)]
pub(in crate::api) struct WithVersions {
    #[serde(flatten)]
    document: DocumentBody,
    newest: Vec<VersionBody>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadDocuments>,
    State(store): State<Store>,
    Id(id): Id<DocumentId>,
) -> Result<Versioned<WithVersions>> {
    let mut view = store.read(&permit).await?;
    let document = documents::kept(&mut view, id).await?;
    let newest = documents::versions(&mut view, id, i64::MAX).await?;
    let newest = newest.into_iter().map(VersionBody::from).collect();
    Versioned::of(&mut view, &document.clone(), || WithVersions { document: document.into(), newest }).await
}
