//! Signing the heads of the trees, and keeping the signed checkpoints outside the database.
//!
//! The file is the authority: a tree is signed only if it extends what was signed last, and the database learns of a
//! checkpoint only after the file holds it. A database that went backwards is refused and named.

use std::sync::{Arc, Mutex};

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::{
    Hash,
    archive::Manifest,
    checkpoint::{Checkpoint, LogName, NoteSigner, SignedNote, VerifierKey},
    tree::{Needs, root_at},
};
use uuid::Uuid;

use super::{
    CheckpointStore, Latest, Missing, SignError,
    heads::{Known, SignedHead},
    integrate,
    notary::Notary,
    outside::{epoch_of, log_name},
    reader,
};
use crate::{
    Error, Store,
    conn::on,
    store::Quiet,
    tx::{Scope, View},
};

/// Tenants signed at most in one round.
const TENANTS: i64 = 1024;

/// Signs the heads of the trees.
#[derive(Clone)]
pub struct Signer {
    pub(super) store: Store,
    pub(super) outside: CheckpointStore,
    pub(super) origin: String,
    pub(super) key: Arc<dyn NoteSigner + Send + Sync>,
    pub(super) verifier: VerifierKey,
    /// What is known of the tree of heads since the first round.
    pub(super) known: Arc<Mutex<Option<Known>>>,
}

/// What a round of the signer did.
#[derive(Debug)]
pub struct Round {
    /// Logs that were signed.
    pub signed: usize,
    /// Logs that were not, and why: a refusal does not keep the others from being signed.
    pub refused: Vec<SignError>,
}

impl Signer {
    /// A signer of the logs `origin/tenant/…`. Fails on a key whose name a note cannot carry.
    pub fn new(
        store: Store,
        outside: CheckpointStore,
        origin: &str,
        key: Arc<dyn NoteSigner + Send + Sync>,
    ) -> Result<Self, Error> {
        let verifier =
            VerifierKey::new(key.name(), &key.public_key()).map_err(|e| Error::Proof(e.to_string()))?;
        // What is handed out of the logs is signed by the same key; the first signer of a store stands.
        store.shared.vouching.get_or_init(|| Arc::clone(&key));
        Ok(Self { store, outside, origin: origin.to_owned(), key, verifier, known: Arc::default() })
    }

    /// The public key under which the checkpoints verify.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Where the checkpoints lie.
    pub const fn outside(&self) -> &CheckpointStore {
        &self.outside
    }

    /// The origin of all logs of this server.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The epoch of a tenant's log that this name stands for; nothing for the names of other logs.
    pub fn epoch_of(&self, name: &str, tenant: TenantId) -> Option<u32> {
        epoch_of(name, &self.origin, tenant)
    }

    /// The name of the tree of heads.
    pub fn heads_name(&self) -> String {
        LogName::heads(&self.origin).to_string()
    }

    /// What of it anybody may know.
    pub fn notary(&self) -> Notary {
        Notary::new(&self.origin, &self.verifier)
    }

    /// Signs the manifest of an archived segment. Nothing but manifests and heads of trees is ever signed with this key.
    ///
    /// # Errors
    /// A manifest that cannot be written as a note.
    pub fn seal(&self, manifest: &Manifest) -> Result<String, Error> {
        manifest.sign(&*self.key).map_err(|e| Error::Proof(e.to_string()))
    }

    /// Refuses a database that holds less than was signed, or something else. Changes nothing.
    pub async fn check(&self) -> Result<(), SignError> {
        for tenant in self.outside.tenants()? {
            if let Some(latest) = self.outside.latest(tenant, &self.origin, &self.verifier)? {
                let mut view = self.store.view_keyless(tenant).await?;
                consistent(&mut view, &latest).await?;
            }
        }
        self.nothing_lost().await?;
        self.check_heads().await.map(drop)
    }

    /// Signs every tree that grew since it was signed last, up to a bound. Returns how many were signed.
    ///
    /// A log that is refused does not keep the others from being signed; the first refusal is the answer.
    pub async fn run(&self) -> Result<usize, SignError> {
        let round = self.round().await?;
        round.refused.into_iter().next().map_or(Ok(round.signed), Err)
    }

    /// As [`run`](Self::run), with every refusal.
    pub async fn round(&self) -> Result<Round, SignError> {
        let begun = self.begin_heads().await;
        let mut round = Round { signed: 0, refused: Vec::new() };
        let mut heads = Vec::new();
        for tenant in self.grown().await? {
            match self.sign(tenant).await {
                Ok(head) => {
                    round.signed += 1;
                    heads.push(head);
                }
                Err(SignError::Raced(_)) => {}
                Err(error) => round.refused.push(error),
            }
        }
        let noted = match begun {
            Ok(()) => self.note_heads(heads).await,
            Err(error) => Err(error),
        };
        round.refused.extend(noted.err());
        Ok(round)
    }

