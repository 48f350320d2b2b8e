//! One walk over one tenant's log, in leaf order.

use bailiwick_domain::{
    entity::{AuditRetirement, Entity as _},
    time::Timestamp,
};
use bailiwick_proof::{
    checkpoint::{Checkpoint, CheckpointError, EpochStatement, SignedNote},
    event::{EventFields, id_of as product_id, is_product},
    tile::{Tile, TileId},
    tree::Needs,
    verify::{Finding, StoredEvent, Verified, Verifier},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    CHUNK, Part, VerifyError,
    retired::Stubs,
    stretch::{Leaf, Stretch},
};
use crate::{
    Error, Store,
    audit::{
        self, Latest, Notary,
        append::stored_hash,
        integrate,
        pack::{EventOctets, unpacked},
        reader,
    },
    conn::on,
    tx::{Scope, View},
};

/// A leaf, and its event if that is still there.
#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    event: Uuid,
    hash: Option<Vec<u8>>,
    leaf_hash: Vec<u8>,
    bytes: Option<Vec<u8>>,
    recorded_at: i64,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    outcome: String,
    entity_type: String,
    entity_id: Uuid,
    revision: i64,
}

/// An event without a leaf yet.
#[derive(FromRow)]
pub(super) struct Waiting {
    pub(super) id: Uuid,
    pub(super) hash: Vec<u8>,
    pub(super) bytes: EventOctets,
    pub(super) recorded_at: i64,
}

/// A walk over one snapshot of one tenant.
pub(super) struct Walk {
    pub(super) view: View,
    pub(super) slug: String,
    /// What is there of the log; nothing for all of it. The record that accounts for what is left of others may lie outside a part.
    pub(super) part: Option<Part>,
}

impl Walk {
    pub(super) const fn new(view: View, slug: String) -> Self {
        Self { view, slug, part: None }
    }

    /// Over a part of a log alone.
    pub(super) const fn of_a_part(view: View, slug: String, part: Part) -> Self {
        Self { view, slug, part: Some(part) }
    }

    /// The first leaf.
    pub(super) fn first(&self) -> i64 {
        self.part.as_ref().map_or(0, |part| part.first)
    }

    /// With what stands in front of a part and beside it.
    async fn behind(&mut self, mut verifier: Verifier) -> Result<Verifier, VerifyError> {
        let Some(part) = self.part.as_ref() else { return Ok(verifier) };
        part.before.iter().for_each(|link| link.told(|entity, hash| verifier.known(entity, hash)));
        part.left.iter().for_each(|link| link.told(|entity, hash| verifier.left(entity, hash)));
        let (first, tenant) = (part.first.unsigned_abs(), self.view.tenant());
        let fetched = reader::fetch(&mut self.view.driver(), tenant, &Needs::edge(first)).await?;
        Ok(verifier.behind(&fetched, first).map_err(|e| Error::Corrupt(e.to_string()))?)
    }

    pub(super) async fn run(
        &mut self,
        store: &Store,
        notary: &Notary,
        outside: Option<Latest>,
        epochs: &[EpochStatement],
        progress: impl FnMut(u64),
    ) -> Result<Verified, VerifyError> {
        let mut key = [0; 32];
        store.entropy().fill(&mut key);
        let verifier = Verifier::new(&self.view.tenant().to_string(), &key).with_tiles();
        let mut verifier = self.behind(verifier).await?;
        if let Some(latest) = outside {
            self.found(verifier.checkpoint(&latest.checkpoint))?;
        }
        // What an epoch kept is there unless a later one kept less.
        let mut least = u64::MAX;
        for epoch in epochs.iter().rev().filter(|epoch| {
            let kept = epoch.kept.size <= least;
            least = least.min(epoch.kept.size);
            kept
        }) {
            let kept = Checkpoint::new(epoch.log.clone(), epoch.kept.size, epoch.kept.root);
            self.found(verifier.checkpoint(&kept))?;
        }
        self.published(notary, &mut verifier).await?;
        let mut stubs = Stubs::default();
        match self.leaves(&mut verifier, &mut stubs, progress).await {
            Err(VerifyError::Finding { finding, .. }) if matches!(*finding, Finding::RootMismatch { .. }) => {
                return Err(self.rewritten(*finding).await?);
            }
            walked => walked?,
        }
        self.waiting(&mut verifier, &mut stubs).await?;
        self.placed().await?;
        self.accounted(stubs).await?;
        self.heads(&mut verifier).await?;
        match verifier.finish() {
            Ok(verified) => {
                self.edge(&verified).await?;
                Ok(verified)
            }
            Err(Finding::ChainBroken { .. }) => Err(self.broken_chain().await?),
            Err(finding) => Err(self.finding(finding)),
        }
    }

