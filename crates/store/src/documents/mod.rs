//! Documents, their versions with the evidence of how they lie in the store, and versions that are being uploaded.
//!
//! The data key of a version is wrapped by the tenant's key and lies in its row. It never leaves as octets: what reads and seals gets
//! a [`DocumentKey`].

mod uploads;
mod versions;
mod work;

use bailiwick_domain::{
    entity::{Document, DocumentState},
    ids::DocumentId,
    time::Timestamp,
};
use bailiwick_vault::{
    document::{DocumentError, DocumentKey, Fault, Place},
    envelope::Sealed,
};
use sqlx::FromRow;
use uuid::Uuid;

pub use uploads::{OPEN, Upload, advance, begin, finish, forget, is_known, is_open, open_uploads, upload};
pub use versions::{
    Stored, add, all_versions, delete_versions, lock_version, replace_version, statement, version, versions,
};
pub use work::{Work, every_tenant, file_gone, tenants_with_documents, tenants_with_work, work};

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tenant_keys,
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: DocumentId,
    name: String,
    #[sqlx(try_from = "String")]
    state: DocumentState,
    versions: i64,
    created_by: Option<Uuid>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    changed_at: Timestamp,
}

impl From<Row> for Document {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            state: row.state,
            versions: row.versions,
            created_by: row.created_by,
            created_at: row.created_at,
            changed_at: row.changed_at,
        }
    }
}

/// Documents that are kept, the one that changed last first, up to a page.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Document>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, name, state, versions, created_by, created_at, changed_at FROM document
         WHERE tenant = $1 AND state = 'kept' AND (changed_at, id) < ($2, $3) ORDER BY changed_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let found = found.into_iter().map(Document::from).collect();
    Ok(Page::of(found, LIMIT, |row: &Document| Cursor { at: row.changed_at, id: row.id.uuid() }))
}

/// One document, deleted or not.
pub async fn find(scope: &mut impl Scope, id: DocumentId) -> Result<Document> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT id, name, state, versions, created_by, created_at, changed_at FROM document WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.ok_or(Error::NotFound)?.into())
}

/// One document that is kept.
pub async fn kept(scope: &mut impl Scope, id: DocumentId) -> Result<Document> {
    let found = find(scope, id).await?;
    if found.state == DocumentState::Kept { Ok(found) } else { Err(Error::NotFound) }
}

/// Reads a document that is kept for changing.
pub async fn lock(tx: &mut Tx, id: DocumentId) -> Result<Document> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT id, name, state, versions, created_by, created_at, changed_at FROM document
         WHERE tenant = $1 AND id = $2 AND state = 'kept'",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.into())
}

/// Inserts a document.
pub async fn insert(tx: &mut Tx, document: Document) -> Result<Written<Document>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO document (tenant, id, name, state, versions, created_by, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        document.id.uuid(),
        document.name.as_str(),
        document.state.name(),
        document.versions,
        document.created_by,
        document.created_at.micros(),
        document.changed_at.micros()
    )?;
    Ok(Written::created(document))
}

/// Replaces a locked document by its new image. One that was deleted leaves its name.
pub async fn replace(tx: &mut Tx, before: Document, after: Document) -> Result<Written<Document>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE document SET name = $3, state = $4, versions = $5, changed_at = $6 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.state.name(),
        after.versions,
        after.changed_at.micros()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// A new data key for a version, and its form to be stored.
pub async fn new_key(scope: &mut impl Scope, place: Place) -> Result<(DocumentKey, Vec<u8>)> {
    let keys = tenant_keys::load(scope).await?;
    let entropy = &*scope.shared().entropy;
    let (key, sealed) = DocumentKey::generate(keys.newest(), place, entropy).map_err(Error::vault)?;
    Ok((key, sealed.into_bytes()))
}

/// Unwraps the data key of a version.
///
/// # Errors
/// [`Error::Vault`] with a `DocumentError` that names the version.
pub async fn key(scope: &mut impl Scope, place: Place, sealed: Vec<u8>) -> Result<DocumentKey> {
    let keys = tenant_keys::load(scope).await?;
    let sealed = Sealed::parse(sealed)
        .map_err(|error| Error::vault(DocumentError { place, fault: Fault::Key(error) }))?;
    // Another node has rotated the organisation's key a moment ago; this one has it at the next attempt.
    if sealed.key_version() > keys.newest().version() {
        scope.shared().keys.keyring.outdated(&scope.tenant().bytes());
        return Err(Error::Busy);
    }
    DocumentKey::unwrap(&keys, place, &sealed).map_err(Error::vault)
}

/// Which version of the tenant key wrapped a data key.
pub fn key_version(sealed: &[u8]) -> Result<i64> {
    let sealed = Sealed::parse(sealed.to_vec()).map_err(Error::vault)?;
    Ok(i64::from(sealed.key_version()))
}
