//! What the job of documents finds to do: uploads that were cut off, files of deleted versions, documents whose time is over.

use bailiwick_domain::{
    ids::{DocumentId, DocumentVersionId, TenantId},
    rule::ByJob,
    time::Timestamp,
};
use uuid::Uuid;

use super::uploads::quietly;
use crate::{
    Permit, Result, Store,
    conn::on,
    lock::{execute, rows},
    mail::find_tenants,
    tx::Scope,
};

/// Tenants, and things of each kind in one tenant, at most in one round.
const SOME: i64 = 256;

/// What there is to do for one tenant.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Uploads of which nothing came for too long.
    pub cut_off: Vec<DocumentVersionId>,
    /// Deleted versions whose files are there, perhaps.
    pub files: Vec<DocumentVersionId>,
    /// Documents that changed last before the moment from which on they are kept.
    pub over: Vec<DocumentId>,
}

/// Tenants that are served and have something to do: uploads untouched since `stale`, deleted versions with files, and documents that
/// changed last before `over`.
pub async fn tenants_with_work(store: &Store, stale: Timestamp, over: Timestamp) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.id FROM tenant t WHERE t.status = 'active' AND (
                EXISTS (SELECT 1 FROM document_upload u WHERE u.tenant = t.id AND u.touched_at < $1)
                OR EXISTS (SELECT 1 FROM document_version v WHERE v.tenant = t.id AND v.state = 'deleted' AND v.file_there)
                OR EXISTS (SELECT 1 FROM document d WHERE d.tenant = t.id AND d.state = 'kept' AND d.changed_at < $2)
             ) LIMIT $3",
        )
        .bind(stale.micros())
        .bind(over.micros())
        .bind(SOME)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Tenants that have documents, served or not.
pub async fn tenants_with_documents(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.id FROM tenant t WHERE EXISTS (SELECT 1 FROM document d WHERE d.tenant = t.id AND d.state = 'kept') ORDER BY t.id",
        )
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Every tenant, served or not: files of any of them may have been left behind.
pub async fn every_tenant(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> =
        on!(conn, |c| sqlx::query_as("SELECT t.id FROM tenant t ORDER BY t.id").fetch_all(c).await)?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// What there is to do for the scope's tenant.
pub async fn work(scope: &mut impl Scope, stale: Timestamp, over: Timestamp) -> Result<Work> {
    let tenant = scope.tenant();
    let cut_off: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM document_upload WHERE tenant = $1 AND touched_at < $2 ORDER BY touched_at, id LIMIT $3",
        tenant.uuid(),
        stale.micros(),
        SOME
    )?;
    let files: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM document_version WHERE tenant = $1 AND state = 'deleted' AND file_there ORDER BY id LIMIT $2",
        tenant.uuid(),
        SOME
    )?;
    let over: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM document WHERE tenant = $1 AND state = 'kept' AND changed_at < $2 ORDER BY changed_at, id LIMIT $3",
        tenant.uuid(),
        over.micros(),
        SOME
    )?;
    Ok(Work {
        cut_off: cut_off.into_iter().map(|(id,)| id.into()).collect(),
        files: files.into_iter().map(|(id,)| id.into()).collect(),
        over: over.into_iter().map(|(id,)| id.into()).collect(),
    })
}

/// Notes that the file of a deleted version is gone. The record of its deletion was written before.
pub async fn file_gone(store: &Store, permit: &Permit<ByJob>, id: DocumentVersionId) -> Result<()> {
    quietly(store, permit, async |tx| {
        let tenant = tx.tenant();
        execute!(
            tx,
            "UPDATE document_version SET file_there = $3 WHERE tenant = $1 AND id = $2 AND state = 'deleted'",
            tenant.uuid(),
            id.uuid(),
            false
        )?;
        Ok(())
    })
    .await
}