    /// The walk in leaf order: stretches of leaves, the next one read while the present one is checked. Where records were taken, and where
    /// something does not fit, leaf by leaf.
    async fn leaves(
        &mut self,
        verifier: &mut Verifier,
        stubs: &mut Stubs,
        mut progress: impl FnMut(u64),
    ) -> Result<(), VerifyError> {
        let mut next = self.first();
        let mut ahead = self.ahead(stubs, next).await?;
        loop {
            if let Some(stretch) = ahead.take()
                && let Some(leaves) = stretch.leaves()
                && let Some(last) = leaves.last()
                && stubs.none_before(&mut self.view, last.leaf_index.saturating_add(1)).await?
            {
                next = last.leaf_index + 1;
                let clear = stubs.none_before(&mut self.view, next.saturating_add(CHUNK)).await?;
                let (view, slug) = (&mut self.view, &self.slug);
                let (read, checked) = tokio::join!(
                    async { if clear { Stretch::read(view, next).await.map(Some) } else { Ok(None) } },
                    // Asked for first: the database reads while this keeps the thread.
                    async { stretch_holds(slug, verifier, stubs, &stretch, &leaves) },
                );
                checked?;
                ahead = read?;
                progress(leaves.len() as u64);
                continue;
            }
            let rows = self.rows(next).await?;
            let Some(last) = rows.last() else {
                self.retired(verifier, stubs, i64::MAX, &mut progress).await?;
                return Ok(());
            };
            next = last.leaf_index + 1;
            for row in &rows {
                self.retired(verifier, stubs, row.leaf_index, &mut progress).await?;
                let leaf = row.leaf(&self.slug)?;
                let octets = leaf_holds(&self.slug, verifier, &leaf)?;
                self.back(stubs, row.leaf_index, &row.leaf_hash).await?;
                if leaf.entity_type == AuditRetirement::KIND.as_bytes() {
                    stubs.claim(leaf.entity_id, &octets);
                }
                self.tiles(verifier).await?;
            }
            progress(rows.len() as u64);
            ahead = self.ahead(stubs, next).await?;
        }
    }

