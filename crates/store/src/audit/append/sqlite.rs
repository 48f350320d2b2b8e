//! On SQLite the records of a whole batch are written just before its commit, and find their places at once.

use std::collections::HashMap;

use bailiwick_domain::ids::TenantId;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{EntityKey, Head, Ready, chain, stored_hash};
use crate::{
    Result,
    audit::{
        Draft,
        integrate::{Leaf, integrate},
        many::{Many, Selecting, many},
    },
    conn::Driver,
};

static HEADS: Many = many!(
    "SELECT tenant, entity_type, entity_id, revision, hash FROM audit_head WHERE (tenant = ? AND entity_type = ? AND entity_id = ?)",
    " OR (tenant = ? AND entity_type = ? AND entity_id = ?)",
    ""
);
static EVENTS: Many =
    many!("INSERT INTO audit_event (tenant, id, hash, bytes) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");
static PERSONAL: Many = many!(
    "INSERT INTO audit_personal (tenant, event, subject, sealed) VALUES (?, ?, ?, ?)",
    ", (?, ?, ?, ?)",
    ""
);
static NEW_HEADS: Many = many!(
    "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash) VALUES (?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?)",
    " ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash"
);

/// Appends the records of a whole batch and puts them into their trees.
pub(crate) async fn flush_sqlite(c: &mut SqliteConnection, drafts: Vec<Draft>) -> Result<()> {
    if drafts.is_empty() {
        return Ok(());
    }
    let mut heads = heads(c, &drafts).await?;
    let ready = chain(drafts, &mut heads);
    let event = |r: &Ready| (r.draft.tenant.uuid(), r.draft.id.uuid());
    EVENTS
        .insert(c, &ready, |query, ready| {
            let (tenant, id) = event(ready);
            query.bind(tenant).bind(id).bind(&ready.hash.0[..]).bind(ready.packed.as_slice())
        })
        .await?;
    let personal: Vec<_> =
        ready.iter().flat_map(|r| r.draft.personal.iter().map(move |sealed| (event(r), sealed))).collect();
    PERSONAL
        .insert(c, &personal, |query, ((tenant, id), sealed)| {
            query.bind(*tenant).bind(*id).bind(sealed.subject).bind(sealed.bytes.as_slice())
        })
        .await?;
    let heads: Vec<_> = heads.into_iter().collect();
    NEW_HEADS
        .insert(c, &heads, |query, ((tenant, kind, id), head)| {
            query.bind(tenant.uuid()).bind(&**kind).bind(*id).bind(head.revision).bind(&head.hash.0[..])
        })
        .await?;
    for (tenant, leaves) in by_tenant(&ready) {
        integrate(&mut Driver::Sqlite(c), tenant, &leaves).await?;
    }
    Ok(())
}

/// The leaves of each tenant in the order of the changes.
fn by_tenant(ready: &[Ready]) -> Vec<(TenantId, Vec<Leaf>)> {
    let mut trees: Vec<(TenantId, Vec<Leaf>)> = Vec::new();
    let mut places = HashMap::new();
    for event in ready {
        let place = *places.entry(event.draft.tenant).or_insert_with(|| {
            trees.push((event.draft.tenant, Vec::new()));
            trees.len() - 1
        });
        if let Some((_, leaves)) = trees.get_mut(place) {
            leaves.push(event.leaf());
        }
    }
    trees
}

async fn heads(c: &mut SqliteConnection, drafts: &[Draft]) -> Result<HashMap<EntityKey, Head>> {
    let mut wanted: HashMap<(Uuid, &str, Uuid), EntityKey> = HashMap::new();
    for draft in drafts {
        let key = (draft.tenant, draft.entity_type.clone(), draft.entity_id);
        wanted.insert((draft.tenant.uuid(), &*draft.entity_type, draft.entity_id), key);
    }
    let keys: Vec<_> = wanted.values().cloned().collect();
    let mut heads = HashMap::new();
    for (text, piece) in HEADS.cut(&keys) {
        let query: Selecting<(Uuid, String, Uuid, i64, Vec<u8>)> = sqlx::query_as(text);
        let query = piece
            .iter()
            .fold(query, |query, (tenant, kind, id)| query.bind(tenant.uuid()).bind(&**kind).bind(*id));
        for (tenant, kind, id, revision, hash) in query.fetch_all(&mut *c).await? {
            if let Some(key) = wanted.get(&(tenant, kind.as_str(), id)) {
                heads.insert(key.clone(), Head { revision, hash: stored_hash(&hash)? });
            }
        }
    }
    Ok(heads)
}