    /// Refuses a folder that has lost what was signed. The folder is written first, so it is never behind by itself.
    async fn nothing_lost(&self) -> Result<(), SignError> {
        let mut conn = self.store.shared.pool.read().await?;
        on!(conn, |c| job_scope(c).await)?;
        let signed: Vec<(Uuid, i64)> =
            on!(conn, |c| sqlx::query_as("SELECT tenant, signed FROM audit_tree WHERE signed > 0")
                .fetch_all(c)
                .await)
            .map_err(Error::from)?;
        drop(conn);
        for (tenant, signed) in signed {
            let (tenant, signed) = (TenantId::from(tenant), signed.unsigned_abs());
            let latest = self.outside.latest(tenant, &self.origin, &self.verifier)?;
            let outside = latest.map_or(0, |latest| latest.checkpoint.size);
            if outside < signed {
                return Err(SignError::Lost { tenant, signed, outside });
            }
        }
        Ok(())
    }

    async fn grown(&self) -> Result<Vec<TenantId>, SignError> {
        let mut conn = self.store.shared.pool.read().await?;
        on!(conn, |c| job_scope(c).await)?;
        let ids: Vec<Uuid> =
            on!(conn, |c| sqlx::query_scalar("SELECT tenant FROM audit_tree WHERE size > signed LIMIT $1")
                .bind(TENANTS)
                .fetch_all(c)
                .await)
            .map_err(Error::from)?;
        Ok(ids.into_iter().map(TenantId::from).collect())
    }

    async fn sign(&self, tenant: TenantId) -> Result<SignedHead, SignError> {
        let latest = self.outside.latest(tenant, &self.origin, &self.verifier)?;
        let mut view = self.store.view_keyless(tenant).await?;
        if let Some(latest) = &latest {
            consistent(&mut view, latest).await?;
        }
        let found = integrate::tree(&mut view.driver(), tenant).await;
        let (_, frontier) = found.map_err(|error| altered(tenant, error))?;
        let signed = signed(&mut view).await?;
        drop(view);
        // A new file in place of a lost one would make the loss good without a word.
        let before = latest.as_ref().map_or(0, |latest| latest.checkpoint.size);
        if before < signed {
            let now = self.outside.latest(tenant, &self.origin, &self.verifier)?;
            let outside = now.map_or(0, |latest| latest.checkpoint.size);
            return Err(if outside < signed {
                SignError::Lost { tenant, signed, outside }
            } else {
                SignError::Raced(tenant)
            });
        }
        let epoch = latest.as_ref().map_or(1, |latest| latest.epoch);
        let note = match latest {
            // The file was written, the database did not hear of it: a crash in between.
            Some(latest) if latest.checkpoint.size == frontier.size() => latest.note,
            latest => {
                let name = log_name(&self.origin, tenant, epoch);
                let note = self.note(&Checkpoint::new(name, frontier.size(), frontier.root()).to_string())?;
                let (outside, old, new) = (self.outside.clone(), latest.map(|l| l.note), note.clone());
                let swapped =
                    tokio::task::spawn_blocking(move || outside.swap(tenant, old.as_deref(), &new)).await;
                swapped.map_err(|e| Error::Proof(e.to_string()))??;
                note
            }
        };
        self.publish(tenant, frontier.size(), note).await?;
        Ok(SignedHead { tenant, epoch, size: frontier.size(), root: frontier.root() })
    }

    /// A text with this signer's signature under it.
    pub(super) fn note(&self, text: &str) -> Result<String, SignError> {
        let note = SignedNote::sign(text, &[&*self.key]).map_err(|e| Error::Proof(e.to_string()))?;
        Ok(note.to_string())
    }

