//! The store: a pool, the keys, the clock, and the only two ways in.

use std::sync::{Arc, OnceLock};

use bailiwick_domain::{
    catalogue::Catalogue,
    clock::{Clock, Entropy},
    entity::{MailChannel, SensitiveAction},
    ids::{EventId, TenantId},
    rule::{Rule, Sensitive, Writes},
    sign_in::SignInLimits,
    time::Timestamp,
};
use bailiwick_proof::{checkpoint::NoteSigner, hash::Hash};
use bailiwick_vault::{
    keyed::KeyedHash,
    keyring::{Keyring, KeyringError},
};
use sqlx::Row;
use uuid::Uuid;

use crate::{
    DatabaseKind, Error, PoolOptions, PoolUsage, Public, Result,
    audit::{self, Draft, witness::WitnessPolicy},
    conn::{Conn, on},
    gate::{self, Approved, Gate, Jobs, Permit},
    intake, kept_answers, key_cache,
    key_uses::KeyUses,
    permission_use::Uses,
    pool::Pool,
    scrub::Scrub,
    sealed::{self, Faults},
    step_up::{self, Planned},
    tenant_keys,
    tx::{Recorded, Tx, View},
    upkeep::Tallies,
};

/// What the store needs beside the database.
pub struct Keys {
    /// Tenant keys, through the key provider.
    pub keyring: Keyring,
    /// The key of the directory's tags.
    pub directory: KeyedHash,
}

/// What the operator has decided about letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outbox {
    /// Letters that one organisation causes at most in 24 hours.
    pub per_organisation: i64,
    /// Letters from one organisation to one address at most in 24 hours.
    pub per_recipient: i64,
    /// Messages from one organisation to one phone number at most in 24 hours, whoever causes them.
    pub per_number: i64,
    /// How one-time codes reach people who have proven a phone number; everybody else gets them by mail.
    pub codes: MailChannel,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { per_organisation: 5_000, per_recipient: 5, per_number: 20, codes: MailChannel::Mail }
    }
}

/// What proves that a change was recorded: the event of the log, and the hash that its octets have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The event's id.
    pub event: EventId,
    /// The hash of its octets, which is its leaf in the tree.
    pub hash: Hash,
}

/// The writes that leave no audit record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quiet {
    /// A session was used: see `upkeep`.
    SessionSeen,
    /// A checkpoint that already stands outside the database was noted inside it.
    CheckpointPublished,
    /// What a witness cosigned, and how it stands, was noted: see `audit::witness`.
    CheckpointCosigned,
    /// That a head lies in the tree of heads, which stands outside the database, was noted inside it.
    HeadNoted,
    /// What a thing was at a revision was noted beside its records, from which it follows: see `audit::keep_images`.
    ImageKept,
    /// What a verification found in a log was noted beside it: see `audit::note_verification`.
    LogVerified,
    /// A letter was taken to be handed on, or could not be yet: see `mail`.
    MailTried,
    /// An attempt to sign in was turned away unseen, and counted: see `upkeep`.
    AttemptTurnedAway,
    /// Permissions were used: see `permission_use`.
    PermissionUsed,
    /// Keys were used: see `key_uses`.
    KeyUsed,
    /// Records were looked at for what is unusual, and nothing was: see `audit::watch`.
    RecordsWatched,
    /// Records were taken to be sent by a stream, arrived, or did not yet: see `audit::stream`.
    StreamTried,
    /// More of an export is on disk: see `audit::export`.
    ExportAdvanced,
    /// A segment that lies in the archive already was noted here: see `audit::archive`.
    SegmentArchived,
    /// Records came back from the archive, or went again, each beside what is left of it: see `audit::restore`.
    RecordsRestored,
    /// Keys or sealed values were wrapped anew; what they are did not change: see `keys`.
    Rewrapped,
    /// A move of the root key went on, or a server took it up: see `keys`.
    RootMoveAdvanced,
    /// An upload began, more of it is on disk, it was cut off, or the file of a deleted version is gone: see `documents`.
    UploadAdvanced,
    /// A request under a key of its sender began, was answered, was given up, or its day is over: see `kept_answers`.
    AnswerKept,
}

