//! Keeping images: where they belong is noted with the leaves, and a job makes them from the records afterwards.
//!
//! Nothing of it stands in the way of a change: a note is one row in [`EVERY`] revisions, and an image is made when there is time. A
//! crash before it is made leaves the note, which the next round finds; two rounds at once make the same image.

use bailiwick_domain::ids::TenantId;
use uuid::Uuid;

use super::{EVERY, Moment, as_of, follow::State};
use crate::{
    Error, Result,
    audit::integrate::Leaf,
    conn::{Driver, on},
    lock::{execute, rows},
    mail::find_tenants,
    store::{Quiet, Store},
};

/// Tenants at most in one round, and images of each.
const TENANTS: i64 = 64;
const IMAGES: i64 = 64;
/// Octets of an image at most; larger ones are not kept, and their records are read instead.
const LONGEST: usize = 256 * 1024;

/// Notes where images belong among these leaves, the first of which has this index.
pub(in crate::audit) async fn mark(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    first: i64,
    leaves: &[Leaf],
) -> Result<()> {
    for (index, leaf) in (first..).zip(leaves).filter(|(_, leaf)| leaf.revision % EVERY == 0) {
        execute!(
            driver,
            "INSERT INTO audit_image (tenant, entity_type, entity_id, revision, leaf_index, recorded_at, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, entity_type, entity_id, revision) DO NOTHING",
            tenant.uuid(),
            &*leaf.entity_type,
            leaf.entity_id,
            leaf.revision,
            index,
            leaf.recorded_at,
            &leaf.hash.0[..]
        )?;
    }
    Ok(())
}

/// One round: makes images that are due, up to a bound, and says how many.
///
/// Not audited: an image says nothing that the records do not say, and is passed over where it says anything else.
pub async fn keep_images(store: &Store) -> Result<usize> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let tenants: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as("SELECT DISTINCT tenant FROM audit_image WHERE image IS NULL LIMIT $1")
            .bind(TENANTS)
            .fetch_all(c)
            .await
    })?;
    drop(conn);
    let mut kept = 0;
    for (tenant,) in tenants {
        kept += of_tenant(store, TenantId::from(tenant)).await?;
    }
    Ok(kept)
}

async fn of_tenant(store: &Store, tenant: TenantId) -> Result<usize> {
    let mut view = store.view_keyless(tenant).await?;
    let due: Vec<(String, Uuid, i64, Vec<u8>)> = rows!(
        view,
        "SELECT entity_type, entity_id, revision, hash FROM audit_image WHERE tenant = $1 AND image IS NULL
         ORDER BY entity_type, entity_id, revision LIMIT $2",
        tenant.uuid(),
        IMAGES
    )?;
    drop(view);
    for (kind, id, revision, hash) in &due {
        // Each in a view of its own, so that the one before is there to begin with.
        let mut view = store.view_keyless(tenant).await?;
        let image = match as_of(&mut view, kind, *id, Moment::Revision(*revision)).await {
            Ok(stood) if stood.known => serde_json::to_vec(&State::from(stood)).unwrap_or_default(),
            // Where the records cannot be told there is nothing to keep: whoever reads them is told why.
            Ok(_) | Err(Error::NotFound) => Vec::new(),
            Err(error) => return Err(error),
        };
        drop(view);
        let image = if image.len() > LONGEST { Vec::new() } else { image };
        keep(store, tenant, (kind, *id, *revision), hash, &image).await?;
    }
    Ok(due.len())
}

async fn keep(
    store: &Store,
    tenant: TenantId,
    (kind, id, revision): (&str, Uuid, i64),
    hash: &[u8],
    image: &[u8],
) -> Result<()> {
    let keys = &store.shared.keys.directory;
    let seal = keys.image_seal(&tenant.bytes(), kind, id.as_bytes(), revision, hash, image);
    let mut tx = store.begin_keyless(tenant).await?;
    let kept = execute!(
        tx,
        "UPDATE audit_image SET image = $5, seal = $6
         WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND revision = $4 AND image IS NULL",
        tenant.uuid(),
        kind,
        id,
        revision,
        image,
        &seal[..]
    );
    match kept {
        Ok(_) => store.commit_quietly(tx, Quiet::ImageKept).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error.into())
        }
    }
}
