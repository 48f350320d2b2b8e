//! Feeding the independent verifier from the database: one walk per tenant, in constant memory.

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{
    Hash,
    event::scan,
    tile::{Tile, TileId},
    verify::{ChainWalker, Finding, StoredEvent, Verified, Verifier},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Signer, append::stored_hash, checkpoint::SignError};
use crate::{
    Error, Store, audit, conn::on, tenants,
    tx::{Scope, View},
};

/// Rows read at once: some megabytes at most.
const CHUNK: i64 = 2048;

/// How far a verification has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Events checked so far, over all tenants.
    pub events: u64,
    /// Events there are.
    pub total: u64,
}

/// What was verified in one tenant's log.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose log.
    pub tenant: TenantId,
    /// The tenant's short name.
    pub slug: String,
    /// What was proved.
    pub verified: Verified,
    /// The size that the checkpoint outside the database vouches for.
    pub signed: Option<u64>,
}

/// Why a verification ended early.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The first record that does not fit.
    #[error("tenant {slug}: {finding}")]
    Finding {
        /// The tenant's short name.
        slug: String,
        /// The record and what is wrong with it.
        finding: Box<Finding>,
    },
    /// The search row of an event says something else than the event.
    #[error("tenant {slug}: the search row of event {event} at leaf {leaf} differs from the event itself")]
    Projection {
        /// The tenant's short name.
        slug: String,
        /// The event.
        event: Uuid,
        /// Its leaf.
        leaf: i64,
    },
    /// The checkpoints outside the database.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    event: Uuid,
    hash: Vec<u8>,
    leaf_hash: Vec<u8>,
    bytes: Vec<u8>,
    recorded_at: i64,
    action: String,
    entity_type: String,
    entity_id: Uuid,
    revision: i64,
}

/// Checks every event of every tenant: hashes, entity chains, tree, tiles, signatures, and the checkpoint outside the
/// database. Stops at the first record that does not fit.
pub async fn verify_all(store: &Store, signer: &Signer, mut progress: impl FnMut(Progress)) -> Result<Vec<Report>, VerifyError> {
    let tenants = tenants::all(store).await?;
    // A tenant that vanished together with its log is seen by the checkpoint it left behind.
    for tenant in signer.outside().tenants()? {
        if !tenants.iter().any(|known| known.id == tenant) {
            let signed = signer.outside().latest(tenant, signer.origin(), signer.verifier())?.map_or(0, |l| l.checkpoint.size);
            return Err(SignError::Rollback { tenant, signed, stored: 0 }.into());
        }
    }
    let mut total = 0;
    for tenant in &tenants {
        total += audit::total(&mut store.view(tenant.id).await?).await?.unsigned_abs();
    }
    let mut done = 0;
    let mut reports = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let slug = tenant.slug;
        let mut walk = Walk { view: store.view(tenant.id).await?, slug: slug.clone() };
        let verified = walk.run(store, signer, |events| {
            done += events;
            progress(Progress { events: done, total });
        });
        let (verified, signed) = verified.await?;
        reports.push(Report { tenant: tenant.id, slug, verified, signed });
    }
    Ok(reports)
}

struct Walk {
    view: View,
    slug: String,
}

impl Walk {
    async fn run(&mut self, store: &Store, signer: &Signer, mut progress: impl FnMut(u64)) -> Result<(Verified, Option<u64>), VerifyError> {
        let tenant = self.view.tenant().to_string();
        let mut key = [0; 32];
        store.entropy().fill(&mut key);
        let mut verifier = Verifier::new(&tenant, &key).with_tiles();
        let signed = self.checkpoints(signer, &mut verifier).await?;
        let mut next = 0;
        loop {
            let rows = self.leaves(next).await?;
            let Some(last) = rows.last() else { break };
            next = last.leaf_index + 1;
            for row in &rows {
                self.leaf(&mut verifier, row)?;
                for tile in verifier.due().to_vec() {
                    if let Some(stored) = self.tile(tile).await? {
                        self.found(verifier.tile(tile, &stored))?;
                    }
                }
            }
            progress(rows.len() as u64);
        }
        for (id, hash, bytes) in self.waiting().await? {
            let event = StoredEvent { leaf_index: None, id: &id.to_string(), hash: stored_hash(&hash)?, bytes: &bytes };
            self.found(verifier.event(&event))?;
        }
        self.heads(&mut verifier).await?;
        match verifier.finish() {
            Ok(verified) => Ok((verified, signed)),
            Err(Finding::ChainBroken { tenant }) => Err(self.broken_chain(tenant).await?),
            Err(finding) => Err(self.finding(finding)),
        }
    }

    fn leaf(&self, verifier: &mut Verifier, row: &Row) -> Result<(), VerifyError> {
        let event = StoredEvent { leaf_index: Some(row.leaf_index.unsigned_abs()), id: &row.event.to_string(), hash: stored_hash(&row.hash)?, bytes: &row.bytes };
        self.found(verifier.event(&event))?;
        let same = scan(&row.bytes).is_ok_and(|fields| {
            row.leaf_hash == row.hash
                && fields.action == row.action
                && fields.entity.kind == row.entity_type
                && fields.entity.id == row.entity_id.to_string()
                && i64::try_from(fields.entity.revision).ok() == Some(row.revision)
                && fields.recorded_at == bailiwick_domain::time::Timestamp::from_micros(row.recorded_at).to_string()
        });
        if same { Ok(()) } else { Err(VerifyError::Projection { slug: self.slug.clone(), event: row.event, leaf: row.leaf_index }) }
    }

