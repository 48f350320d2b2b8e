//! The tree of heads: a log of what every tenant's log looked like, signed like the others and kept outside the database,
//! so that nobody takes a whole tenant away, or sets one back, unseen.
//!
//! It grows when a tenant is signed for the first time, and then at most every [`EVERY`] for each tenant. The leaves are
//! written first, then the checkpoint over them: after a crash in between, the leaves that nobody signed make way.

mod file;
mod known;
mod note;
mod report;
mod witnessed;

use std::sync::{Mutex, MutexGuard, PoisonError};

use bailiwick_domain::{
    ids::TenantId,
    time::{Span, Timestamp},
};
use bailiwick_proof::{
    Hash,
    checkpoint::{Checkpoint, SignedNote},
};

pub(super) use known::Known;
pub use note::{RegionHead, region_head};
pub use report::HeadsReport;

use super::{SignError, Signer};
use crate::Error;

/// The checkpoint of the tree of heads.
const NOTE: &str = "heads.note";

/// How often a head of one tenant is noted at most.
const EVERY: Span = Span::minutes(10);

/// The head of a log that was signed just now.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedHead {
    pub(super) tenant: TenantId,
    pub(super) epoch: u32,
    pub(super) size: u64,
    pub(super) root: Hash,
}

impl Signer {
    /// The signed checkpoint of the tree of heads; nothing before the first.
    fn heads_checkpoint(&self) -> Result<Option<(SignedNote, Checkpoint)>, SignError> {
        let Some(note) = self.outside.read(NOTE)? else { return Ok(None) };
        let refused = |cause: &dyn std::fmt::Display| SignError::Heads(cause.to_string());
        let keys = std::slice::from_ref(&self.verifier);
        let checkpoint =
            Checkpoint::open(note.as_bytes(), &self.heads_name(), keys).map_err(|e| refused(&e))?;
        Ok(Some((SignedNote::parse(note.as_bytes()).map_err(|e| refused(&e))?, checkpoint)))
    }

    /// What stands for a tenant.
    fn head_tag(&self, tenant: TenantId) -> [u8; 32] {
        self.store.shared.keys.directory.head_tag(&tenant.bytes())
    }

    /// The tenant that a tag stands for; nothing for a tag of another root key.
    fn tenant_of_head(&self, tag: &[u8; 32]) -> Option<TenantId> {
        self.store.shared.keys.directory.tenant_of_head(tag).map(TenantId::from_bytes)
    }

    /// What is on the disk has to be what was signed.
    fn leaves_of(&self, checkpoint: &Checkpoint) -> Result<file::Leaves, SignError> {
        let leaves = file::Leaves::open(self.outside.folder()).map_err(|cause| self.heads_io(cause))?;
        let leaves = leaves.ok_or_else(|| SignError::Heads("its leaves are missing".into()))?;
        let count = leaves.count().map_err(|cause| self.heads_io(cause))?;
        if count < checkpoint.size {
            let text = format!("{} heads were signed, {count} are there", checkpoint.size);
            return Err(SignError::Heads(text));
        }
        Ok(leaves)
    }

    fn heads_io(&self, cause: std::io::Error) -> SignError {
        SignError::Io { path: self.outside.folder().join("heads.log"), cause }
    }
}

/// Runs what waits for files where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SignError> + Send + 'static,
) -> Result<T, SignError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Proof(error.to_string()))?
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked left either what was known before or nothing, and both are true.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Microseconds since 1970, as heads have them.
fn micros(at: Timestamp) -> u64 {
    at.micros().unsigned_abs()
}

fn moment(micros: u64) -> Timestamp {
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
