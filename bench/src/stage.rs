//! Databases to measure on, with keys, a tenant and its owner.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use bailiwick_domain::{
    catalogue::Catalogue,
    clock::{Clock, Entropy},
    entity::{Device, TenantKind},
    ids::{TenantId, UserId},
    rule::{ByJob, Rule, SignIn},
};
use bailiwick_ops::{
    enrolment,
    sign_in::{self, Step},
    tenants::{self, NewOwner, NewTenant},
};
use bailiwick_store::{
    AgentClass, CarriedDevices, Credential, DatabaseKind, Job, Jobs, Keys, Permit, PoolOptions,
    RequestContext, Store, TlsMode,
    audit::{CheckpointStore, Sequencer, Signer, VerifyError, verify_all},
    migrate,
};
use bailiwick_testkit::{
    TestSigner,
    postgres::{self, TestDatabase},
};
#[cfg(feature = "page")]
use bailiwick_vault::api_key::ApiKey;
use bailiwick_vault::{
    entropy::SystemEntropy,
    keyed::KeyedHash,
    keyring::Keyring,
    password::{PasswordCost, PasswordHasher},
    provider::FileProvider,
    token::SessionToken,
};
use tempfile::TempDir;

use crate::{Result, clock::SystemClock};

const ORIGIN: &str = "bailiwick.bench";
/// Everybody's password.
pub(crate) const PASSWORD: &str = "nine brass lanterns adrift";
/// The owner of the tenant.
pub(crate) const OWNER: &str = "owner@bench.example";

/// A migrated database with keys beside it, gone when dropped.
pub(crate) struct Stage {
    pub(crate) open: Open,
    url: String,
    _database: Option<TestDatabase>,
    // Last: the files go after whatever has them open.
    folder: TempDir,
}

/// An open store and what belongs to it.
pub(crate) struct Open {
    pub(crate) store: Store,
    jobs: Jobs,
    provider: Arc<FileProvider>,
    folder: PathBuf,
}

/// A tenant and its owner, signed in.
pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    /// Who that is.
    #[cfg_attr(not(feature = "page"), expect(dead_code, reason = "keys over HTTP are made in their name"))]
    pub(crate) owner: UserId,
    /// The text of the owner's session cookie.
    pub(crate) token: String,
}

impl Stage {
    /// A database of this kind; `connections` is the size of its pool on PostgreSQL.
    pub(crate) async fn new(kind: DatabaseKind, connections: u32) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("bailiwick-bench-").tempdir()?;
        let (url, database) = match kind {
            DatabaseKind::Sqlite => {
                let url = format!("sqlite:{}", folder.path().join("bailiwick.db").display());
                migrate::run(&PoolOptions::new(url.as_str())).await?;
                (url, None)
            }
            DatabaseKind::Postgres => {
                if std::env::var_os("BAILIWICK_TEST_POSTGRES").is_none() {
                    return Err("there is no PostgreSQL to measure on: run `cargo xtask bench`".into());
                }
                let database = postgres::create_database(None);
                migrate::run(&options(database.owner_url(), 2)).await?;
                (database.app_url().to_owned(), Some(database))
            }
        };
        FileProvider::create(&folder.path().join("root.key"), Arc::new(SystemEntropy))?;
        let open = Open::over(&url, folder.path(), connections).await?;
        Ok(Self { open, url, _database: database, folder })
    }

    /// How the database is opened.
    pub(crate) fn options(&self, connections: u32) -> PoolOptions {
        options(&self.url, connections)
    }

    /// The address of the database and the folder of its keys, for a process of its own.
    pub(crate) fn place(&self) -> (&str, &Path) {
        (&self.url, self.folder.path())
    }
}

impl Open {
    /// Opens a database whose keys lie in `folder`.
    pub(crate) async fn over(url: &str, folder: &Path, connections: u32) -> Result<Self> {
        Self::at(url, folder, connections, Arc::new(SystemClock)).await
    }