/// What transactions share with their store.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    pub(crate) keys: Keys,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) subjects: audit::SubjectCache,
    pub(crate) tallies: Tallies,
    pub(crate) uses: Uses,
    pub(crate) key_uses: KeyUses,
    pub(crate) key_cache: key_cache::Entries,
    pub(crate) unknown_keys: key_cache::UnknownPace,
    pub(crate) scrub: Scrub,
    pub(crate) outbox: OnceLock<Outbox>,
    pub(crate) intake: intake::Cache,
    pub(crate) ingest: audit::Queues,
    pub(crate) faults: Faults,
    witnesses: OnceLock<WitnessPolicy>,
    /// Signs what is handed out of the log. Nothing outside this crate reaches it.
    pub(crate) vouching: OnceLock<Arc<dyn NoteSigner + Send + Sync>>,
    sign_in: OnceLock<SignInLimits>,
}

impl Shared {
    pub(crate) fn witness_policy(&self) -> WitnessPolicy {
        self.witnesses.get().cloned().unwrap_or_default()
    }

    pub(crate) fn sign_in_limits(&self) -> SignInLimits {
        self.sign_in.get().copied().unwrap_or_default()
    }
}

/// One region's database.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

impl Store {
    /// Opens the database. Neither migrates nor checks the schema: see [`crate::migrate`] and [`crate::schema`].
    ///
    /// Beside the store comes the authority to act in it as the server itself: to keep where such work is done, to drop
    /// everywhere else, and never to hand on to what answers requests.
    pub async fn open(
        options: &PoolOptions,
        keys: Keys,
        catalogue: Arc<Catalogue>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<(Self, Jobs)> {
        let pool = Pool::open(options).await?;
        let subjects = audit::SubjectCache::default();
        // One process works on a file; over a server there may be any number of them.
        let key_cache = match pool.kind() {
            DatabaseKind::Sqlite => key_cache::Entries::alone(),
            DatabaseKind::Postgres => key_cache::Entries::default(),
        };
        let store = Self {
            shared: Arc::new(Shared {
                pool,
                keys,
                catalogue,
                clock,
                entropy,
                subjects,
                tallies: Tallies::default(),
                uses: Uses::default(),
                key_uses: KeyUses::default(),
                key_cache,
                unknown_keys: key_cache::UnknownPace::default(),
                scrub: Scrub::of(options)?,
                outbox: OnceLock::new(),
                intake: intake::Cache::default(),
                ingest: audit::Queues::default(),
                faults: Faults::default(),
                witnesses: OnceLock::new(),
                vouching: OnceLock::new(),
                sign_in: OnceLock::new(),
            }),
        };
        Ok((store.clone(), Jobs::new(store)))
    }

    /// Says what the operator has decided about letters, before anything is served. The first word stands.
    pub fn decide_outbox(&self, outbox: Outbox) {
        self.shared.outbox.get_or_init(|| outbox);
    }

    /// What the operator has decided about letters; the defaults where nobody said anything.
    pub fn outbox(&self) -> Outbox {
        self.shared.outbox.get().copied().unwrap_or_default()
    }

    /// Says which witnesses the operator asks and how many have to cosign, before anything is served. The first word stands.
    pub fn decide_witnesses(&self, policy: WitnessPolicy) {
        self.shared.witnesses.get_or_init(|| policy);
    }

    /// Which witnesses the operator asks, and how many have to cosign; none where nobody said anything.
    pub fn witnesses(&self) -> WitnessPolicy {
        self.shared.witness_policy()
    }

    /// The gate in front of the store.
    pub const fn gate(&self) -> Gate<'_> {
        Gate::new(self)
    }

    /// Sets the limits of wrong guesses, before anything is served; only the first call counts. Without one they are those
    /// of [`SignInLimits::default`].
    pub fn limit_sign_in(&self, limits: SignInLimits) {
        if self.shared.sign_in.set(limits).is_err() {
            tracing::warn!("the limits of wrong guesses were set twice; the first ones stay");
        }
    }

    /// The limits of wrong guesses that are in force.
    pub fn sign_in_limits(&self) -> SignInLimits {
        self.shared.sign_in_limits()
    }

    /// The permissions of the running program.
    pub fn catalogue(&self) -> &Catalogue {
        &self.shared.catalogue
    }

    /// Which database this is.
    pub fn kind(&self) -> DatabaseKind {
        self.shared.pool.kind()
    }

    /// The present moment by the store's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// A fresh id of any kind.
    pub fn new_id<I: From<Uuid>>(&self) -> I {
        bailiwick_domain::ids::uuid_v7(self.now(), &*self.shared.entropy).into()
    }

