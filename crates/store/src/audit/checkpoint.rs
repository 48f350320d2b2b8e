//! Signing the heads of the trees, and keeping the signed checkpoints outside the database.
//!
//! The file is the authority: a tree is signed only if it extends what was signed last, and the database learns of a
//! checkpoint only after the file holds it. A database that went backwards is refused and named.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{
    Hash,
    checkpoint::{Checkpoint, CheckpointError, MAX_NOTE_BYTES, NoteSigner, SignedNote, VerifierKey},
    tree::{Needs, root_at},
};
use uuid::Uuid;

use super::{integrate, reader};
use crate::{
    Error, Store,
    conn::on,
    store::Quiet,
    tx::{Scope, View},
};

/// Octets of a signed checkpoint at most; a larger file is something else.
const LARGEST: u64 = MAX_NOTE_BYTES as u64;
/// Tenants signed at most in one round.
const TENANTS: i64 = 1024;

/// Why a tree was not signed, or the server may not start over this database.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The database holds less than was signed.
    #[error(
        "the audit log of tenant {tenant} was rolled back: {signed} events were signed, the database holds {stored}"
    )]
    Rollback {
        /// Whose log.
        tenant: TenantId,
        /// Events under the last checkpoint.
        signed: u64,
        /// Events in the database.
        stored: u64,
    },
    /// The database holds another history than was signed.
    #[error("the audit log of tenant {tenant} is not the one whose first {size} events were signed")]
    Fork {
        /// Whose log.
        tenant: TenantId,
        /// The size of the checkpoint that does not fit.
        size: u64,
    },
    /// The database remembers a newer checkpoint than the folder holds: files were deleted or set back.
    #[error(
        "the checkpoint of tenant {tenant} is missing or too old: {signed} events were signed, the folder vouches for {outside}"
    )]
    Lost {
        /// Whose log.
        tenant: TenantId,
        /// Events that the database knows to be signed.
        signed: u64,
        /// Events under the checkpoint that is there; none without one.
        outside: u64,
    },
    /// A checkpoint outside the database is not by this server's key, or not a checkpoint.
    #[error("the checkpoint of tenant {tenant} is refused: {cause}")]
    Refused {
        /// Whose log.
        tenant: TenantId,
        /// Why.
        cause: CheckpointError,
    },
    /// What is stored of the tree cannot be what this program wrote.
    #[error("the stored tree of the audit log of tenant {tenant} was altered: {what}")]
    Altered {
        /// Whose log.
        tenant: TenantId,
        /// What is wrong with it.
        what: String,
    },
    /// Another process signed in between; the next round takes it from there.
    #[error("another process signed the log of tenant {0} in between")]
    Raced(TenantId),
    /// The folder of checkpoints.
    #[error("the checkpoints in {path} cannot be used: {cause}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A folder with the newest checkpoint of every tenant, apart from the database: another disk, another backup.
#[derive(Clone, Debug)]
pub struct CheckpointStore {
    folder: PathBuf,
}

/// A tenant's newest checkpoint.
#[derive(Clone, Debug)]
pub struct Latest {
    /// The signed note.
    pub note: String,
    /// What it says; its signature is checked.
    pub checkpoint: Checkpoint,
}

impl CheckpointStore {
    /// Opens the folder, creating it with access for this account only.
    pub fn open(folder: &Path) -> Result<Self, SignError> {
        let io = |cause| SignError::Io { path: folder.to_owned(), cause };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(io)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the folder is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every tenant that has a checkpoint.
    pub fn tenants(&self) -> Result<Vec<TenantId>, SignError> {
        let io = |cause| SignError::Io { path: self.folder.clone(), cause };
        let mut tenants = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            if let Some(id) = name
                .to_str()
                .and_then(|name| name.strip_suffix(".checkpoint"))
                .and_then(|id| TenantId::from_str(id).ok())
            {
                tenants.push(id);
            }
        }
        tenants.sort_unstable();
        Ok(tenants)
    }

    /// The newest checkpoint of a tenant, its signature checked.
    pub fn latest(
        &self,
        tenant: TenantId,
        origin: &str,
        key: &VerifierKey,
    ) -> Result<Option<Latest>, SignError> {
        let Some(note) = self.read(tenant)? else { return Ok(None) };
        let checkpoint =
            Checkpoint::open(note.as_bytes(), &log_name(origin, tenant), std::slice::from_ref(key))
                .map_err(|cause| SignError::Refused { tenant, cause })?;
        Ok(Some(Latest { note, checkpoint }))
    }

    fn read(&self, tenant: TenantId) -> Result<Option<String>, SignError> {
        let path = self.path(tenant);
        match read_note(&path) {
            Ok(note) => Ok(Some(note)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(SignError::Io { path, cause }),
        }
    }

    /// Replaces `expected` by `note` if it is still what the file holds. After a crash the file holds one or the other.
    fn swap(&self, tenant: TenantId, expected: Option<&str>, note: &str) -> Result<(), SignError> {
        let path = self.path(tenant);
        let io = |cause| SignError::Io { path: path.clone(), cause };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(".lock"))
            .map_err(io)?;
        // Held until the file is closed at the end of this function; other processes wait here.
        lock.lock().map_err(io)?;
        if self.read(tenant)?.as_deref() != expected {
            return Err(SignError::Raced(tenant));
        }
        let fresh = self.folder.join(format!("{tenant}.new"));
        let mut file = File::create(&fresh).map_err(io)?;
        file.write_all(note.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(&fresh, &path).map_err(io)?;
        // The rename itself is on disk once the folder is.
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(io)
    }

    fn path(&self, tenant: TenantId) -> PathBuf {
        self.folder.join(format!("{tenant}.checkpoint"))
    }
}

/// Reads a file that holds a checkpoint, and none that is something else: a device has no end, a pipe perhaps no beginning.
fn read_note(path: &Path) -> io::Result<String> {
    let refused = || io::Error::other("not a checkpoint: it has to be a regular file of 256 KiB at most");
    // Asked before opening, because opening a pipe would wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(refused());
    }
    let mut note = String::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_string(&mut note)?;
    if read as u64 > LARGEST { Err(refused()) } else { Ok(note) }
}

