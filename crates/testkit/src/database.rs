//! A migrated database of one test, with its keys, its clock and its folder of checkpoints.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::Deref,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bailiwick_domain::{catalogue::Catalogue, ids::TenantId, rule::ByJob};
use bailiwick_store::{
    DatabaseKind, Job, Jobs, Keys, Permit, PoolOptions, Store, TlsMode,
    audit::{CheckpointStore, Report, Sequencer, Signer, VerifyError, verify_all},
    migrate,
};
use bailiwick_vault::{
    entropy::{Entropy, SeededEntropy},
    keyed::KeyedHash,
    keyring::Keyring,
    password::{PasswordCost, PasswordHasher},
    provider::{FileProvider, KeyProvider},
};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    clock::ManualClock,
    keys::TestSigner,
    postgres::{self, TestDatabase},
};

/// The origin of the logs in tests.
const ORIGIN: &str = "bailiwick.test";

/// Where a test's database lies.
#[derive(Debug)]
pub enum Place {
    /// The path of the file.
    Sqlite(PathBuf),
    /// A database on the test server.
    Postgres(TestDatabase),
}

/// A migrated database of one test. Clones share it; it is gone with the last of them.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

/// What a [`Db`] holds.
pub struct Inner {
    /// The store, opened as the service opens it.
    pub store: Store,
    /// The clock of every store over this database.
    pub clock: Arc<ManualClock>,
    /// Passwords at next to no cost.
    pub hasher: PasswordHasher,
    jobs: Arc<Jobs>,
    place: Place,
    provider: Arc<FileProvider>,
    signer: Arc<TestSigner>,
    sequencer: Mutex<Sequencer>,
    seeds: AtomicU64,
    /// What the gate gave people in the place of a token, by that.
    pub(crate) renewed: std::sync::Mutex<BTreeMap<String, String>>,
    // Last: the files go after whatever has them open.
    folder: TempDir,
}

impl Deref for Db {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Db {
    /// A migrated file of its own.
    pub async fn sqlite() -> Self {
        let folder = folder();
        let path = folder.path().join("bailiwick.db");
        migrate::run(&sqlite_options(&path)).await.expect("a migrated file");
        Self::over(Place::Sqlite(path), folder).await
    }

    /// A database of its own on the test server, migrated by its owner and opened by the service's role.
    pub async fn postgres() -> Self {
        let key = migrate::fingerprint(DatabaseKind::Postgres);
        let database = postgres::migrated(&key, async |owner| {
            migrate::run(&postgres_options(owner)).await.expect("a migrated template");
        })
        .await;
        Self::over(Place::Postgres(database), folder()).await
    }

    async fn over(place: Place, folder: TempDir) -> Self {
        let clock = Arc::new(ManualClock::new());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(0));
        let provider = Arc::new(
            FileProvider::create(&folder.path().join("root.key"), Arc::clone(&entropy)).expect("a root key"),
        );
        let signer = Arc::new(TestSigner::generate(&provider, 1).await);
        let hasher = PasswordHasher::new(PasswordCost::INSECURE, NonZeroUsize::MIN, entropy);
        let (store, jobs) = open(&options(&place), &[Arc::clone(&provider) as _], &clock, 2).await;
        let sequencer = Mutex::new(Sequencer::new(store.clone()));
        Self(Arc::new(Inner {
            store,
            jobs: Arc::new(jobs),
            sequencer,
            clock,
            hasher,
            place,
            provider,
            signer,
            seeds: AtomicU64::new(3),
            renewed: std::sync::Mutex::default(),
            folder,
        }))
    }
}

impl Inner {
    /// Which database it is.
    #[must_use]
    pub fn kind(&self) -> DatabaseKind {
        self.store.kind()
    }

    /// Where it lies, for whoever tampers with it.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// How the service opens it.
    #[must_use]
    pub fn options(&self) -> PoolOptions {
        options(&self.place)
    }

    /// How its owner opens it.
    #[must_use]
    pub fn owner_options(&self) -> PoolOptions {
        match &self.place {
            Place::Sqlite(path) => sqlite_options(path),
            Place::Postgres(database) => postgres_options(database.owner_url()),
        }
    }

    /// Another process over the same database: its own connections, caches and randomness; the same clock.
    pub async fn another(&self) -> Store {
        self.another_with(&self.options()).await
    }

    /// As [`another`](Self::another) where several processes may write; the same store on SQLite, whose one process writes.
    pub async fn another_if_several(&self) -> Store {
        match self.kind() {
            DatabaseKind::Sqlite => self.store.clone(),
            DatabaseKind::Postgres => self.another().await,
        }
    }

    /// As [`another`](Self::another), opened as `options` say.
    pub async fn another_with(&self, options: &PoolOptions) -> Store {
        open(options, &[self.root()], &self.clock, self.seed()).await.0
    }

    /// The root key.
    #[must_use]
    pub fn root(&self) -> Arc<dyn KeyProvider> {
        Arc::clone(&self.provider) as _
    }