    /// The store's source of randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.shared.entropy
    }

    /// The keys beside the database.
    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// How many connections there are, and how many of them wait for work.
    pub fn connections(&self) -> PoolUsage {
        self.shared.pool.usage()
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let mut conn = self.shared.pool.read().await?;
        on!(conn, |c| sqlx::query("SELECT 1").execute(c).await.map(drop))?;
        Ok(())
    }

    /// Waits for running transactions and closes every connection.
    pub async fn close(&self) {
        self.shared.pool.close().await;
    }

    /// A consistent snapshot of the permit's tenant.
    pub async fn read<R: Rule>(&self, permit: &Permit<R>) -> Result<View> {
        self.view(permit.tenant().ok_or(Error::NotFound)?).await
    }

    /// As [`read`](Self::read), for what opens nothing sealed. No key is brought into memory for it, so it costs the same whether or
    /// not there is such a tenant.
    pub async fn read_keyless<R: Rule>(&self, permit: &Permit<R>) -> Result<View> {
        self.view_keyless(permit.tenant().ok_or(Error::NotFound)?).await
    }

    /// Runs `work` in one transaction of the permit's tenant and commits it together with its audit records.
    ///
    /// Whoever was admitted is looked at once more where the transaction begins: a session that was ended, a person who was
    /// disabled or may do something else by now, and a key that was revoked, change nothing.
    ///
    /// Answers only once the change is on disk. An error undoes everything, and is itself recorded, in a transaction of
    /// its own, where it has a public code.
    pub async fn change<R: Writes, T, E: From<Error> + Public>(
        &self,
        permit: &Permit<R>,
        work: impl AsyncFnOnce(&mut Tx) -> Result<Recorded<T>, E>,
    ) -> Result<T, E> {
        self.perform(permit, None, work).await.map(|(value, _)| value)
    }

    /// As [`change`](Self::change), with the receipt of what the operation recorded.
    pub async fn change_with_receipt<R: Writes, T, E: From<Error> + Public>(
        &self,
        permit: &Permit<R>,
        work: impl AsyncFnOnce(&mut Tx) -> Result<Recorded<T>, E>,
    ) -> Result<(T, Receipt), E> {
        self.perform(permit, None, work).await
    }

    /// As [`change`](Self::change), under a rule that takes an approval besides, which this uses up.
    ///
    /// What was really written is compared with what was approved, here and not in the operation: a change whose images,
    /// reason or entity's revision differ from those of its rehearsal is undone.
    ///
    /// # Errors
    /// [`Error::Unapproved`] for such a change, and for the approval of somebody else.
    pub async fn change_approved<R: Sensitive, T, E: From<Error> + Public>(
        &self,
        permit: &Permit<R>,
        approved: Approved<R>,
        work: impl AsyncFnOnce(&mut Tx) -> Result<Recorded<T>, E>,
    ) -> Result<T, E> {
        self.perform(permit, Some((approved, R::ACTION)), work).await.map(|(value, _)| value)
    }

    /// Runs `work` of a sensitive change and undoes it, whatever it did: what it would have written, to be approved.
    ///
    /// The value that comes with it is of what never was.
    pub async fn rehearse<R: Sensitive, T, E: From<Error> + Public>(
        &self,
        permit: &Permit<R>,
        work: impl AsyncFnOnce(&mut Tx) -> Result<Recorded<T>, E>,
    ) -> Result<(Planned<R>, T), E> {
        let tenant = permit.tenant().ok_or(Error::NotFound)?;
        let mut tx = self.begin(tenant).await?;
        let rehearsed = match work(&mut tx).await {
            Ok(Recorded(value)) => {
                step_up::plan(&mut tx).await.map(|planned| (planned, value)).map_err(E::from)
            }
            Err(error) => Err(error),
        };
        self.undo(tx).await;
        if let Err(error) = &rehearsed
            && let Some(code) = error.code()
        {
            self.record_outcome(permit, audit::Outcome::Failed, code).await?;
        }
        rehearsed
    }

    async fn perform<R: Rule, T, E: From<Error> + Public>(
        &self,
        permit: &Permit<R>,
        approved: Option<(Approved<R>, SensitiveAction)>,
        work: impl AsyncFnOnce(&mut Tx) -> Result<Recorded<T>, E>,
    ) -> Result<(T, Receipt), E> {
        let tenant = permit.tenant().ok_or(Error::NotFound)?;
        let mut tx = self.begin(tenant).await?;
        let done = match stands(&mut tx, permit).await {
            Ok(()) => work(&mut tx).await,
            Err(error) => Err(error.into()),
        };
        match done {
            Ok(Recorded(value)) => {
                // A `Recorded` smuggled out of another transaction would arrive here with no events.
                if tx.events.is_empty() {
                    self.undo(tx).await;
                    return Err(Error::Unrecorded.into());
                }
                if let Err(error) = as_wanted(&mut tx, permit, approved).await {
                    self.undo(tx).await;
                    if let Some(code) = error.code() {
                        self.record_outcome(permit, audit::Outcome::Failed, code).await?;
                    }
                    return Err(error.into());
                }
                let mut drafts = match audit::drafts(&mut tx, permit).await {
                    Ok(drafts) => drafts,
                    Err(error) => {
                        self.undo(tx).await;
                        return Err(error.into());
                    }
                };
                // The last one is the one that the operation recorded.
                let (Some(last), told) = (drafts.last_mut(), Arc::new(OnceLock::new())) else {
                    self.undo(tx).await;
                    return Err(Error::Unrecorded.into());
                };
                let event = last.id;
                last.told = Some(Arc::clone(&told));
                self.commit(tx, drafts).await?;
                let hash = *told.get().ok_or(Error::Unrecorded)?;
                Ok((value, Receipt { event, hash }))
            }
            Err(error) => {
                self.undo(tx).await;
                if let Some(code) = error.code() {
                    self.record_outcome(permit, audit::Outcome::Failed, code).await?;
                }
                Err(error)
            }
        }
    }

    /// Records that the gate refused a known actor.
    pub(crate) async fn record_denial<R: Rule>(&self, permit: &Permit<R>) -> Result<()> {
        self.record_outcome(permit, audit::Outcome::Denied, "forbidden").await
    }

    /// Records that a key was used from where it must not be.
    pub(crate) async fn record_misplaced<R: Rule>(&self, permit: &Permit<R>) -> Result<()> {
        self.record_outcome(permit, audit::Outcome::Denied, "address").await
    }

    async fn record_outcome<R: Rule>(
        &self,
        permit: &Permit<R>,
        outcome: audit::Outcome,
        code: &'static str,
    ) -> Result<()> {
        // An operator may have named a tenant that does not exist; the record then stands in the operator's own log.
        let own = permit.caller().map(|caller| caller.tenant.id);
        for tenant in permit.tenant().into_iter().chain(own) {
            let mut tx = self.begin(tenant).await?;
            if audit::exists(&mut tx).await? {
                let draft = audit::outcome_draft(&mut tx, permit, outcome, code).await?;
                return self.commit(tx, vec![draft]).await;
            }
            self.undo(tx).await;
        }
        Ok(())
    }

    pub(crate) async fn view(&self, tenant: TenantId) -> Result<View> {
        self.warm(tenant).await;
        self.view_keyless(tenant).await
    }

    /// As [`view`](Self::view), for work that opens nothing: it goes through many tenants, and asks nobody for their keys.
    pub(crate) async fn view_keyless(&self, tenant: TenantId) -> Result<View> {
        self.over(self.shared.pool.read().await?, tenant).await
    }

    /// As [`view`](Self::view), for one statement: another one would look at another moment. [`View::seen`] ends it.
    pub(crate) async fn glance(&self, tenant: TenantId) -> Result<View> {
        self.over(self.shared.pool.glance().await?, tenant).await
    }

    async fn over(&self, mut conn: Conn, tenant: TenantId) -> Result<View> {
        enter(&mut conn, tenant).await?;
        Ok(View { conn, tenant, now: self.now(), shared: Arc::clone(&self.shared) })
    }

    pub(crate) async fn begin(&self, tenant: TenantId) -> Result<Tx> {
        self.warm(tenant).await;
        self.begin_keyless(tenant).await
    }

    /// As [`begin`](Self::begin), for work that neither seals nor opens.
    pub(crate) async fn begin_keyless(&self, tenant: TenantId) -> Result<Tx> {
        let mut conn = self.shared.pool.write(tenant).await?;
        enter(&mut conn, tenant).await?;
        Ok(Tx {
            conn,
            tenant,
            now: self.now(),
            shared: Arc::clone(&self.shared),
            events: Vec::new(),
            erased: Vec::new(),
            decides: false,
            opened: None,
        })
    }

    pub(crate) async fn commit(&self, tx: Tx, drafts: Vec<Draft>) -> Result<()> {
        let learned: Vec<_> = drafts.iter().flat_map(Draft::new_subjects).collect();
        let (tenant, erased, decides) = (tx.tenant, tx.erased, tx.decides);
        match tx.conn {
            Conn::SqliteWrite(turn) => turn.finish(drafts).await?,
            Conn::Postgres(mut transaction) => {
                audit::append_postgres(&mut transaction, drafts).await?;
                transaction.commit().await?;
            }
            Conn::SqliteRead(_) | Conn::SqliteGlance(_) => return Err(Error::Unrecorded),
        }
        self.shared.subjects.learn(learned);
        self.shared.subjects.forget(tenant, &erased);
        // On disk, and told to nobody yet.
        if decides {
            self.forget_keys(tenant).await?;
        }
        Ok(())
    }

    /// Commits a write that leaves no record; only those of the closed list.
    pub(crate) async fn commit_quietly(&self, tx: Tx, _why: Quiet) -> Result<()> {
        match tx.conn {
            Conn::SqliteWrite(turn) => turn.finish(Vec::new()).await,
            Conn::Postgres(transaction) => Ok(transaction.commit().await?),
            Conn::SqliteRead(_) | Conn::SqliteGlance(_) => Err(Error::Unrecorded),
        }
    }

    /// Has the tenant's keys in memory before a transaction begins, since within one the holder of the root key is never asked.
    ///
    /// Where it does not answer, whatever needs a key fails by itself, and what needs none goes on.
    async fn warm(&self, tenant: TenantId) {
        if !self.shared.keys.keyring.wants(&tenant.bytes()) {
            return;
        }
        if let Err(error) = self.load_keys(tenant).await {
            tracing::warn!(%tenant, error = ?error, "the keys of a tenant were not loaded");
        }
    }

    pub(crate) async fn load_keys(&self, tenant: TenantId) -> Result<()> {
        let keyring = &self.shared.keys.keyring;
        let mut view = self.view_keyless(tenant).await?;
        let wrapped = tenant_keys::wrapped(&mut view).await?;
        drop(view);
        if wrapped.is_empty() {
            keyring.forget(&tenant.bytes());
            return Ok(());
        }
        let loaded = keyring.load(&wrapped).await.map(drop);
        loaded.map_err(|error| {
            if let KeyringError::Altered { version, .. } = error {
                sealed::key_refused(&self.shared.faults, tenant, version, &error, self.now());
            }
            Error::vault(error)
        })
    }

    pub(crate) async fn undo(&self, tx: Tx) {
        match tx.conn {
            Conn::SqliteWrite(turn) => turn.undo().await,
            // If the connection is gone, so is its transaction.
            Conn::Postgres(transaction) => drop(transaction.rollback().await),
            Conn::SqliteRead(_) | Conn::SqliteGlance(_) => {}
        }
    }
}