/// The name of a tenant's log in its checkpoints.
fn log_name(origin: &str, tenant: TenantId) -> String {
    format!("{origin}/tenant/{tenant}")
}

/// Signs the heads of the trees.
#[derive(Clone)]
pub struct Signer {
    store: Store,
    outside: CheckpointStore,
    origin: String,
    key: Arc<dyn NoteSigner + Send + Sync>,
    verifier: VerifierKey,
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
        Ok(Self { store, outside, origin: origin.to_owned(), key, verifier })
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

    /// The name of one tenant's log.
    pub fn log_name(&self, tenant: TenantId) -> String {
        log_name(&self.origin, tenant)
    }

    /// Refuses a database that holds less than was signed, or something else. Changes nothing.
    pub async fn check(&self) -> Result<(), SignError> {
        for tenant in self.outside.tenants()? {
            if let Some(latest) = self.outside.latest(tenant, &self.origin, &self.verifier)? {
                let mut view = self.store.view(tenant).await?;
                consistent(&mut view, &latest.checkpoint).await?;
            }
        }
        self.nothing_lost().await
    }

    /// Signs every tree that grew since it was signed last, up to a bound. Returns how many were signed.
    ///
    /// A log that is refused does not keep the others from being signed; the first refusal is the answer.
    pub async fn run(&self) -> Result<usize, SignError> {
        let mut signed = 0;
        let mut refused = None;
        for tenant in self.grown().await? {
            match self.sign(tenant).await {
                Ok(()) => signed += 1,
                Err(SignError::Raced(_)) => {}
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        refused.map_or(Ok(signed), Err)
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

    async fn sign(&self, tenant: TenantId) -> Result<(), SignError> {
        let latest = self.outside.latest(tenant, &self.origin, &self.verifier)?;
        let mut view = self.store.view(tenant).await?;
        if let Some(latest) = &latest {
            consistent(&mut view, &latest.checkpoint).await?;
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
        let note = match latest {
            // The file was written, the database did not hear of it: a crash in between.
            Some(latest) if latest.checkpoint.size == frontier.size() => latest.note,
            latest => {
                let text = Checkpoint::new(log_name(&self.origin, tenant), frontier.size(), frontier.root())
                    .to_string();
                let note = SignedNote::sign(&text, &[&*self.key])
                    .map_err(|e| Error::Proof(e.to_string()))?
                    .to_string();
                let (outside, old, new) = (self.outside.clone(), latest.map(|l| l.note), note.clone());
                let swapped =
                    tokio::task::spawn_blocking(move || outside.swap(tenant, old.as_deref(), &new)).await;
                swapped.map_err(|e| Error::Proof(e.to_string()))??;
                note
            }
        };
        self.publish(tenant, frontier.size(), note).await
    }

    /// Tells the database, for whoever reads checkpoints there; the file stays the authority.
    async fn publish(&self, tenant: TenantId, size: u64, note: String) -> Result<(), SignError> {
        let size = i64::try_from(size).map_err(|_| Error::Proof("the tree is too large".into()))?;
        let mut tx = self.store.begin(tenant).await?;
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
async fn consistent(view: &mut View, signed: &Checkpoint) -> Result<(), SignError> {
    let tenant = view.tenant();
    let (_, frontier) = match integrate::tree(&mut view.driver(), tenant).await {
        // The tenant itself is gone.
        Err(Error::NotFound) => return Err(SignError::Rollback { tenant, signed: signed.size, stored: 0 }),
        found => found.map_err(|error| altered(tenant, error))?,
    };
    if frontier.size() < signed.size {
        return Err(SignError::Rollback { tenant, signed: signed.size, stored: frontier.size() });
    }
    let root: Option<Hash> = if frontier.size() == signed.size {
        Some(frontier.root())
    } else {
        let fetched = reader::fetch(&mut view.driver(), tenant, &Needs::root(signed.size)).await;
        let fetched = fetched.map_err(|error| altered(tenant, error))?;
        root_at(&fetched, signed.size).ok()
    };
    if root == Some(signed.root) { Ok(()) } else { Err(SignError::Fork { tenant, size: signed.size }) }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn nobody_has_the_signer_read_a_file_without_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = CheckpointStore::open(folder.path()).unwrap();
        let tenant = TenantId::from_str("0193a7c2-7b1e-7000-8000-000000000001").unwrap();
        assert!(store.read(tenant).unwrap().is_none());
        let path = store.path(tenant);
        let largest = "x".repeat(MAX_NOTE_BYTES);
        fs::write(&path, &largest).unwrap();
        assert_eq!(store.read(tenant).unwrap().unwrap(), largest);
        let refused = || {
            let error = store.read(tenant).unwrap_err().to_string();
            assert!(error.contains("regular file of 256 KiB at most"), "{error}");
        };
        fs::write(&path, format!("{largest}x")).unwrap();
        refused();
        for other in ["/dev/zero", "/"] {
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(other, &path).unwrap();
            refused();
        }
    }
}
