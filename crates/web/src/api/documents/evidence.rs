//! How a version lies in the store. The same, signed, is its statement.

use axum::extract::State;
use bailiwick_domain::{
    entity::{Document, DocumentVersion, DocumentVersionState},
    ids::{DocumentId, DocumentVersionId},
    permission::Permission,
    rule::ReadDocumentEvidence,
    time::Timestamp,
};
use bailiwick_store::{Store, documents};
use serde::Serialize;

use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::{Id, Json},
};

/// The evidence of a version, which stays when it is deleted.
#[derive(Serialize)]
pub(in crate::api) struct Evidence {
    version: DocumentVersionId,
    document: DocumentId,
    number: i64,
    algorithm: String,
    /// The version of the organisation's key that wrapped the data key when the version was stored.
    tenant_key_version: i64,
    /// The SHA-256 of the ciphertext.
    ciphertext_sha256: String,
    octets: i64,
    sealed_octets: i64,
    place: String,
    stored_at: Timestamp,
    /// `available`, `damaged` or `deleted`.
    state: DocumentVersionState,
    /// What was wrong with it when it was last read.
    damage: Option<String>,
}

impl From<DocumentVersion> for Evidence {
    fn from(version: DocumentVersion) -> Self {
        Self {
            version: version.id,
            document: version.document,
            number: version.number,
            algorithm: version.algorithm,
            tenant_key_version: version.key_version,
            ciphertext_sha256: version.digest,
            octets: version.octets,
            sealed_octets: version.sealed_octets,
            place: version.place,
            stored_at: version.created_at,
            state: version.state,
            damage: version.damage,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadDocumentEvidence>,
    State(store): State<Store>,
    Id(id): Id<DocumentVersionId>,
) -> Result<Json<Evidence>> {
    Ok(Json(documents::version(&mut store.read(&permit).await?, id).await?.version.into()))
}

/// A document as whoever sees its evidence knows it: without its name, which may name people, unless they read documents.
#[derive(Serialize)]
pub(in crate::api) struct Kept {
    id: DocumentId,
    name: Option<String>,
    versions: i64,
    created_at: Timestamp,
    changed_at: Timestamp,
}

/// The documents that are kept, the one that changed last first.
pub(in crate::api) async fn list(
    Access(permit): Access<ReadDocumentEvidence>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<Kept>>> {
    let named = permit.may(Permission::DOCUMENT_READ);
    let page = documents::list(&mut store.read(&permit).await?, before).await?;
    Ok(List::page(page, |document: Document| {
        let Document { id, name, versions, created_at, changed_at, .. } = document;
        Kept { id, name: named.then_some(name), versions, created_at, changed_at }
    }))
}

/// How the newest versions of a document lie in the store, up to fifty.
#[derive(Serialize)]
pub(in crate::api) struct OfDocument {
    document: DocumentId,
    versions: Vec<Evidence>,
}

pub(in crate::api) async fn of_document(
    Access(permit): Access<ReadDocumentEvidence>,
    State(store): State<Store>,
    Id(id): Id<DocumentId>,
) -> Result<Json<OfDocument>> {
    let mut view = store.read(&permit).await?;
    let document = documents::kept(&mut view, id).await?.id;
    let versions = documents::versions(&mut view, id, i64::MAX).await?;
    Ok(Json(OfDocument { document, versions: versions.into_iter().map(Evidence::from).collect() }))
}
