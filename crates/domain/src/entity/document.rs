use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{DocumentId, DocumentVersionId},
    time::Timestamp,
};

named! {
    /// Whether a document is still kept.
    DocumentState {
        /// It is.
        Kept = "kept",
        /// It was deleted: the keys of its versions are gone, and its files go.
        Deleted = "deleted",
    }
}

/// A document of an organisation. What it holds lies in its versions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// What people call it, such as `Service agreement.pdf`.
    pub name: String,
    /// Whether it is still kept.
    pub state: DocumentState,
    /// How many versions it has had.
    pub versions: i64,
    /// Who added it: the opaque id of a person or key.
    pub created_by: Option<Uuid>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When its newest version was.
    pub changed_at: Timestamp,
}

impl Entity for Document {
    const KIND: &'static str = "document";
    /// Names of documents name people.
    const PERSONAL: &'static [&'static str] = &["name"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// What became of a version.
    DocumentVersionState {
        /// It can be read.
        Available = "available",
        /// What lies in the store was not what was stored, when it was last read.
        Damaged = "damaged",
        /// It was deleted with its document.
        Deleted = "deleted",
    }
}

/// One version of a document, with the evidence of how it lies in the store. What it holds is no part of it, nor a digest of that.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DocumentVersion {
    /// The version's id.
    pub id: DocumentVersionId,
    /// The document.
    pub document: DocumentId,
    /// Counted from 1.
    pub number: i64,
    /// The media type, by what the content begins with.
    pub media: String,
    /// Its length in octets.
    pub octets: i64,
    /// The length of its ciphertext in octets.
    pub sealed_octets: i64,
    /// The algorithm that seals it.
    pub algorithm: String,
    /// The version of the tenant key that wrapped its data key.
    pub key_version: i64,
    /// The SHA-256 of its ciphertext, 64 lower-case hexadecimal digits.
    pub digest: String,
    /// Where the ciphertext lies.
    pub place: String,
    /// What became of it.
    pub state: DocumentVersionState,
    /// What was wrong with it when it was last read.
    pub damage: Option<String>,
    /// How often it was downloaded.
    pub downloads: i64,
    /// Who added it: the opaque id of a person or key.
    pub created_by: Option<Uuid>,
    /// When it was stored.
    pub created_at: Timestamp,
}

impl Entity for DocumentVersion {
    const KIND: &'static str = "document_version";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