    /// The next leaves together, unless records were taken from among them.
    async fn ahead(&mut self, stubs: &mut Stubs, next: i64) -> Result<Option<Stretch>, VerifyError> {
        if stubs.none_before(&mut self.view, next.saturating_add(CHUNK)).await? {
            Stretch::read(&mut self.view, next).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// Compares the tiles that the last leaf completed.
    pub(super) async fn tiles(&mut self, verifier: &mut Verifier) -> Result<(), VerifyError> {
        for tile in verifier.due().to_vec() {
            if let Some(stored) = self.tile(tile).await? {
                self.found(verifier.tile(tile, &stored))?;
            }
        }
        Ok(())
    }

    /// The events that have no leaf yet.
    async fn waiting(&mut self, verifier: &mut Verifier, stubs: &mut Stubs) -> Result<(), VerifyError> {
        let mut after = None;
        loop {
            let events = self.waiting_after(after).await?;
            let Some(last) = events.last() else { return Ok(()) };
            after = Some((last.recorded_at, last.id));
            for waiting in &events {
                let event = StoredEvent {
                    leaf_index: None,
                    id: &waiting.id.to_string(),
                    hash: stored_hash(&waiting.hash)?,
                    bytes: &waiting.bytes,
                };
                let fields = self.found(verifier.event(&event))?;
                if fields.entity.kind == AuditRetirement::KIND
                    && let Ok(id) = Uuid::try_parse(fields.entity.id)
                {
                    stubs.claim(id, &waiting.bytes);
                }
                if !is_time(fields.recorded_at, waiting.recorded_at) {
                    return Err(VerifyError::Stray { slug: self.slug.clone(), event: waiting.id });
                }
            }
        }
    }

    /// The checkpoints published in the database.
    async fn published(&mut self, notary: &Notary, verifier: &mut Verifier) -> Result<(), VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        // The newest and, further back, ever fewer: enough to bound where a rewritten history begins.
        let notes: Vec<(i64, String)> = on!(view, |c| {
            sqlx::query_as(
            "SELECT size, note FROM (SELECT note, size, row_number() OVER (ORDER BY size DESC) AS place FROM audit_checkpoint WHERE tenant = $1) AS c
             WHERE place <= 64 OR place % 64 = 0 ORDER BY size LIMIT 1024"
        )
        .bind(tenant.uuid())
        .fetch_all(c)
        .await
        })?;
        let mut newest = 1;
        for (size, note) in notes {
            // Every epoch has a name of its own, and none comes after a later one.
            let named = SignedNote::parse(note.as_bytes()).ok();
            let named = named.and_then(|note| Some(note.text().lines().next()?.to_owned()));
            let named = named.and_then(|name| Some((notary.epoch_of(&name, tenant)?, name)));
            let (epoch, name) = named.unwrap_or_else(|| (newest, notary.log_name(tenant)));
            if epoch < newest {
                let cause = CheckpointError::Origin { expected: format!("epoch {newest}"), found: name };
                return Err(VerifyError::Published { slug: self.slug.clone(), size, cause });
            }
            newest = epoch;
            match verifier.signed_checkpoint(note.as_bytes(), &name, std::slice::from_ref(notary.verifier()))
            {
                Err(Finding::CheckpointSignature(cause)) => {
                    return Err(VerifyError::Published { slug: self.slug.clone(), size, cause });
                }
                checked => self.found(checked)?,
            }
        }
        Ok(())
    }

    /// Every stored event has a leaf or waits for one: nothing was slipped in beside the log.
    async fn placed(&mut self) -> Result<(), VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let same: bool = on!(view, |c| {
            sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM audit_event WHERE tenant = $1)
                  = (SELECT count(*) FROM audit_leaf WHERE tenant = $1) + (SELECT count(*) FROM audit_pending WHERE tenant = $1)"
        )
        .bind(tenant.uuid())
        .fetch_one(c)
        .await
        })?;
        if same {
            return Ok(());
        }
        let stray: Option<Uuid> = on!(view, |c| {
            sqlx::query_scalar(
            "SELECT e.id FROM audit_event e WHERE e.tenant = $1
             AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.tenant = $1 AND l.event = e.id)
             AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.tenant = $1 AND p.event = e.id) ORDER BY e.id LIMIT 1"
        )
        .bind(tenant.uuid())
        .fetch_optional(c)
        .await
        })?;
        let waiting: Option<Uuid> = on!(view, |c| {
            sqlx::query_scalar(
            "SELECT p.event FROM audit_pending p WHERE p.tenant = $1
             AND (NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.tenant = $1 AND e.id = p.event)
                  OR EXISTS (SELECT 1 FROM audit_leaf l WHERE l.tenant = $1 AND l.event = p.event)) ORDER BY p.event LIMIT 1"
        )
        .bind(tenant.uuid())
        .fetch_optional(c)
        .await
        })?;
        Err(VerifyError::Stray { slug: self.slug.clone(), event: stray.or(waiting).unwrap_or_default() })
    }

    /// The stored right edge of the tree, from which the next leaves are appended and signed.
    async fn edge(&mut self, verified: &Verified) -> Result<(), VerifyError> {
        let tenant = self.view.tenant();
        let same = match integrate::tree(&mut self.view.driver(), tenant).await {
            Ok((_, frontier)) => frontier.size() == verified.size && frontier.root() == verified.root,
            Err(Error::Corrupt(_)) => false,
            Err(error) => return Err(error.into()),
        };
        let stored = audit::total(&mut self.view).await?;
        if same {
            Ok(())
        } else {
            Err(VerifyError::Tree { slug: self.slug.clone(), stored, found: verified.size })
        }
    }

    async fn rows(&mut self, from: i64) -> Result<Vec<Row>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT l.leaf_index, l.event, e.hash, l.hash AS leaf_hash, e.bytes, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type,
                    l.entity_id, l.revision
             FROM audit_leaf l LEFT JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.leaf_index >= $2 ORDER BY l.leaf_index LIMIT $3"
        )
        .bind(tenant.uuid())
        .bind(from)
        .bind(CHUNK)
        .fetch_all(c)
        .await
        })?)
    }

    /// Events without a leaf yet, some at a time.
    pub(super) async fn waiting_after(
        &mut self,
        after: Option<(i64, Uuid)>,
    ) -> Result<Vec<Waiting>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let (at, id) = after.unwrap_or((i64::MIN, Uuid::nil()));
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT e.id, e.hash, e.bytes, p.recorded_at FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
             WHERE p.tenant = $1 AND (p.recorded_at, p.event) > ($2, $3) ORDER BY p.recorded_at, p.event LIMIT $4"
        )
        .bind(tenant.uuid())
        .bind(at)
        .bind(id)
        .bind(CHUNK)
        .fetch_all(c)
        .await
        })?)
    }

    pub(super) async fn tile(&mut self, id: TileId) -> Result<Option<Tile>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let index = i64::try_from(id.index).map_err(|_| Error::Proof("the tree is too large".into()))?;
        let bytes: Option<Vec<u8>> = on!(view, |c| sqlx::query_scalar(
            "SELECT hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx = $3"
        )
        .bind(tenant.uuid())
        .bind(i64::from(id.level))
        .bind(index)
        .fetch_optional(c)
        .await)?;
        Ok(bytes
            .map(|bytes| Tile::from_bytes(&bytes))
            .transpose()
            .map_err(|e| Error::Corrupt(e.to_string()))?)
    }

    async fn heads(&mut self, verifier: &mut Verifier) -> Result<(), VerifyError> {
        let mut after = (String::new(), Uuid::nil());
        loop {
            let heads = self.heads_after(&after).await?;
            let Some((kind, id, ..)) = heads.last() else { return Ok(()) };
            after = (kind.clone(), *id);
            for (kind, id, revision, hash) in &heads {
                self.found(verifier.head(
                    kind,
                    &id.to_string(),
                    revision.unsigned_abs(),
                    &stored_hash(hash)?,
                ))?;
            }
        }
    }

    async fn heads_after(
        &mut self,
        after: &(String, Uuid),
    ) -> Result<Vec<(String, Uuid, i64, Vec<u8>)>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT entity_type, entity_id, revision, hash FROM audit_head WHERE tenant = $1 AND (entity_type, entity_id) > ($2, $3)
             ORDER BY entity_type, entity_id LIMIT $4"
        )
        .bind(tenant.uuid())
        .bind(after.0.as_str())
        .bind(after.1)
        .bind(CHUNK)
        .fetch_all(c)
        .await
        })?)
    }

    pub(super) fn found<T>(&self, checked: Result<T, Finding>) -> Result<T, VerifyError> {
        checked.map_err(|finding| self.finding(finding))
    }

    pub(super) fn finding(&self, found: Finding) -> VerifyError {
        finding(&self.slug, found)
    }
}

