//! How a version lies in the store. The same, signed, is its statement.

use axum::extract::State;
use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState},
    ids::{DocumentId, DocumentVersionId},
    rule::ReadDocumentEvidence,
    time::Timestamp,
};
use bailiwick_store::{Store, documents};
use serde::Serialize;

use crate::{
    access::Access,
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