    /// Tells the database, for whoever reads checkpoints there; the file stays the authority.
    async fn publish(&self, tenant: TenantId, size: u64, note: String) -> Result<(), SignError> {
        let size = i64::try_from(size).map_err(|_| Error::Proof("the tree is too large".into()))?;
        let mut tx = self.store.begin_keyless(tenant).await?;
        let now = tx.now();
        on!(tx, |c| {
            // Where it is noted already, nothing is inserted: the trigger of SQLite refuses that before any conflict is looked at.
            let inserted = sqlx::query("INSERT INTO audit_checkpoint (tenant, size, note, signed_at) SELECT $1, $2, $3, $4
                     WHERE NOT EXISTS (SELECT 1 FROM audit_checkpoint WHERE tenant = $1 AND size = $2) ON CONFLICT (tenant, size) DO NOTHING")
                .bind(tenant.uuid()).bind(size).bind(note.as_str()).bind(now.micros())
                .execute(&mut *c).await;
            match inserted {
                Ok(_) => sqlx::query("UPDATE audit_tree SET signed = $2 WHERE tenant = $1 AND signed < $2").bind(tenant.uuid()).bind(size).execute(&mut *c).await,
                error => error,
            }
            .map(drop)
        })
        .map_err(Error::from)?;
        Ok(self.store.commit_quietly(tx, Quiet::CheckpointPublished).await?)
    }
}

/// The size up to which the tenant's log was signed, as far as the database knows.
pub(crate) async fn signed(scope: &mut impl Scope) -> Result<u64, Error> {
    let tenant = scope.tenant();
    // Either of the two may have been made smaller by hand.
    let (noted, published): (i64, i64) = on!(scope, |c| {
        sqlx::query_as(
        "SELECT signed, (SELECT coalesce(max(size), 0) FROM audit_checkpoint WHERE tenant = $1) FROM audit_tree WHERE tenant = $1"
    )
    .bind(tenant.uuid())
    .fetch_one(c)
    .await
    })?;
    Ok(noted.max(published).unsigned_abs())
}

/// Whether the stored log extends what was signed.
pub(super) async fn consistent(view: &mut View, latest: &Latest) -> Result<(), SignError> {
    let tenant = view.tenant();
    let signed = &latest.checkpoint;
    let (_, frontier) = match integrate::tree(&mut view.driver(), tenant).await {
        // The tenant itself is gone.
        Err(Error::NotFound) => {
            let missing = missing(view, latest).await?;
            return Err(SignError::Rollback { tenant, signed: signed.size, stored: 0, missing });
        }
        found => found.map_err(|error| altered(tenant, error))?,
    };
    if frontier.size() < signed.size {
        let missing = missing(view, latest).await?;
        return Err(SignError::Rollback { tenant, signed: signed.size, stored: frontier.size(), missing });
    }
    let root: Option<Hash> = if frontier.size() == signed.size {
        Some(frontier.root())
    } else {
        let fetched = reader::fetch(&mut view.driver(), tenant, &Needs::root(signed.size)).await;
        let fetched = fetched.map_err(|error| altered(tenant, error))?;
        root_at(&fetched, signed.size).ok()
    };
    if root == Some(signed.root) {
        return Ok(());
    }
    let missing = missing(view, latest).await?;
    Err(SignError::Fork { tenant, size: signed.size, missing })
}

/// What was signed beyond the last checkpoint that the database knows of.
async fn missing(view: &mut View, latest: &Latest) -> Result<Missing, Error> {
    let tenant = view.tenant();
    let signed = latest.checkpoint.size;
    let at_most = i64::try_from(signed).unwrap_or(i64::MAX);
    let kept: Option<(i64, i64)> = on!(view, |c| {
        sqlx::query_as(
            "SELECT size, signed_at FROM audit_checkpoint WHERE tenant = $1 AND size <= $2 ORDER BY size DESC LIMIT 1",
        )
        .bind(tenant.uuid())
        .bind(at_most)
        .fetch_optional(c)
        .await
    })?;
    Ok(Missing {
        kept: kept.map_or(0, |(size, _)| size.unsigned_abs()),
        signed,
        kept_at: kept.map(|(_, at)| Timestamp::from_micros(at)),
        signed_at: latest.written,
    })
}

/// A part of the tree that cannot be read is a finding about its tenant, and no trouble with the database.
fn altered(tenant: TenantId, error: Error) -> SignError {
    match error {
        Error::Corrupt(what) => SignError::Altered { tenant, what },
        other => SignError::Store(other),
    }
}

/// Lets a transaction of PostgreSQL find the tenants with work; see the policies of the first migration.
pub(super) trait JobScope {
    async fn job_scope(self) -> Result<(), sqlx::Error>;
}

impl JobScope for &mut sqlx::SqliteConnection {
    async fn job_scope(self) -> Result<(), sqlx::Error> {
        Ok(())
    }
}

impl JobScope for &mut sqlx::PgConnection {
    async fn job_scope(self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT set_config('bailiwick.job', 'on', true)").execute(self).await.map(drop)
    }
}

pub(super) async fn job_scope(connection: impl JobScope) -> Result<(), Error> {
    Ok(connection.job_scope().await?)
}