    /// The checkpoint outside the database and those published in it.
    async fn checkpoints(&mut self, signer: &Signer, verifier: &mut Verifier) -> Result<Option<u64>, VerifyError> {
        let tenant = self.view.tenant();
        let outside = signer.outside().latest(tenant, signer.origin(), signer.verifier())?;
        if let Some(latest) = &outside {
            self.found(verifier.checkpoint(&latest.checkpoint))?;
        }
        let view = &mut self.view;
        // The newest and, further back, ever fewer: enough to bound where a rewritten history begins.
        let notes: Vec<String> = on!(view, |c| sqlx::query_scalar(
            "SELECT note FROM (SELECT note, size, row_number() OVER (ORDER BY size DESC) AS place FROM audit_checkpoint WHERE tenant = $1) AS c
             WHERE place <= 64 OR place % 64 = 0 ORDER BY size LIMIT 1024"
        )
        .bind(tenant.uuid())
        .fetch_all(c)
        .await)?;
        for note in notes {
            self.found(verifier.signed_checkpoint(note.as_bytes(), &signer.log_name(tenant), std::slice::from_ref(signer.verifier())))?;
        }
        Ok(outside.map(|latest| latest.checkpoint.size))
    }

    async fn leaves(&mut self, from: i64) -> Result<Vec<Row>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| sqlx::query_as(
            "SELECT l.leaf_index, l.event, e.hash, l.hash AS leaf_hash, e.bytes, l.recorded_at, l.action, l.entity_type, l.entity_id, l.revision
             FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.leaf_index >= $2 ORDER BY l.leaf_index LIMIT $3"
        )
        .bind(tenant.uuid())
        .bind(from)
        .bind(CHUNK)
        .fetch_all(c)
        .await)?)
    }

    async fn waiting(&mut self) -> Result<Vec<(Uuid, Vec<u8>, Vec<u8>)>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| sqlx::query_as(
            "SELECT e.id, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
             WHERE p.tenant = $1 ORDER BY p.recorded_at, p.event"
        )
        .bind(tenant.uuid())
        .fetch_all(c)
        .await)?)
    }

    async fn tile(&mut self, id: TileId) -> Result<Option<Tile>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let index = i64::try_from(id.index).map_err(|_| Error::Proof("the tree is too large".into()))?;
        let bytes: Option<Vec<u8>> = on!(view, |c| sqlx::query_scalar("SELECT hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx = $3")
            .bind(tenant.uuid())
            .bind(i64::from(id.level))
            .bind(index)
            .fetch_optional(c)
            .await)?;
        Ok(bytes.map(|bytes| Tile::from_bytes(&bytes)).transpose().map_err(|e| Error::Corrupt(e.to_string()))?)
    }

    async fn heads(&mut self, verifier: &mut Verifier) -> Result<(), VerifyError> {
        let mut after = (String::new(), Uuid::nil());
        loop {
            let heads = self.heads_after(&after).await?;
            let Some((kind, id, ..)) = heads.last() else { return Ok(()) };
            after = (kind.clone(), *id);
            for (kind, id, revision, hash) in &heads {
                self.found(verifier.head(kind, &id.to_string(), revision.unsigned_abs(), &stored_hash(hash)?))?;
            }
        }
    }

    async fn heads_after(&mut self, after: &(String, Uuid)) -> Result<Vec<(String, Uuid, i64, Vec<u8>)>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        Ok(on!(view, |c| sqlx::query_as(
            "SELECT entity_type, entity_id, revision, hash FROM audit_head WHERE tenant = $1 AND (entity_type, entity_id) > ($2, $3)
             ORDER BY entity_type, entity_id LIMIT $4"
        )
        .bind(tenant.uuid())
        .bind(after.0.as_str())
        .bind(after.1)
        .bind(CHUNK)
        .fetch_all(c)
        .await)?)
    }

    /// The slower walk that names the link. Only taken once something is known to be wrong.
    async fn broken_chain(&mut self, tenant: String) -> Result<VerifyError, VerifyError> {
        let mut walker = ChainWalker::new(&tenant);
        let mut after = (String::new(), Uuid::nil());
        loop {
            let heads = self.heads_after(&after).await?;
            let Some((kind, id, ..)) = heads.last() else { break };
            after = (kind.clone(), *id);
            for (kind, id, revision, hash) in &heads {
                if let Err(finding) = self.walk_entity(&mut walker, kind, *id, *revision, &stored_hash(hash)?).await? {
                    return Ok(self.finding(finding));
                }
            }
        }
        let finding = walker.finish().err().unwrap_or(Finding::ChainBroken { tenant });
        Ok(self.finding(finding))
    }

    async fn walk_entity(&mut self, walker: &mut ChainWalker, kind: &str, id: Uuid, revision: i64, hash: &Hash) -> Result<Result<(), Finding>, VerifyError> {
        let view = &mut self.view;
        let tenant = view.tenant();
        let events: Vec<(i64, Uuid, Vec<u8>, Vec<u8>)> = on!(view, |c| sqlx::query_as(
            "SELECT l.leaf_index, e.id, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 ORDER BY l.revision"
        )
        .bind(tenant.uuid())
        .bind(kind)
        .bind(id)
        .fetch_all(c)
        .await)?;
        for (leaf, event, hash, bytes) in &events {
            let stored = StoredEvent { leaf_index: Some(leaf.unsigned_abs()), id: &event.to_string(), hash: stored_hash(hash)?, bytes };
            if let Err(finding) = walker.event(&stored) {
                return Ok(Err(finding));
            }
        }
        Ok(walker.head(kind, &id.to_string(), revision.unsigned_abs(), hash))
    }

    fn found<T>(&self, checked: Result<T, Finding>) -> Result<T, VerifyError> {
        checked.map_err(|finding| self.finding(finding))
    }

    fn finding(&self, finding: Finding) -> VerifyError {
        VerifyError::Finding { slug: self.slug.clone(), finding: Box::new(finding) }
    }
}
