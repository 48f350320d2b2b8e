//! Versions that are being uploaded. Until its last part is there and its record is written, an upload is no document: how far it has
//! come is noted without a record, as the one at its end says all of it.

use bailiwick_domain::{
    ids::{DocumentId, DocumentVersionId},
    rule::{Rule, WriteDocuments},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store,
    gate::recheck,
    lock::{execute, locked, row},
    store::Quiet,
    tx::{Scope, Tx},
};

/// Uploads of one tenant that are open at once, at most.
pub const OPEN: i64 = 100;

/// A version that is being uploaded.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The id that the version will have.
    pub id: DocumentVersionId,
    /// The document that it will be a version of.
    pub document: DocumentId,
    /// The name of the document, where it is a new one.
    pub name: Option<String>,
    /// How long it will be, in octets.
    pub octets: i64,
    /// How much of it is on disk.
    pub received: i64,
    /// Its data key, wrapped.
    pub sealed_key: Vec<u8>,
    /// Its media type, as far as its beginning is there; empty before.
    pub media: String,
    /// The state of the SHA-256 of its ciphertext so far.
    pub digesting: Vec<u8>,
    /// Who began it; nobody else goes on with it.
    pub created_by: Option<Uuid>,
    /// When it began.
    pub created_at: Timestamp,
    /// When something came last.
    pub touched_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: DocumentVersionId,
    #[sqlx(try_from = "Uuid")]
    document: DocumentId,
    name: Option<String>,
    octets: i64,
    received: i64,
    sealed_key: Vec<u8>,
    media: String,
    digesting: Vec<u8>,
    created_by: Option<Uuid>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    touched_at: Timestamp,
}

impl From<Row> for Upload {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            document: row.document,
            name: row.name,
            octets: row.octets,
            received: row.received,
            sealed_key: row.sealed_key,
            media: row.media,
            digesting: row.digesting,
            created_by: row.created_by,
            created_at: row.created_at,
            touched_at: row.touched_at,
        }
    }
}

/// Uploads that are open.
pub async fn open_uploads(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> =
        row!(scope, "SELECT count(*) FROM document_upload WHERE tenant = $1", tenant.uuid())?;
    Ok(found.map_or(0, |(count,)| count))
}

/// Whether an upload is open.
pub async fn is_open(scope: &mut impl Scope, id: DocumentVersionId) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM document_upload WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.is_some_and(|(count,)| count > 0))
}

/// Whether there is an upload or a version of this id whose file is there, or is to be removed still.
pub async fn is_known(scope: &mut impl Scope, id: DocumentVersionId) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT (SELECT count(*) FROM document_upload WHERE tenant = $1 AND id = $2)
              + (SELECT count(*) FROM document_version WHERE tenant = $1 AND id = $2 AND file_there)",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.is_some_and(|(count,)| count > 0))
}

/// Notes that an upload begins.
pub async fn begin(store: &Store, permit: &Permit<WriteDocuments>, upload: &Upload) -> Result<()> {
    quietly(store, permit, async |tx| {
        let tenant = tx.tenant();
        execute!(
            tx,
            "INSERT INTO document_upload (tenant, id, document, name, octets, received, sealed_key, media, digesting, created_by, created_at, touched_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            tenant.uuid(),
            upload.id.uuid(),
            upload.document.uuid(),
            upload.name.as_deref(),
            upload.octets,
            upload.received,
            upload.sealed_key.as_slice(),
            upload.media.as_str(),
            upload.digesting.as_slice(),
            upload.created_by,
            upload.created_at.micros(),
            upload.touched_at.micros()
        )?;
        Ok(())
    })
    .await
}

/// One upload.
pub async fn upload(scope: &mut impl Scope, id: DocumentVersionId) -> Result<Upload> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT id, document, name, octets, received, sealed_key, media, digesting, created_by, created_at, touched_at
         FROM document_upload WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.ok_or(Error::NotFound)?.into())
}

/// Notes what is on disk of `before` by now, and with its last part how long it is.
///
/// # Errors
/// `Conflict` where it has come further than `before` in the meantime, or is gone.
pub async fn advance(
    store: &Store,
    permit: &Permit<WriteDocuments>,
    before: &Upload,
    after: &Upload,
) -> Result<()> {
    quietly(store, permit, async |tx| {
        let (tenant, now) = (tx.tenant(), tx.now());
        let noted = execute!(
            tx,
            "UPDATE document_upload SET received = $4, media = $5, digesting = $6, touched_at = $7, octets = $8
             WHERE tenant = $1 AND id = $2 AND received = $3",
            tenant.uuid(),
            before.id.uuid(),
            before.received,
            after.received,
            after.media.as_str(),
            after.digesting.as_slice(),
            now.micros(),
            after.octets
        )?;
        if noted == 1 { Ok(()) } else { Err(Error::Conflict("Another part of this upload came first.")) }
    })
    .await
}

/// Takes a complete upload out of the list, within the transaction that makes a version of it.
pub async fn finish(tx: &mut Tx, id: DocumentVersionId) -> Result<Upload> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT id, document, name, octets, received, sealed_key, media, digesting, created_by, created_at, touched_at
         FROM document_upload WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    execute!(tx, "DELETE FROM document_upload WHERE tenant = $1 AND id = $2", tenant.uuid(), id.uuid())?;
    Ok(found.into())
}

/// Takes an upload out of the list that nothing becomes of. Its file goes afterwards, and only if this says that it was there: otherwise it
/// may have become a version.
pub async fn forget<R: Rule>(store: &Store, permit: &Permit<R>, id: DocumentVersionId) -> Result<bool> {
    quietly(store, permit, async |tx| {
        let tenant = tx.tenant();
        let gone = execute!(
            tx,
            "DELETE FROM document_upload WHERE tenant = $1 AND id = $2",
            tenant.uuid(),
            id.uuid()
        )?;
        Ok(gone == 1)
    })
    .await
}

/// Runs `work` in a transaction that leaves no record.
pub(super) async fn quietly<R: Rule, T>(
    store: &Store,
    permit: &Permit<R>,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    let done = match recheck(&mut tx, permit).await {
        Ok(()) => work(&mut tx).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(value) => {
            store.commit_quietly(tx, Quiet::UploadAdvanced).await?;
            Ok(value)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}
