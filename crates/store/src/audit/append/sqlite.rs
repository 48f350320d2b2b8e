//! On SQLite the records of a whole batch are written just before its commit, and find their places at once.

use std::collections::HashMap;

use bailiwick_domain::ids::TenantId;
use sqlx::SqliteConnection;

use super::{EntityKey, Head, Ready, chain, stored_hash};
use crate::{
    Error, Result,
    audit::{
        Draft,
        integrate::{Leaf, integrate},
        many::{insert, many, run},
    },
    conn::Driver,
};

/// Appends the records of a whole batch and puts them into their trees.
pub(crate) async fn flush_sqlite(connection: &mut SqliteConnection, drafts: Vec<Draft>) -> Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let mut heads = heads(connection, &drafts).await?;
    let mut ready = chain(drafts, &mut heads)?;
    // In the order of the changes, tenant by tenant.
    let mut order = Vec::new();
    let mut leaves: HashMap<TenantId, Vec<Leaf>> = HashMap::new();
    for event in &ready {
        let tenant = event.draft.tenant;
        leaves
            .entry(tenant)
            .or_insert_with(|| {
                order.push(tenant);
                Vec::new()
            })
            .push(event.leaf());
    }
    personal(connection, &mut ready).await?;
    events(connection, ready).await?;
    store_heads(connection, heads).await?;
    for tenant in order {
        if let Some(leaves) = leaves.remove(&tenant) {
            integrate(&mut Driver::Sqlite(connection), tenant, &leaves).await?;
        }
    }
    Ok(())
}

async fn heads(c: &mut SqliteConnection, drafts: &[Draft]) -> Result<HashMap<EntityKey, Head>> {
    let mut heads = HashMap::new();
    for (texts, chunk) in TEXTS.cut(drafts) {}
    Ok(heads)
}
