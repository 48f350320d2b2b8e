//! Giving events their place in the tenant's tree.

use std::borrow::Cow;

use bailiwick_domain::{ids::TenantId, product::is_id, search::SOURCE};
use bailiwick_proof::{
    event::{id_of as product_id, is_product},
    hash::Hash,
    tile::complete_tiles,
    tree::{Frontier, Needs},
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    append::stored_hash,
    as_of,
    many::{Many, many},
    reader,
    search::{self, Said, Term},
};
use crate::{Error, Result, conn::Driver};

static LEAVES: Many = many!(
    "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ""
);

/// An event as search and the tree need it.
pub(crate) struct Leaf {
    pub(crate) event: Uuid,
    pub(crate) hash: Hash,
    pub(crate) recorded_at: i64,
    pub(crate) actor_kind: Cow<'static, str>,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) action: Cow<'static, str>,
    pub(crate) outcome: Cow<'static, str>,
    pub(crate) entity_type: Cow<'static, str>,
    pub(crate) entity_id: Uuid,
    pub(crate) revision: i64,
    /// What it is found by.
    pub(crate) terms: Vec<Term>,
}

/// Appends `leaves` to the tenant's tree: search rows, what search goes along, full tiles and the frontier, in the caller's
/// transaction.
pub(crate) async fn integrate(driver: &mut Driver<'_>, tenant: TenantId, leaves: &[Leaf]) -> Result<()> {
    let (size, mut frontier) = tree(driver, tenant).await?;
    let start = u64::try_from(size).map_err(|_| Error::Corrupt("audit_tree.size".into()))?;
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf.hash).collect();
    for hash in &hashes {
        frontier.push(*hash);
    }
    insert_leaves(driver, tenant, size, leaves).await?;
    search::keep(driver, tenant, size, leaves).await?;
    as_of::mark(driver, tenant, size, leaves).await?;
    let fetched = reader::fetch(driver, tenant, &Needs::tiles(start, hashes.len())).await?;
    for (id, tile) in complete_tiles(&fetched, start, &hashes).map_err(|e| Error::Proof(e.to_string()))? {
        let index = i64::try_from(id.index).map_err(|_| Error::Proof("the tree is too large".into()))?;
        let insert = "INSERT INTO audit_tile (tenant, level, idx, hashes) VALUES ($1, $2, $3, $4)";
        match driver {
            Driver::Sqlite(c) => {
                sqlx::query(insert)
                    .bind(tenant.uuid())
                    .bind(i64::from(id.level))
                    .bind(index)
                    .bind(tile.to_bytes())
                    .execute(&mut **c)
                    .await?;
            }
            Driver::Postgres(c) => {
                sqlx::query(insert)
                    .bind(tenant.uuid())
                    .bind(i64::from(id.level))
                    .bind(index)
                    .bind(tile.to_bytes())
                    .execute(&mut **c)
                    .await?;
            }
        }
    }
    let grown = i64::try_from(frontier.size()).map_err(|_| Error::Proof("the tree is too large".into()))?;
    let advance = "UPDATE audit_tree SET size = $2, frontier = $3 WHERE tenant = $1 AND size = $4";
    let moved = match driver {
        Driver::Sqlite(c) => sqlx::query(advance)
            .bind(tenant.uuid())
            .bind(grown)
            .bind(frontier.to_bytes())
            .bind(size)
            .execute(&mut **c)
            .await?
            .rows_affected(),
        Driver::Postgres(c) => sqlx::query(advance)
            .bind(tenant.uuid())
            .bind(grown)
            .bind(frontier.to_bytes())
            .bind(size)
            .execute(&mut **c)
            .await?
            .rows_affected(),
    };
    // Somebody else moved the tree: two sequencers at work. Nothing of this one's is kept.
    if moved == 1 { Ok(()) } else { Err(Error::Busy) }
}

/// The size and the right edge of a tenant's tree.
pub(super) async fn tree(driver: &mut Driver<'_>, tenant: TenantId) -> Result<(i64, Frontier)> {
    let select = "SELECT size, frontier FROM audit_tree WHERE tenant = $1";
    let (size, bytes): (i64, Vec<u8>) = match driver {
        Driver::Sqlite(c) => sqlx::query_as(select).bind(tenant.uuid()).fetch_one(&mut **c).await?,
        Driver::Postgres(c) => sqlx::query_as(select).bind(tenant.uuid()).fetch_one(&mut **c).await?,
    };
    let frontier = Frontier::from_bytes(&bytes).map_err(|e| Error::Corrupt(e.to_string()))?;
    if i64::try_from(frontier.size()).ok() != Some(size) {
        return Err(Error::Corrupt("audit_tree.frontier is of another size".into()));
    }
    Ok((size, frontier))
}

