//! One walk over one tenant's log, in leaf order.

use bailiwick_proof::{
    event::scan,
    tile::{Tile, TileId},
    verify::{Finding, StoredEvent, Verified, Verifier},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{CHUNK, VerifyError};
use crate::{
    Error, Store,
    audit::{self, Latest, Signer, append::stored_hash, integrate},
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

/// A walk over one snapshot of one tenant.
pub(super) struct Walk {
    pub(super) view: View,
    slug: String,
}

impl Walk {
    pub(super) const fn new(view: View, slug: String) -> Self {
        Self { view, slug }
    }

    pub(super) async fn run(
        &mut self,
        store: &Store,
        signer: &Signer,
        outside: Option<Latest>,
        progress: impl FnMut(u64),
    ) -> Result<Verified, VerifyError> {
        let mut key = [0; 32];
        store.entropy().fill(&mut key);
        let mut verifier = Verifier::new(&self.view.tenant().to_string(), &key).with_tiles();
        if let Some(latest) = outside {
            self.found(verifier.checkpoint(&latest.checkpoint))?;
        }
        self.published(signer, &mut verifier).await?;
        match self.leaves(&mut verifier, progress).await {
            Err(VerifyError::Finding { finding, .. }) if matches!(*finding, Finding::RootMismatch { .. }) => {
                return Err(self.rewritten(*finding).await?);
            }
            walked => walked?,
        }
        for (id, hash, bytes) in self.waiting().await? {
            let event = StoredEvent {
                leaf_index: None,
                id: &id.to_string(),
                hash: stored_hash(&hash)?,
                bytes: &bytes,
            };
            self.found(verifier.event(&event))?;
        }
        self.placed().await?;
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

    /// The walk in leaf order.
    async fn leaves(
        &mut self,
        verifier: &mut Verifier,
        mut progress: impl FnMut(u64),
    ) -> Result<(), VerifyError> {
        let mut next = 0;
        loop {
            let rows = self.rows(next).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            next = last.leaf_index + 1;
            for row in &rows {
                self.leaf(verifier, row)?;
                for tile in verifier.due().to_vec() {
                    if let Some(stored) = self.tile(tile).await? {
                        self.found(verifier.tile(tile, &stored))?;
                    }
                }
            }
            progress(rows.len() as u64);
        }
    }

    fn leaf(&self, verifier: &mut Verifier, row: &Row) -> Result<(), VerifyError> {
        let (Some(hash), Some(bytes)) = (&row.hash, &row.bytes) else {
            return Err(VerifyError::Missing {
                slug: self.slug.clone(),
                event: row.event,
                leaf: row.leaf_index,
            });
        };
        let differs =
            || VerifyError::Projection { slug: self.slug.clone(), event: row.event, leaf: row.leaf_index };
        // First, because behind the last full tile this names an event where the root would only say that something is wrong.
        if row.leaf_hash != *hash {
            return Err(differs());
        }
        let event = StoredEvent {
            leaf_index: Some(row.leaf_index.unsigned_abs()),
            id: &row.event.to_string(),
            hash: stored_hash(hash)?,
            bytes,
        };
        self.found(verifier.event(&event))?;
        if row.says_the_same(bytes) { Ok(()) } else { Err(differs()) }
    }

    /// The checkpoints published in the database.
    async fn published(&mut self, signer: &Signer, verifier: &mut Verifier) -> Result<(), VerifyError> {
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
        for (size, note) in notes {
            match verifier.signed_checkpoint(
                note.as_bytes(),
                &signer.log_name(tenant),
                std::slice::from_ref(signer.verifier()),
            ) {
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

    /// Events without a leaf yet.
    pub(super) async fn waiting(&mut self) -> Result<Vec<(Uuid, Vec<u8>, Vec<u8>)>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| {
            sqlx::query_as(
            "SELECT e.id, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
             WHERE p.tenant = $1 ORDER BY p.recorded_at, p.event"
        )
        .bind(tenant.uuid())
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

    fn found<T>(&self, checked: Result<T, Finding>) -> Result<T, VerifyError> {
        checked.map_err(|finding| self.finding(finding))
    }

    pub(super) fn finding(&self, finding: Finding) -> VerifyError {
        VerifyError::Finding { slug: self.slug.clone(), finding: Box::new(finding) }
    }
}

impl Row {
    /// Whether search would say of this event what its octets say.
    fn says_the_same(&self, bytes: &[u8]) -> bool {
        let Ok(fields) = scan(bytes) else { return false };
        fields.action == self.action
            && fields.entity.kind == self.entity_type
            && fields.entity.id == self.entity_id.to_string()
            && i64::try_from(fields.entity.revision).ok() == Some(self.revision)
            && fields.recorded_at
                == bailiwick_domain::time::Timestamp::from_micros(self.recorded_at).to_string()
            && self.names_actor_and_outcome(bytes).unwrap_or(false)
    }

    /// Actor and outcome, found by their keys: the octets are canonical, so the actor is the second member, and behind the
    /// outcome comes no member that holds another one.
    fn names_actor_and_outcome(&self, bytes: &[u8]) -> Option<bool> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (_, actor) = text.split_once("\"actor\":{")?;
        let (actor, _) = actor.split_once('}')?;
        let id = self.actor_id.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
        let (_, outcome) = text.rsplit_once("\"outcome\":\"")?;
        let (outcome, _) = outcome.split_once('"')?;
        Some(
            actor.ends_with(&format!("\"id\":{id},\"kind\":\"{}\"", self.actor_kind))
                && outcome == self.outcome,
        )
    }
}