impl Row {
    fn leaf(&self, slug: &str) -> Result<Leaf<'_>, VerifyError> {
        let (Some(hash), Some(packed)) = (&self.hash, &self.bytes) else {
            return Err(VerifyError::Missing {
                slug: slug.to_owned(),
                event: self.event,
                leaf: self.leaf_index,
            });
        };
        // First, because behind the last full tile this names an event where the root would only say that something is wrong.
        if self.leaf_hash != *hash {
            return Err(VerifyError::Projection {
                slug: slug.to_owned(),
                event: self.event,
                leaf: self.leaf_index,
            });
        }
        Ok(Leaf {
            leaf_index: self.leaf_index,
            event: self.event,
            hash: stored_hash(hash)?,
            packed,
            recorded_at: self.recorded_at,
            actor_kind: self.actor_kind.as_bytes(),
            actor_id: self.actor_id,
            action: self.action.as_bytes(),
            outcome: self.outcome.as_bytes(),
            entity_type: self.entity_type.as_bytes(),
            entity_id: self.entity_id,
            revision: self.revision,
        })
    }
}

/// Checks leaves that were read together, and the tiles that they complete.
fn stretch_holds(
    slug: &str,
    verifier: &mut Verifier,
    stubs: &mut Stubs,
    stretch: &Stretch,
    leaves: &[Leaf<'_>],
) -> Result<(), VerifyError> {
    for leaf in leaves {
        let octets = leaf_holds(slug, verifier, leaf)?;
        if leaf.entity_type == AuditRetirement::KIND.as_bytes() {
            stubs.claim(leaf.entity_id, &octets);
        }
        for tile in verifier.due().to_vec() {
            if let Some(stored) = stretch.tile(tile)? {
                verifier.tile(tile, &stored).map_err(|found| finding(slug, found))?;
            }
        }
    }
    Ok(())
}

/// Checks one leaf: the event by itself and against its past, and what search would say of it. Gives its octets, unpacked.
fn leaf_holds(slug: &str, verifier: &mut Verifier, leaf: &Leaf<'_>) -> Result<Vec<u8>, VerifyError> {
    let octets = unpacked(leaf.packed);
    let mut id = Uuid::encode_buffer();
    let event = StoredEvent {
        leaf_index: Some(leaf.leaf_index.unsigned_abs()),
        id: leaf.event.hyphenated().encode_lower(&mut id),
        hash: leaf.hash,
        bytes: &octets,
    };
    let fields = verifier.event(&event).map_err(|found| finding(slug, found))?;
    if leaf.says_the_same(&fields) {
        return Ok(octets);
    }
    Err(VerifyError::Projection { slug: slug.to_owned(), event: leaf.event, leaf: leaf.leaf_index })
}

fn finding(slug: &str, found: Finding) -> VerifyError {
    VerifyError::Finding { slug: slug.to_owned(), finding: Box::new(found) }
}

impl Leaf<'_> {
    /// Whether search would say of this event what its octets say.
    fn says_the_same(&self, fields: &EventFields<'_>) -> bool {
        fields.action.as_bytes() == self.action
            && fields.outcome.as_bytes() == self.outcome
            && fields.actor.kind.as_bytes() == self.actor_kind
            && match (fields.actor.id, self.actor_id) {
                (None, None) => true,
                (Some(text), Some(id)) => is_id(fields.actor.kind, text, id),
                _ => false,
            }
            && fields.entity.kind.as_bytes() == self.entity_type
            && is_id(fields.entity.kind, fields.entity.id, self.entity_id)
            && i64::try_from(fields.entity.revision).ok() == Some(self.revision)
            && is_time(fields.recorded_at, self.recorded_at)
    }
}

/// Compared as they are written: a million times over, this is quicker than to read or to copy them.
fn is_id(kind: &str, text: &str, id: Uuid) -> bool {
    if is_product(kind) {
        return product_id(kind, text) == *id.as_bytes();
    }
    text == id.hyphenated().encode_lower(&mut Uuid::encode_buffer())
}

fn is_time(text: &str, micros: i64) -> bool {
    Timestamp::parse(text).ok() == Some(Timestamp::from_micros(micros))
}
