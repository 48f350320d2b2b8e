//! Documents: lists, uploads in parts, evidence. What they hold is in `document_file`.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod evidence;
pub(super) mod list;
pub(super) mod show;
pub(super) mod uploads;

use bailiwick_domain::{
    entity::{Document, DocumentVersion, DocumentVersionState},
    ids::{DocumentId, DocumentVersionId},
    time::Timestamp,
};
use serde::Serialize;
use uuid::Uuid;

/// A document as the API shows it.
#[derive(Serialize)]
pub(super) struct DocumentBody {
    id: DocumentId,
    name: String,
    versions: i64,
    created_by: Option<Uuid>,
    created_at: Timestamp,
    changed_at: Timestamp,
}

impl From<Document> for DocumentBody {
    fn from(document: Document) -> Self {
        let Document { id, name, versions, created_by, created_at, changed_at, .. } = document;
        Self { id, name, versions, created_by, created_at, changed_at }
    }
}

/// A version as the API shows it to whoever reads documents.
#[derive(Serialize)]
pub(super) struct VersionBody {
    id: DocumentVersionId,
    number: i64,
    media: String,
    octets: i64,
    /// `available` or `damaged`.
    state: DocumentVersionState,
    downloads: i64,
    created_by: Option<Uuid>,
    created_at: Timestamp,
}

impl From<DocumentVersion> for VersionBody {
    fn from(version: DocumentVersion) -> Self {
        Self {
            id: version.id,
            number: version.number,
            media: version.media,
            octets: version.octets,
            state: version.state,
            downloads: version.downloads,
            created_by: version.created_by,
            created_at: version.created_at,
        }
    }
}