    /// A root key in a file of its own that succeeds it.
    #[must_use]
    pub fn next_root(&self) -> Arc<dyn KeyProvider> {
        let seed = self.seed();
        let path = self.folder.path().join(format!("next-{seed}.key"));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
        Arc::new(FileProvider::succeed(self.provider.as_ref(), &path, entropy).expect("a root key"))
    }

    /// As [`another`](Self::another), with these root keys, the first of which wraps.
    pub async fn another_over(&self, roots: &[Arc<dyn KeyProvider>]) -> (Store, Arc<Jobs>) {
        let (store, jobs) = open(&self.options(), roots, &self.clock, self.seed()).await;
        (store, Arc::new(jobs))
    }

    /// The authority to act as the server itself, for jobs under test.
    #[must_use]
    pub fn jobs(&self) -> Arc<Jobs> {
        Arc::clone(&self.jobs)
    }

    /// A permit of the server itself within `tenant`.
    #[must_use]
    pub fn job(&self, tenant: TenantId) -> Permit<ByJob> {
        self.jobs.permit(Job::Load, tenant)
    }

    /// A seed that no other store of this database has.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seeds.fetch_add(1, Ordering::SeqCst)
    }

    /// A folder of the test's own, gone after it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of checkpoints outside the database.
    #[must_use]
    pub fn outside(&self) -> CheckpointStore {
        CheckpointStore::open(&self.folder.path().join("checkpoints")).expect("a folder of checkpoints")
    }

    /// A signer over the test's folder of checkpoints.
    #[must_use]
    pub fn signer(&self) -> Signer {
        self.signer_of(&self.store)
    }

    /// As [`signer`](Self::signer), in another process.
    #[must_use]
    pub fn signer_of(&self, store: &Store) -> Signer {
        Signer::new(store.clone(), self.outside(), ORIGIN, Arc::clone(&self.signer) as _).expect("a signer")
    }

    /// A signer whose key nobody trusts, over the folder `outside`.
    pub async fn foreign_signer(&self, outside: CheckpointStore) -> Signer {
        let key = Arc::new(TestSigner::generate(&self.provider, 999).await);
        Signer::new(self.store.clone(), outside, ORIGIN, key).expect("a signer")
    }

    /// A sequencer that does not hold the lease yet.
    #[must_use]
    pub fn sequencer(&self) -> Sequencer {
        Sequencer::new(self.store.clone())
    }

    /// Gives every committed event its place. Once called, the test's own process keeps the lease.
    pub async fn settle(&self) {
        let mut sequencer = self.sequencer.lock().await;
        sequencer.drain().await.expect("a sequenced log");
        while self.kind() == DatabaseKind::Postgres && !sequencer.leads() {
            // Another sequencer was dropped, and the server has not noticed yet that its connection is closed.
            tokio::time::sleep(Duration::from_millis(5)).await;
            sequencer.drain().await.expect("a sequenced log");
        }
    }

    /// Gives up the lease that [`settle`](Self::settle) took.
    pub async fn release_lease(&self) {
        self.sequencer.lock().await.release().await;
    }

    /// Gives every committed event its place and signs the trees.
    pub async fn sign(&self) {
        self.settle().await;
        self.signer().run().await.expect("signed trees");
    }

    /// Verifies every log.
    ///
    /// # Errors
    /// The first record that does not fit.
    pub async fn verify(&self) -> Result<Vec<Report>, VerifyError> {
        verify_all(&self.store, &self.signer(), |_| {}).await
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("bailiwick-test-").tempdir().expect("a temporary folder")
}

fn options(place: &Place) -> PoolOptions {
    match place {
        Place::Sqlite(path) => sqlite_options(path),
        Place::Postgres(database) => postgres_options(database.app_url()),
    }
}

fn sqlite_options(path: &Path) -> PoolOptions {
    PoolOptions::new(format!("sqlite:{}", path.display()))
}

fn postgres_options(url: &str) -> PoolOptions {
    PoolOptions { tls: TlsMode::Disable, ..PoolOptions::new(url) }
}

async fn open(
    options: &PoolOptions,
    roots: &[Arc<dyn KeyProvider>],
    clock: &Arc<ManualClock>,
    seed: u64,
) -> (Store, Jobs) {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(seed));
    let (first, others) = roots.split_first().expect("a root key");
    let limit = NonZeroUsize::new(64).unwrap_or(NonZeroUsize::MIN);
    let keyring = Keyring::new(Arc::clone(first), Arc::clone(&entropy), limit);
    let keys = Keys {
        keyring: others.iter().cloned().fold(keyring, Keyring::with_another),
        directory: KeyedHash::derive(first.as_ref()).await.expect("the directory's key"),
    };
    let catalogue = Arc::new(Catalogue::built_in());
    Store::open(options, keys, catalogue, Arc::clone(clock) as _, entropy).await.expect("an open store")
}
