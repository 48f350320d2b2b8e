//! Feeding the independent verifier from the database: one walk per tenant, in constant memory.

mod chains;
mod index;
mod part;
mod retired;
mod stretch;
mod walk;

use std::collections::HashSet;

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{
    checkpoint::{CheckpointError, EpochStatement},
    verify::{Finding, Verified},
};
use uuid::Uuid;

pub use self::index::verify_index;
pub(super) use self::part::{Chains, Part};
use self::walk::Walk;
use super::{HeadsReport, Latest, Missing, Notary, SignError, Signer};
use crate::{
    Error, Store, audit, tenants,
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
    /// The further epochs of the log: what each began from, and what was lost before it.
    pub epochs: Vec<EpochStatement>,
}

/// What was verified of all logs and of the tree of their heads.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Each tenant's log.
    pub reports: Vec<Report>,
    /// The tree of heads; nothing where nothing was ever signed.
    pub heads: Option<HeadsReport>,
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
    /// An event has a place in the tree, and its octets are gone.
    #[error("tenant {slug}: event {event} at leaf {leaf} is missing")]
    Missing {
        /// The tenant's short name.
        slug: String,
        /// The event.
        event: Uuid,
        /// Its leaf.
        leaf: i64,
    },
    /// What is left of an event that the retention is said to have taken is not what its record in the log accounts for.
    #[error("tenant {slug}: leaf {leaf} is said to be retired, and {why}")]
    Retired {
        /// The tenant's short name.
        slug: String,
        /// The leaf, or the first of the taking.
        leaf: i64,
        /// What is wrong, as it goes on a sentence.
        why: &'static str,
    },
    /// An event that no leaf and no place among the waiting ones accounts for, or a place without its event.
    #[error("tenant {slug}: event {event} and its place in the log do not belong together")]
    Stray {
        /// The tenant's short name.
        slug: String,
        /// The event.
        event: Uuid,
    },
    /// A checkpoint published in the database is not by this server's key.
    #[error("tenant {slug}: the checkpoint published at {size} events is refused: {cause}")]
    Published {
        /// The tenant's short name.
        slug: String,
        /// The size it is stored under.
        size: i64,
        /// Why.
        cause: CheckpointError,
    },
    /// The stored edge of the tree is not the one that its events have.
    #[error(
        "tenant {slug}: the stored tree of {stored} events is not the one of the {found} events there are"
    )]
    Tree {
        /// The tenant's short name.
        slug: String,
        /// The stored size.
        stored: i64,
        /// The events read.
        found: u64,
    },
    /// A tenant without the row of its tree, which every tenant has from the moment that it is there.
    #[error("tenant {slug}: the stored tree of the log is missing (no row in audit_tree for {tenant})")]
    NoTree {
        /// The tenant's short name.
        slug: String,
        /// The tenant.
        tenant: TenantId,
    },
    /// What search goes along does not fit the records, which hold.
    #[error(
        "tenant {slug}: the search index lies about {what}: a search may miss records, or count others than there are. The log itself is whole"
    )]
    Index {
        /// The tenant's short name.
        slug: String,
        /// About what, as it goes on a sentence.
        what: String,
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

/// Checks every event of every tenant: hashes, entity chains, tree, tiles, signatures, and the checkpoint outside the
/// database. Stops at the first record that does not fit, or at a tenant whose checkpoint was taken away or set back.
pub async fn verify_all(
    store: &Store,
    signer: &Signer,
    progress: impl FnMut(Progress),
) -> Result<Vec<Report>, VerifyError> {
    verify_everything(store, signer, progress).await.map(|verdict| verdict.reports)
}

/// As [`verify_all`], and says what the tree of heads holds, which misses whatever tenant vanished whole.
pub async fn verify_everything(
    store: &Store,
    signer: &Signer,
    mut progress: impl FnMut(Progress),
) -> Result<Verdict, VerifyError> {
    // The tree of heads before the folder, and the folder before the database, here and below: what was signed in between
    // must not look like something lost.
    let heads = signer.read_heads().await;
    let outside = signer.outside().tenants()?;
    let tenants = tenants::all(store).await?;
    // A tenant that vanished together with its log is seen by the checkpoint it left behind.
    for tenant in outside {
        if !tenants.iter().any(|known| known.id == tenant) {
            let latest = signer.outside().latest(tenant, signer.origin(), signer.verifier())?;
            let (signed, signed_at) = latest.map_or((0, None), |l| (l.checkpoint.size, l.written));
            let missing = Missing { kept: 0, signed, kept_at: None, signed_at };
            return Err(SignError::Rollback { tenant, signed, stored: 0, missing }.into());
        }
    }
    let notary = signer.notary();
    let mut total = 0;
    for tenant in &tenants {
        total += match audit::total(&mut store.view_keyless(tenant.id).await?).await {
            Ok(size) => size.unsigned_abs(),
            Err(Error::NotFound) => {
                return Err(VerifyError::NoTree { slug: tenant.slug.clone(), tenant: tenant.id });
            }
            Err(error) => return Err(error.into()),
        };
    }
    let known: HashSet<_> = tenants.iter().map(|tenant| tenant.id).collect();
    let mut done = 0;
    let mut reports = Vec::with_capacity(tenants.len());
    for tenant in tenants {
        let latest = signer.outside().latest(tenant.id, signer.origin(), signer.verifier())?;
        let signed = latest.as_ref().map(|latest| latest.checkpoint.size);
        let mut view = store.view_keyless(tenant.id).await?;
        let epoch = latest.as_ref().map_or(1, |latest| latest.epoch);
        let epochs = signer.account_epochs(&mut view, epoch).await?;
        let mut walk = Walk::new(view, tenant.slug.clone());
        let walked = walk.run(store, &notary, latest, &epochs, |events| {
            done += events;
            progress(Progress { events: done, total });
        });
        let verified = walked.await?;
        not_lost(walk.view, signer, signed).await?;
        reports.push(Report { tenant: tenant.id, slug: tenant.slug, verified, signed, epochs });
    }
    let heads = signer.judge_heads(heads?, &known).await?;
    Ok(Verdict { reports, heads })
}

/// Checks a part of one log in the transaction of `view`, against this checkpoint from outside, and gives the view back.
pub(super) async fn verify_in(
    store: &Store,
    notary: &Notary,
    view: View,
    slug: &str,
    part: &Part,
    outside: Option<Latest>,
) -> (View, Result<Verified, VerifyError>) {
    let mut walk = Walk::of_a_part(view, slug.to_owned(), part.clone());
    // What its epochs kept is for whoever holds the folder; a copy has its own checkpoints.
    let walked = walk.run(store, notary, outside, &[], |_| {}).await;
    (walk.view, walked)
}

/// Refuses a checkpoint that is older than one the database knows of, or gone. A tenant that was never signed has none.
async fn not_lost(mut view: View, signer: &Signer, outside: Option<u64>) -> Result<(), VerifyError> {
    let tenant = view.tenant();
    let signed = audit::signed(&mut view).await?;
    if signed <= outside.unwrap_or(0) {
        return Ok(());
    }
    // Signed between the look into the folder and the snapshot: then the folder, which is written first, holds it by now.
    let latest = signer.outside().latest(tenant, signer.origin(), signer.verifier())?;
    let outside = latest.map_or(0, |latest| latest.checkpoint.size);
    if outside < signed { Err(SignError::Lost { tenant, signed, outside }.into()) } else { Ok(()) }
}
