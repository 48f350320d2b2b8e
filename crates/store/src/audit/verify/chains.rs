//! The slower walks that name the event. Only taken once something is known to be wrong.

use std::collections::{BTreeMap, HashMap};

use bailiwick_proof::{
    event::scan,
    hash::Hash,
    tile::TileId,
    verify::{ChainWalker, Finding, StoredEvent},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{CHUNK, VerifyError, walk::Walk};
use crate::{
    Error,
    audit::{append::stored_hash, pack::EventOctets},
    conn::on,
    tx::Scope,
};

/// An event with a leaf, in its entity's chain.
#[derive(FromRow)]
struct Link {
    leaf_index: i64,
    revision: i64,
    id: Uuid,
    hash: Vec<u8>,
    bytes: EventOctets,
}

/// The events without a leaf yet by entity: revision and id. All that is held of them, however many wait.
type ByEntity = HashMap<(String, String), Vec<(u64, Uuid)>>;

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
                let newest = waiting.remove(&(kind.clone(), id.to_string())).unwrap_or_default();
                if let Err(finding) = self.follow(&mut walker, &kind, id, newest).await? {
                    return Ok(self.finding(finding));
                }
                let head = match (revision, hash) {
                    (Some(revision), Some(hash)) => Some((revision.unsigned_abs(), stored_hash(&hash)?)),
                    _ => None,
                };
                // Without a head, the walker says so at the next entity, or at the end.
                let Some((revision, hash)) = head else { continue };
                if let Err(finding) = walker.head(&kind, &id.to_string(), revision, &hash) {
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
        for index in self.first().unsigned_abs() / 256.. {
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

    async fn waiting_by_entity(&mut self) -> Result<ByEntity, VerifyError> {
        let mut by_entity = ByEntity::new();
        let mut after = None;
        loop {
            let events = self.waiting_after(after).await?;
            let Some(last) = events.last() else { return Ok(by_entity) };
            after = Some((last.recorded_at, last.id));
            for event in &events {
                let Ok(fields) = scan(&event.bytes) else { continue };
                let entity = (fields.entity.kind.to_owned(), fields.entity.key().into_owned());
                by_entity.entry(entity).or_default().push((fields.entity.revision, event.id));
            }
        }
    }

    /// Follows one entity's events: those with a leaf, then those without.
    async fn follow(
        &mut self,
        walker: &mut ChainWalker,
        kind: &str,
        id: Uuid,
        mut newest: Vec<(u64, Uuid)>,
    ) -> Result<Result<(), Finding>, VerifyError> {
        let mut after = (i64::MIN, -1);
        let mut gone = self.retired_links(kind, id).await?;
        let mut known = self.known(kind, id);
        loop {
            let links = self.links(kind, id, after).await?;
            let Some(last) = links.last() else { break };
            after = (last.revision, last.leaf_index);
            for link in &links {
                while let Some(left) = gone.first_entry().filter(|left| *left.key() < link.revision) {
                    let checked = left.remove().told(|retired| walker.retired(retired))?;
                    if checked.is_err() {
                        return Ok(checked);
                    }
                }
                if let Some(hash) = known.remove(&(link.revision - 1)) {
                    let checked =
                        walker.known(kind, &id.to_string(), (link.revision - 1).unsigned_abs(), &hash);
                    if checked.is_err() {
                        return Ok(checked);
                    }
                }
                let checked = walker.event(&StoredEvent {
                    leaf_index: Some(link.leaf_index.unsigned_abs()),
                    id: &link.id.to_string(),
                    hash: stored_hash(&link.hash)?,
                    bytes: &link.bytes,
                });
                if checked.is_err() {
                    return Ok(checked);
                }
            }
        }
        for left in gone.into_values() {
            let checked = left.told(|retired| walker.retired(retired))?;
            if checked.is_err() {
                return Ok(checked);
            }
        }
        newest.sort_unstable();
        for (_, event) in newest {
            let (hash, bytes) = self.event(event).await?;
            let checked = walker.event(&StoredEvent {
                leaf_index: None,
                id: &event.to_string(),
                hash: stored_hash(&hash)?,
                bytes: &bytes,
            });
            if checked.is_err() {
                return Ok(checked);
            }
        }
        Ok(Ok(()))
    }

    /// The hashes of an entity's records beside a part, by their revisions.
    fn known(&self, kind: &str, id: Uuid) -> BTreeMap<i64, Hash> {
        let before = self.part.iter().flat_map(|part| &part.before);
        let of_it = before.filter(|link| link.kind == kind && link.id == id);
        of_it.map(|link| (link.revision, link.hash)).collect()
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

    /// The events of an entity that have a leaf, some at a time.
    async fn links(&mut self, kind: &str, id: Uuid, after: (i64, i64)) -> Result<Vec<Link>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT l.leaf_index, l.revision, e.id, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 AND (l.revision, l.leaf_index) > ($4, $5)
             ORDER BY l.revision, l.leaf_index LIMIT $6"
        )
        .bind(tenant.uuid())
        .bind(kind)
        .bind(id)
        .bind(after.0)
        .bind(after.1)
        .bind(CHUNK)
        .fetch_all(c)
        .await
        })?)
    }

    async fn event(&mut self, id: Uuid) -> Result<(Vec<u8>, EventOctets), VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| sqlx::query_as(
            "SELECT hash, bytes FROM audit_event WHERE tenant = $1 AND id = $2"
        )
        .bind(tenant.uuid())
        .bind(id)
        .fetch_one(c)
        .await)?)
    }
}
