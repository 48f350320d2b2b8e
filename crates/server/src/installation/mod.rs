//! An installation: keys, database, signing key and checkpoints, opened in this order. Whatever does not fit is refused
//! before anything was changed.

mod application;
mod archive;
mod columnar;
mod countries;
mod create;
pub(crate) mod database;
mod documents;
pub(crate) mod keys;
pub(crate) mod mail;
mod packs;
pub(crate) mod passwords;
pub(crate) mod signing;
pub(crate) mod witnesses;

use std::sync::Arc;

use bailiwick_domain::clock::{Clock, Entropy};
use bailiwick_ops::exports::Spool;
use bailiwick_store::{
    Jobs, Regions, Store,
    audit::{CheckpointStore, SignError, Signer},
    regions::{self, RegionError},
};
use bailiwick_vault::{entropy::SystemEntropy, provider::KeyProvider};

pub(crate) use application::{application, outside, reach};
pub(crate) use archive::archive;
pub(crate) use countries::countries;
pub(crate) use create::{Undo, create};
pub(crate) use documents::cabinet;
pub(crate) use packs::catalogue;

use crate::{
    config::{Region, Settings},
    exit::Refusal,
};

/// An installation that may be served.
pub(crate) struct Installation {
    /// The database of the one region, its schema checked.
    pub(crate) store: Store,
    /// The authority to act as the server itself; whatever answers requests is never given it.
    pub(crate) jobs: Arc<Jobs>,
    /// Signs the heads of the logs; its checkpoints fit the database.
    pub(crate) signer: Signer,
    /// Holds the root key.
    pub(crate) provider: Arc<dyn KeyProvider>,
    /// Holds the one that is to take its place, where there is one.
    pub(crate) next: Option<Arc<dyn KeyProvider>>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
}

/// What is there of an installation before its database is touched.
pub(crate) struct Ground {
    /// Holds the root key.
    pub(crate) provider: Arc<dyn KeyProvider>,
    /// Holds the one that is to take its place, where there is one.
    pub(crate) next: Option<Arc<dyn KeyProvider>>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Ground {
    /// Opens the root key of a region.
    pub(crate) async fn open(region: &Region, clock: Arc<dyn Clock>) -> Result<Self, Refusal> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let provider = keys::open(&region.keys, &entropy).await?;
        let next = keys::open_next(&region.keys, &*provider, &entropy).await?;
        Ok(Self { provider, next, clock, entropy })
    }

    /// The root keys that unwrap.
    pub(crate) fn roots(&self) -> Vec<&dyn KeyProvider> {
        [Some(&self.provider), self.next.as_ref()].into_iter().flatten().map(|provider| &**provider).collect()
    }
}

impl Installation {
    fn of(store: Store, jobs: Jobs, signer: Signer, ground: Ground) -> Self {
        Self {
            store,
            jobs: Arc::new(jobs),
            signer,
            provider: ground.provider,
            next: ground.next,
            clock: ground.clock,
            entropy: ground.entropy,
        }
    }

    /// The root keys that unwrap, the present one first.
    pub(crate) fn roots(&self) -> Vec<Arc<dyn KeyProvider>> {
        std::iter::once(&self.provider).chain(&self.next).cloned().collect()
    }

    /// Opens everything and checks that it belongs together.
    pub(crate) async fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, Refusal> {
        let region = region(settings)?;
        let ground = Ground::open(region, clock).await?;
        let key = signing::open(settings, &ground.roots()).await?;
        let (regions, jobs) = regions(settings, &ground).await?;
        let opened = async {
            let store = local(&regions)?;
            database::check_schema(&store).await?;
            check_regions(&regions).await?;
            keys::check_roots(&store).await?;
            let signer = signer(settings, &store, key)?;
            signer.check().await.map_err(|error| checkpoints(&error))?;
            Ok((store, signer))
        };
        match opened.await {
            Ok((store, signer)) => Ok(Self::of(store, jobs, signer, ground)),
            Err(refusal) => {
                regions.close().await;
                Err(refusal)
            }
        }
    }
}