/// Inserts the search rows of leaves that follow each other, the first of which has the index `first`.
pub(super) async fn insert_leaves(
    driver: &mut Driver<'_>,
    tenant: TenantId,
    first: i64,
    leaves: &[Leaf],
) -> Result<()> {
    match driver {
        Driver::Sqlite(c) => {
            let rows: Vec<_> = (first..).zip(leaves).collect();
            LEAVES
                .insert(c, &rows, |query, (index, l)| {
                    query
                        .bind(tenant.uuid())
                        .bind(*index)
                        .bind(l.event)
                        .bind(&l.hash.0[..])
                        .bind(l.recorded_at)
                        .bind(&*l.actor_kind)
                        .bind(l.actor_id)
                        .bind(&*l.action)
                        .bind(&*l.outcome)
                        .bind(&*l.entity_type)
                        .bind(l.entity_id)
                        .bind(l.revision)
                })
                .await?;
        }
        Driver::Postgres(c) => {
            let column = |of: fn(&Leaf) -> &str| leaves.iter().map(of).collect::<Vec<_>>();
            sqlx::query(
                "INSERT INTO audit_leaf (tenant, leaf_index, event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision)
                 SELECT $1, $2 + l.place - 1, l.event, l.hash, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision
                 FROM unnest($3::uuid[], $4::bytea[], $5::bigint[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::bigint[])
                      WITH ORDINALITY AS l (event, hash, recorded_at, actor_kind, actor_id, action, outcome, entity_type, entity_id, revision, place)",
            )
            .bind(tenant.uuid())
            .bind(first)
            .bind(leaves.iter().map(|l| l.event).collect::<Vec<_>>())
            .bind(leaves.iter().map(|l| &l.hash.0[..]).collect::<Vec<_>>())
            .bind(leaves.iter().map(|l| l.recorded_at).collect::<Vec<_>>())
            .bind(column(|l| &l.actor_kind))
            .bind(leaves.iter().map(|l| l.actor_id).collect::<Vec<_>>())
            .bind(column(|l| &l.action))
            .bind(column(|l| &l.outcome))
            .bind(column(|l| &l.entity_type))
            .bind(leaves.iter().map(|l| l.entity_id).collect::<Vec<_>>())
            .bind(leaves.iter().map(|l| l.revision).collect::<Vec<_>>())
            .execute(&mut **c)
            .await?;
        }
    }
    Ok(())
}

/// The UUID by which something is found that an event names so: its id, or what stands for the id of a product's own.
pub fn id_of(kind: &str, text: &str) -> Option<Uuid> {
    if is_product(kind) {
        return Some(Uuid::from_bytes(product_id(kind, text)));
    }
    Uuid::try_parse(text).ok()
}

/// The UUID by which something is found that somebody names by its kind and its id: of a product's kind by the product's own id, or
/// by the UUID that stands for it in links; of any other by a UUID in its one spelling.
pub fn thing_of(kind: &str, text: &str) -> Option<Uuid> {
    let written = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    if !is_product(kind) {
        return written;
    }
    // What stands for a product's id is a UUID of version 8, which no product has a reason to use.
    let stands = written.filter(|id| id.get_version_num() == 8);
    stands.or_else(|| is_id(text).then(|| Uuid::from_bytes(product_id(kind, text))))
}

/// A leaf from an event's stored octets, for events that were written before their place was known. The tag of their source and
/// whose the thing is wait beside them.
pub(super) fn leaf_of(
    event: Uuid,
    hash: &[u8],
    bytes: &[u8],
    source: Option<[u8; SOURCE]>,
    owner: Option<Uuid>,
) -> Result<Leaf> {
    let unreadable = || Error::Corrupt(format!("event {event} is not what this version writes"));
    let value: Value = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
    let text = |pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(unreadable)
    };
    let id = |kind: &str, text: String| id_of(kind, &text).ok_or_else(unreadable);
    let at = bailiwick_domain::time::Timestamp::parse(&text("/recorded_at")?).map_err(|_| unreadable())?;
    let (actor_kind, action, outcome, entity_type) =
        (text("/actor/kind")?, text("/action")?, text("/outcome")?, text("/entity/type")?);
    let actor_id = text("/actor/id").ok().map(|text| id(&actor_kind, text)).transpose()?;
    let entity_id = id(&entity_type, text("/entity/id")?)?;
    let said = Said {
        action: &action,
        outcome: &outcome,
        entity_type: &entity_type,
        actor_kind: &actor_kind,
        actor_id,
        credential: text("/actor/credential").ok().and_then(|text| Uuid::try_parse(&text).ok()),
        owner,
        reason: value.pointer("/reason").and_then(Value::as_str),
        request: text("/request").ok().and_then(|text| Uuid::try_parse(&text).ok()),
        source,
    };
    let changes = value.pointer("/changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let terms = search::terms(
        &said,
        changes.iter().filter_map(|change| {
            Some((change.get("path")?.as_str()?, [change.get("before")?, change.get("after")?]))
        }),
    );
    Ok(Leaf {
        event,
        hash: stored_hash(hash)?,
        recorded_at: at.micros(),
        actor_kind: actor_kind.into(),
        actor_id,
        action: action.into(),
        outcome: outcome.into(),
        entity_type: entity_type.into(),
        entity_id,
        revision: value.pointer("/entity/revision").and_then(Value::as_i64).ok_or_else(unreadable)?,
        terms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_of_the_product_is_named_in_its_words_or_as_links_have_it() {
        let own = thing_of("app.customer", "CU-77");
        assert!(own.is_some() && own == id_of("app.customer", "CU-77"));
        let link = own.map(|id| id.to_string()).unwrap_or_default();
        assert_eq!(thing_of("app.customer", &link), own);
        assert_eq!(thing_of("product", "u-17"), id_of("product", "u-17"));
        // A product may use UUIDs of its own: they are its words.
        let theirs = "0193a7c2-7b1e-7000-8000-000000000001";
        assert_eq!(thing_of("app.customer", theirs), id_of("app.customer", theirs));
        assert_eq!(thing_of("user", theirs), Uuid::try_parse(theirs).ok());
        for (kind, text) in
            [("user", "CU-77"), ("user", "0193a7c27b1e70008000000000000001"), ("app.customer", "CU 77")]
        {
            assert_eq!(thing_of(kind, text), None, "{kind} {text}");
        }
    }
}