    /// As [`over`](Self::over), by another clock.
    pub(crate) async fn at(
        url: &str,
        folder: &Path,
        connections: u32,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let provider = Arc::new(FileProvider::open(&folder.join("root.key"), Arc::clone(&entropy))?);
        let keys = Keys {
            keyring: Keyring::new(Arc::clone(&provider) as _, Arc::clone(&entropy), NonZeroUsize::MIN),
            directory: KeyedHash::derive(provider.as_ref()).await?,
        };
        let catalogue = Arc::new(Catalogue::built_in());
        let (store, jobs) = Store::open(&options(url, connections), keys, catalogue, clock, entropy).await?;
        Ok(Self { store, jobs, provider, folder: folder.to_owned() })
    }

    /// Makes a tenant, whose owner has no password yet.
    pub(crate) async fn found(&self) -> Result<(TenantId, UserId)> {
        let job = self.jobs.permit(Job::Load, self.store.new_id());
        let new = NewTenant {
            slug: "bench".into(),
            name: "Bench Pty Ltd".into(),
            region: "local".into(),
            key_brand: None,
            owner: NewOwner { email: OWNER.into(), name: "Olive Owner".into() },
        };
        let (tenant, owner) = tenants::create_as(&self.store, &job, TenantKind::Customer, new).await?;
        Ok((tenant.id, owner.id))
    }

    /// Makes a tenant and signs its owner in, as a person would.
    pub(crate) async fn tenant(&self) -> Result<Tenant> {
        let (tenant, owner) = self.found().await?;
        let inside = self.jobs.permit(Job::Load, tenant);
        let hasher = PasswordHasher::new(PasswordCost::default(), NonZeroUsize::MIN, Arc::new(SystemEntropy));
        enrolment::set_password(&self.store, &hasher, &inside, owner, PASSWORD.into()).await?;
        let visitor: Permit<SignIn> = self.store.gate().admit(Credential::None, self.request()).await?;
        match sign_in::password(&self.store, &hasher, &visitor, OWNER, PASSWORD.into()).await? {
            Step::Done(token) => Ok(Tenant { id: tenant, owner, token: token.expose().to_string() }),
            Step::SecondFactor(_) => Err("the owner has a second factor that nobody set up".into()),
        }
    }

    /// The owner's permit, through the gate like any request.
    pub(crate) async fn permit<R: Rule>(&self, tenant: &Tenant) -> Result<Permit<R>> {
        let token = SessionToken::parse(&tenant.token).map_err(|error| error.to_string())?;
        Ok(self.store.gate().admit(Credential::Session(token), self.request()).await?)
    }

    /// A program's permit, by its key, through the gate like any request.
    #[cfg(feature = "page")]
    pub(crate) async fn program<R: Rule>(&self, key: &str) -> Result<Permit<R>> {
        let key = ApiKey::parse(key)?;
        Ok(self.store.gate().admit(Credential::Key(key.hash()), self.request()).await?)
    }

    /// The server's own permit.
    pub(crate) fn job(&self, tenant: &Tenant) -> Permit<ByJob> {
        self.jobs.permit(Job::Load, tenant.id)
    }

    /// Gives every committed event its place in the tree.
    pub(crate) async fn settle(&self) -> Result<()> {
        Ok(Sequencer::new(self.store.clone()).drain().await?)
    }

    /// Signs the trees and keeps the checkpoints outside the database.
    pub(crate) async fn sign(&self) -> Result<()> {
        self.signer().await?.run().await?;
        Ok(())
    }

    /// Verifies every log; returns how many events there were.
    pub(crate) async fn verify(&self) -> Result<u64> {
        let reports = verify_all(&self.store, &self.signer().await?, |_| {}).await;
        let reports = reports.map_err(|error: VerifyError| error.to_string())?;
        Ok(reports.iter().map(|report| report.verified.events).sum())
    }

    /// Signs the logs of this database.
    pub(crate) async fn signer(&self) -> Result<Signer> {
        let outside = CheckpointStore::open(&self.folder.join("checkpoints"))?;
        let key = TestSigner::generate(&self.provider, 1).await;
        Ok(Signer::new(self.store.clone(), outside, ORIGIN, Arc::new(key))?)
    }

    fn request(&self) -> RequestContext {
        let ip = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));
        RequestContext {
            id: self.store.new_id(),
            ip,
            agent: AgentClass::Browser,
            device: Device::UNKNOWN,
            known: CarriedDevices::default(),
        }
    }
}

fn options(url: &str, connections: u32) -> PoolOptions {
    PoolOptions { tls: TlsMode::Disable, connections, ..PoolOptions::new(url) }
}