/// The one region there is.
pub(crate) fn region(settings: &Settings) -> Result<&Region, Refusal> {
    settings.regions.values().next().ok_or_else(no_region)
}

/// Opens the database of every region. Beside them comes the server's authority in the one region there is.
pub(crate) async fn regions(settings: &Settings, ground: &Ground) -> Result<(Regions, Jobs), Refusal> {
    let mut stores = Vec::with_capacity(settings.regions.len());
    let mut authority = None;
    for (name, region) in &settings.regions {
        let (store, jobs) = database::open(settings, region, ground).await?;
        stores.push((name.clone(), store));
        if name == regions::LOCAL {
            authority = Some(jobs);
        }
    }
    Ok((stores.into_iter().collect(), authority.ok_or_else(no_region)?))
}

/// The store of the one region there is.
pub(crate) fn local(regions: &Regions) -> Result<Store, Refusal> {
    regions.find(regions::LOCAL).cloned().map_err(|_| no_region())
}

fn no_region() -> Refusal {
    Refusal::new("no region is configured", "set `database.url` and `keys.root_key`")
}

/// Refuses tenants that belong to another region than the one that they are found in.
pub(crate) async fn check_regions(regions: &Regions) -> Result<(), Refusal> {
    regions.check().await.map_err(|error| {
        let remedy = match &error {
            RegionError::Elsewhere { .. } => {
                "let `database.url` name the database of this region, or use a version that serves the other one too"
            }
            RegionError::Store(_) => "see that the database is reachable and that its account may read it",
        };
        Refusal::new(crate::jobs::supervise::describe(&error), remedy)
    })
}

/// The signer over checkpoints that are there already.
pub(crate) fn signer(
    settings: &Settings,
    store: &Store,
    key: signing::SigningKey,
) -> Result<Signer, Refusal> {
    let outside = CheckpointStore::open(&settings.audit.checkpoints).map_err(|error| checkpoints(&error))?;
    let signer = Signer::new(store.clone(), outside, settings.audit.origin.as_str(), Arc::new(key));
    signer.map_err(|error| {
        Refusal::new(error, "set `audit.origin` to the name that this installation was made with")
    })
}

/// The folder of exports, with what this server was built to write.
pub(crate) fn spool(settings: &Settings) -> Spool {
    let beside = || settings.audit.checkpoints.with_file_name("exports");
    Spool::new(settings.audit.exports.clone().unwrap_or_else(beside), columnar::columnar())
}

/// What to do about checkpoints that do not fit.
pub(crate) fn checkpoints(error: &SignError) -> Refusal {
    let remedy = match error {
        SignError::Lost { .. } => {
            "restore the folder of checkpoints from its own backup; it must never be older than the database"
        }
        SignError::Rollback { .. } | SignError::Fork { .. } => {
            "the database is older than what was signed, or not the same: restore its newest backup and replay its log up to \
             the end. If events are lost for good, own up to it: `bailiwick audit new-epoch --tenant … --reason …`"
        }
        SignError::Vanished { .. } | SignError::HeadAhead { .. } => {
            "rows of a tenant and its checkpoint were taken away or set back: restore the newest backup of the database, and the \
             folder of checkpoints from its own"
        }
        SignError::Heads(_) | SignError::Epoch { .. } => {
            "restore the folder of checkpoints from its own backup; nobody but this server may write into it"
        }
        SignError::Refused { .. } => {
            "restore the checkpoints from their backup; nobody but this server may write into their folder"
        }
        SignError::Altered { .. } => {
            "somebody changed the database by hand. Run `bailiwick audit verify`: it names the first record that does not fit, and \
             says whether anything but the stored tree was touched. Then restore the newest backup that verifies"
        }
        SignError::Io { .. } => "see that the folder is there and that this account may read and write it",
        SignError::Raced(_) | SignError::Store(_) => "try again; if it stays, the log says more",
    };
    Refusal::new(crate::jobs::supervise::describe(error), remedy)
}
