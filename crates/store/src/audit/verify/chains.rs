//! The slower walks that name the event. Only taken once something is known to be wrong.

use std::collections::HashMap;

use bailiwick_proof::{
    Hash,
    event::scan,
    tile::TileId,
    verify::{ChainWalker, Finding, StoredEvent},
};
use uuid::Uuid;

use super::{CHUNK, VerifyError, walk::Walk};
use crate::{Error, audit::append::stored_hash, conn::on, tx::Scope};

/// An event that belongs to an entity's chain.
struct Link {
    leaf: Option<i64>,
    event: Uuid,
    hash: Hash,
    bytes: Vec<u8>,
}

/// Events without a leaf yet, by entity.
type Waiting = HashMap<(String, String), Vec<(u64, Link)>>;

/// An entity that has a head or a leaf, and its head.
type Entity = (String, Uuid, Option<i64>, Option<Vec<u8>>);

impl Walk {
    /// The first link that does not fit.
    pub(super) async fn broken_chain(&mut self) -> Result<VerifyError, VerifyError> {
        let tenant = self.view.tenant().to_string();
        let mut walker = ChainWalker::new(&tenant);
        let mut waiting = self.waiting_by_entity().await?;
        let mut after = (String::new(), Uuid::nil());
        loop {
            let entities = self.entities_after(&after).await?;
            let Some((kind, id, ..)) = entities.last() else { break };
            after = (kind.clone(), *id);
            for (kind, id, revision, hash) in entities {
                let mut links = self.links(&kind, id).await?;
                let mut newest = waiting.remove(&(kind.clone(), id.to_string())).unwrap_or_default();
                newest.sort_unstable_by_key(|(revision, _)| *revision);
                links.extend(newest.into_iter().map(|(_, link)| link));
                let head = match (revision, hash) {
                    (Some(revision), Some(hash)) => Some((revision.unsigned_abs(), stored_hash(&hash)?)),
                    _ => None,
                };
                if let Err(finding) = follow(&mut walker, &kind, &id.to_string(), &links, head) {
                    return Ok(self.finding(finding));
                }
            }
        }
        Ok(self.finding(walker.finish().err().unwrap_or(Finding::ChainBroken { tenant })))
    }

    /// The first event that a full tile knows by another hash, where the signed root is not the one of the events.
    ///
    /// A tile cannot be at fault then: the root was computed from the events alone. Behind the last full tile the root is
    /// all there is to say.
    pub(super) async fn rewritten(&mut self, root: Finding) -> Result<VerifyError, VerifyError> {
        for index in 0.. {
            let tile = TileId { level: 0, index };
            let Some(stored) = self.tile(tile).await? else { break };
            for (leaf, event, hash) in self.hashes(tile.first_leaf(0)).await? {
                let slot = usize::try_from(leaf.unsigned_abs() % 256).unwrap_or_default();
                if stored.hashes().get(slot) != Some(&stored_hash(&hash)?) {
                    return Ok(self.finding(Finding::TileMismatch {
                        tile,
                        first_leaf: leaf.unsigned_abs(),
                        id: Some(event.to_string()),
                    }));
                }
            }
        }
        Ok(self.finding(root))
    }

    /// The events under one tile and their hashes.
    async fn hashes(&mut self, first: u64) -> Result<Vec<(i64, Uuid, Vec<u8>)>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let first = i64::try_from(first).map_err(|_| Error::Proof("the tree is too large".into()))?;
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT l.leaf_index, l.event, e.hash FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $2 + 256 ORDER BY l.leaf_index"
        )
        .bind(tenant.uuid())
        .bind(first)
        .fetch_all(c)
        .await
        })?)
    }

    async fn waiting_by_entity(&mut self) -> Result<Waiting, VerifyError> {
        let mut by_entity = Waiting::new();
        for (event, hash, bytes) in self.waiting().await? {
            let Ok(fields) = scan(&bytes) else { continue };
            let (entity, revision) =
                ((fields.entity.kind.to_owned(), fields.entity.id.to_owned()), fields.entity.revision);
            by_entity
                .entry(entity)
                .or_default()
                .push((revision, Link { leaf: None, event, hash: stored_hash(&hash)?, bytes }));
        }
        Ok(by_entity)
    }

    /// Entities with a head, and those whose head was taken away.
    async fn entities_after(&mut self, after: &(String, Uuid)) -> Result<Vec<Entity>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT k.entity_type, k.entity_id, h.revision, h.hash
             FROM (SELECT entity_type, entity_id FROM audit_head WHERE tenant = $1 AND (entity_type, entity_id) > ($2, $3)
                   UNION SELECT entity_type, entity_id FROM audit_leaf WHERE tenant = $1 AND (entity_type, entity_id) > ($2, $3)) AS k
             LEFT JOIN audit_head h ON h.tenant = $1 AND h.entity_type = k.entity_type AND h.entity_id = k.entity_id
             ORDER BY k.entity_type, k.entity_id LIMIT $4"
        )
        .bind(tenant.uuid())
        .bind(after.0.as_str())
        .bind(after.1)
        .bind(CHUNK)
        .fetch_all(c)
        .await
        })?)
    }

    async fn links(&mut self, kind: &str, id: Uuid) -> Result<Vec<Link>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let rows: Vec<(i64, Uuid, Vec<u8>, Vec<u8>)> = on!(view, |c| {
            sqlx::query_as(
            "SELECT l.leaf_index, e.id, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 ORDER BY l.revision"
        )
        .bind(tenant.uuid())
        .bind(kind)
        .bind(id)
        .fetch_all(c)
        .await
        })?;
        rows.into_iter()
            .map(|(leaf, event, hash, bytes)| {
                Ok(Link { leaf: Some(leaf), event, hash: stored_hash(&hash)?, bytes })
            })
            .collect()
    }
}

fn follow(
    walker: &mut ChainWalker,
    kind: &str,
    id: &str,
    links: &[Link],
    head: Option<(u64, Hash)>,
) -> Result<(), Finding> {
    for link in links {
        let event = StoredEvent {
            leaf_index: link.leaf.map(i64::unsigned_abs),
            id: &link.event.to_string(),
            hash: link.hash,
            bytes: &link.bytes,
        };
        walker.event(&event)?;
    }
    match head {
        Some((revision, hash)) => walker.head(kind, id, revision, &hash),
        // The walker says so at the next entity, or at the end.
        None => Ok(()),
    }
}
