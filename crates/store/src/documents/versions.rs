//! Versions of documents, and the signed statement about each.

use bailiwick_domain::{
    entity::{DocumentVersion, DocumentVersionState, Entity},
    ids::{DocumentId, DocumentVersionId},
    time::Timestamp,
};
use bailiwick_proof::{certificate::Certificate, checkpoint::SignedNote};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    audit::{entity_history, event_page},
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

/// A version with its wrapped data key, which is gone once it is deleted.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The version.
    pub version: DocumentVersion,
    /// Its data key, wrapped.
    pub sealed_key: Option<Vec<u8>>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: DocumentVersionId,
    #[sqlx(try_from = "Uuid")]
    document: DocumentId,
    number: i64,
    media: String,
    octets: i64,
    sealed_octets: i64,
    algorithm: String,
    key_version: i64,
    sealed_key: Option<Vec<u8>>,
    digest: String,
    place: String,
    #[sqlx(try_from = "String")]
    state: DocumentVersionState,
    damage: Option<String>,
    downloads: i64,
    created_by: Option<Uuid>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        let version = DocumentVersion {
            id: row.id,
            document: row.document,
            number: row.number,
            media: row.media,
            octets: row.octets,
            sealed_octets: row.sealed_octets,
            algorithm: row.algorithm,
            key_version: row.key_version,
            digest: row.digest,
            place: row.place,
            state: row.state,
            damage: row.damage,
            downloads: row.downloads,
            created_by: row.created_by,
            created_at: row.created_at,
        };
        Self { version, sealed_key: row.sealed_key }
    }
}

/// Inserts a version, whose file is there by now.
pub async fn add(
    tx: &mut Tx,
    version: DocumentVersion,
    sealed_key: Vec<u8>,
) -> Result<Written<DocumentVersion>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO document_version (tenant, id, document, number, media, octets, sealed_octets, algorithm, key_version, sealed_key,
                                       digest, place, state, damage, downloads, file_there, created_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        tenant.uuid(),
        version.id.uuid(),
        version.document.uuid(),
        version.number,
        version.media.as_str(),
        version.octets,
        version.sealed_octets,
        version.algorithm.as_str(),
        version.key_version,
        sealed_key,
        version.digest.as_str(),
        version.place.as_str(),
        version.state.name(),
        version.damage.as_deref(),
        version.downloads,
        true,
        version.created_by,
        version.created_at.micros()
    )?;
    Ok(Written::created(version))
}

/// One version with its key.
pub async fn version(scope: &mut impl Scope, id: DocumentVersionId) -> Result<Stored> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT id, document, number, media, octets, sealed_octets, algorithm, key_version, sealed_key, digest, place, state, damage,
                downloads, created_by, created_at
         FROM document_version WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.ok_or(Error::NotFound)?.into())
}

/// Versions of a document, the newest first, up to a page; those before number `before`.
pub async fn versions(
    scope: &mut impl Scope,
    document: DocumentId,
    before: i64,
) -> Result<Vec<DocumentVersion>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, document, number, media, octets, sealed_octets, algorithm, key_version, sealed_key, digest, place, state, damage,
                downloads, created_by, created_at
         FROM document_version WHERE tenant = $1 AND document = $2 AND number < $3 ORDER BY number DESC LIMIT $4",
        tenant.uuid(),
        document.uuid(),
        before,
        LIMIT
    )?;
    Ok(found.into_iter().map(|row| Stored::from(row).version).collect())
}

/// Every version that is not deleted and whose id is behind `after`, some at a time.
pub async fn all_versions(scope: &mut impl Scope, after: Uuid) -> Result<Vec<Stored>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, document, number, media, octets, sealed_octets, algorithm, key_version, sealed_key, digest, place, state, damage,
                downloads, created_by, created_at
         FROM document_version WHERE tenant = $1 AND id > $2 AND state <> 'deleted' ORDER BY id LIMIT $3",
        tenant.uuid(),
        after,
        LIMIT
    )?;
    Ok(found.into_iter().map(Stored::from).collect())
}

/// Reads a version that is not deleted for changing.
pub async fn lock_version(tx: &mut Tx, id: DocumentVersionId) -> Result<DocumentVersion> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT id, document, number, media, octets, sealed_octets, algorithm, key_version, sealed_key, digest, place, state, damage,
                downloads, created_by, created_at
         FROM document_version WHERE tenant = $1 AND id = $2 AND state <> 'deleted'",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(Stored::from(found).version)
}

/// Replaces a locked version by its new image.
pub async fn replace_version(
    tx: &mut Tx,
    before: DocumentVersion,
    after: DocumentVersion,
) -> Result<Written<DocumentVersion>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE document_version SET state = $3, damage = $4, downloads = $5 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.damage.as_deref(),
        after.downloads
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Deletes the versions of a locked document: their data keys are gone with the transaction, and their files go afterwards.
pub async fn delete_versions(tx: &mut Tx, document: DocumentId) -> Result<Vec<Written<DocumentVersion>>> {
    let tenant = tx.tenant();
    let found: Vec<Row> = rows!(
        tx,
        "SELECT id, document, number, media, octets, sealed_octets, algorithm, key_version, sealed_key, digest, place, state, damage,
                downloads, created_by, created_at
         FROM document_version WHERE tenant = $1 AND document = $2 AND state <> 'deleted' ORDER BY number",
        tenant.uuid(),
        document.uuid()
    )?;
    execute!(
        tx,
        "UPDATE document_version SET state = 'deleted', sealed_key = NULL WHERE tenant = $1 AND document = $2 AND state <> 'deleted'",
        tenant.uuid(),
        document.uuid()
    )?;
    let deleted = found.into_iter().map(|row| {
        let before = Stored::from(row).version;
        let after = DocumentVersion { state: DocumentVersionState::Deleted, ..before.clone() };
        Written::replaced(before, after)
    });
    Ok(deleted.collect())
}

/// The signed statement about a version: the record of its storing with the proof that it lies in the log; nothing until a checkpoint covers it.
///
/// # Errors
/// [`Error::Proof`] where the record was altered.
pub async fn statement(scope: &mut impl Scope, id: DocumentVersionId) -> Result<Option<String>> {
    let history = entity_history(scope, DocumentVersion::KIND, id.uuid(), Some(2)).await?;
    let Some(record) = history.last() else { return Ok(None) };
    let page = event_page(scope, record.listed.event).await?;
    let Some(proof) = page.proof else { return Ok(None) };
    let Some(note) = proof.checkpoint else { return Ok(None) };
    let certificate = Certificate {
        octets: page.bytes.into_bytes(),
        index: proof.leaf_index.unsigned_abs(),
        path: proof.path,
        note: SignedNote::parse(note.as_bytes()).map_err(|error| Error::Proof(error.to_string()))?,
    };
    certificate.render().map(Some).map_err(|error| Error::Proof(error.to_string()))
}