/// Whether whoever was admitted still stands, and so does the request, where it came under a key of its sender.
async fn stands<R: Rule>(tx: &mut Tx, permit: &Permit<R>) -> Result<()> {
    gate::recheck(tx, permit).await?;
    match &permit.claim {
        Some(claim) => kept_answers::note_effect(tx, claim).await,
        None => Ok(()),
    }
}

/// Whether what is about to be written is what its sender wants: of the thing as they read it, and where it takes an approval, as it was
/// approved.
async fn as_wanted<R: Rule>(
    tx: &mut Tx,
    permit: &Permit<R>,
    approved: Option<(Approved<R>, SensitiveAction)>,
) -> Result<()> {
    audit::check_expected(tx, permit).await?;
    match approved {
        Some((approved, action)) => step_up::check(tx, permit, &approved, action).await,
        None => Ok(()),
    }
}

/// Binds the transaction to the tenant: row-level security shows nothing else from here on.
pub(crate) async fn enter(conn: &mut Conn, tenant: TenantId) -> Result<()> {
    if let Conn::Postgres(transaction) = conn {
        sqlx::query("SELECT set_config('bailiwick.tenant', $1, true)")
            .bind(tenant.to_string())
            .fetch_one(&mut **transaction)
            .await?
            .try_get::<String, _>(0)?;
    }
    Ok(())
}
