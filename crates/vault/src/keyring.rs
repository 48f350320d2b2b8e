//! Tenant keys: wrapped by the root key at rest, cached unwrapped while in use.

mod keys;
mod memory;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bailiwick_domain::time::Timestamp;
use subtle::ConstantTimeEq;

pub use keys::{TenantKey, TenantKeys};
use memory::Memory;
pub use memory::Patience;

use crate::entropy::Entropy;
use crate::provider::{KeyId, KeyProvider, ProviderError};
use crate::secret::KeyBytes;
use crate::transcript::Transcript;

/// A tenant key as it is stored: useless without the root key that wrapped it.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The tenant that the key belongs to; part of what the wrapping authenticates.
    pub tenant: [u8; 16],
    /// Counts from 1 for each tenant; the highest one encrypts. Authenticated likewise.
    pub version: u32,
    /// The root key that wrapped it.
    pub provider_key_id: KeyId,
    /// The provider's ciphertext.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedKey")
            .field("tenant", &hex::encode(self.tenant))
            .field("version", &self.version)
            .field("provider_key_id", &self.provider_key_id)
            .finish_non_exhaustive()
    }
}

/// Makes, unwraps and caches tenant keys.
pub struct Keyring {
    /// One of them wraps; the others unwrap what has not been wrapped anew yet.
    providers: Vec<Arc<dyn KeyProvider>>,
    /// The place of the one that wraps.
    lead: AtomicUsize,
    entropy: Arc<dyn Entropy>,
    memory: Memory,
}

impl Keyring {
    /// A keyring over one root key that keeps the keys of at most `limit` tenants in memory.
    ///
    /// The least recently used tenant leaves first; its keys are overwritten as soon as nobody is using them.
    #[must_use]
    pub fn new(provider: Arc<dyn KeyProvider>, entropy: Arc<dyn Entropy>, limit: NonZeroUsize) -> Self {
        Self {
            providers: vec![provider],
            lead: AtomicUsize::new(0),
            entropy,
            memory: Memory::new(limit, None),
        }
    }

    /// How long keys in memory are used without asking the provider again, and how long where it does not answer. Without this
    /// they are used for as long as they are there.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.memory = Memory::new(self.memory.limit(), Some(patience));
        self
    }

    /// Adds a root key that unwraps, and does not wrap before it [leads](Self::lead): one on its way out, or one that is to come.
    #[must_use]
    pub fn with_another(mut self, provider: Arc<dyn KeyProvider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Has the root key of this name wrap from now on; the others go on unwrapping. False where it is none of these.
    pub fn lead(&self, id: &KeyId) -> bool {
        let place = self.providers.iter().position(|provider| provider.key_id() == id);
        if let Some(place) = place {
            self.lead.store(place, Ordering::Release);
        }
        place.is_some()
    }

    /// The root keys that unwrap here, among them the one that wraps.
    pub fn roots(&self) -> impl Iterator<Item = &KeyId> {
        self.providers.iter().map(|provider| provider.key_id())
    }

    /// The provider of the root key of this name.
    #[must_use]
    pub fn root(&self, id: &KeyId) -> Option<&Arc<dyn KeyProvider>> {
        self.providers.iter().find(|provider| provider.key_id() == id)
    }

    /// The first key of a new tenant, to be stored by the caller.
    ///
    /// # Errors
    /// Whatever the provider answers.
    pub async fn create(&self, tenant: [u8; 16]) -> Result<WrappedKey, KeyringError> {
        Ok(self.make(tenant, 1).await?.0)
    }

    /// A new version of a tenant's key, wrapped and ready to use: nothing uses it before [`hold`](Self::hold).
    ///
    /// # Errors
    /// Whatever the provider answers.
    pub async fn make(
        &self,
        tenant: [u8; 16],
        version: u32,
    ) -> Result<(WrappedKey, TenantKey), KeyringError> {
        let key = KeyBytes::random(self.entropy.as_ref());
        let wrapped = self.wrap(tenant, version, &key).await?;
        Ok((wrapped, TenantKey::new(tenant, version, key)))
    }

    /// Takes a key that was just stored into memory, beside the tenant's older ones where those are there.
    ///
    /// Where they are not, only a first version is taken: whoever holds some of a tenant's keys would find others missing.
    pub fn hold(&self, key: TenantKey) {
        let tenant = *key.tenant();
        let mut keys = match self.memory.whatever(&tenant) {
            Some(known) => known.all().filter(|known| known.version() != key.version()).cloned().collect(),
            None if key.version() == 1 => Vec::new(),
            None => return,
        };
        keys.push(Arc::new(key));
        if let Some(keys) = TenantKeys::new(keys) {
            self.memory.insert(tenant, Arc::new(keys));
        }
    }

    /// The successor of a tenant's newest key, to be stored beside it. Older versions go on decrypting.
    ///
    /// # Errors
    /// [`KeyringError::VersionsExhausted`] after 2³² − 1 rotations; whatever the provider answers.
    pub async fn rotate(&self, newest: &WrappedKey) -> Result<WrappedKey, KeyringError> {
        let version = newest.version.checked_add(1).ok_or(KeyringError::VersionsExhausted)?;
        Ok(self.make(newest.tenant, version).await?.0)
    }

    /// The same tenant key wrapped by the root key `to`, unwrapped once more by that and compared: one step of a move.
    ///
    /// That a root key does not answer is told to the caller alone: what else needs it finds out by itself.
    ///
    /// # Errors
    /// [`KeyringError::UnknownRoot`], [`KeyringError::Unverified`], whatever either provider answers.
    pub async fn rewrap(&self, wrapped: &WrappedKey, to: &KeyId) -> Result<WrappedKey, KeyringError> {
        let find = |id: &KeyId| self.root(id).ok_or_else(|| KeyringError::UnknownRoot(id.clone()));
        let (from, to) = (find(&wrapped.provider_key_id)?, find(to)?);
        let context = context(&wrapped.tenant, wrapped.version);
        let key = from.unwrap_key(&wrapped.bytes, &context).await?;
        let bytes = to.wrap_key(&key, &context).await?;
        let again = to.unwrap_key(&bytes, &context).await?;
        if !bool::from(again.ct_eq(&key)) {
            return Err(KeyringError::Unverified(to.key_id().clone()));
        }
        Ok(WrappedKey { bytes, provider_key_id: to.key_id().clone(), ..wrapped.clone() })
    }

    /// The keys of a tenant if they are in memory, without asking the provider; nothing where it has not answered for longer than
    /// they may be used without it.
    ///
    /// Another node may have rotated them since: what it sealed answers
    /// [`OpenError::KeyVersion`](crate::envelope::OpenError::KeyVersion) here, and [`load`](Self::load) with
    /// the stored keys brings this node up to date.
    #[must_use]
    pub fn cached(&self, tenant: &[u8; 16]) -> Option<Arc<TenantKeys>> {
        self.memory.usable(tenant)
    }

    /// Whether the provider should be asked for a tenant's keys now: they are not in memory, somebody met a version that is not
    /// among them, or their time is over. While the provider does not answer it is asked only every few seconds.
    #[must_use]
    pub fn wants(&self, tenant: &[u8; 16]) -> bool {
        self.memory.wants(tenant)
    }

    /// Notes that something was sealed under a version that is not in memory: the next use loads the tenant's keys again.
    pub fn outdated(&self, tenant: &[u8; 16]) {
        self.memory.outdated(tenant);
    }

    /// Since when the provider does not answer; nothing while it does, as far as anybody has asked.
    #[must_use]
    pub fn away_since(&self) -> Option<Timestamp> {
        self.memory.away_since()
    }

    /// The tenants whose keys are in memory, with the newest version of each that is known here.
    #[must_use]
    pub fn held(&self) -> Vec<([u8; 16], u32)> {
        self.memory.held()
    }

    /// Unwraps all stored keys of one tenant and caches exactly these; keys already in memory are not
    /// unwrapped again.
    ///
    /// # Errors
    /// [`KeyringError::NoKeys`], [`KeyringError::MixedTenants`] and [`KeyringError::Versions`] for a list
    /// that cannot be one tenant's keys, [`KeyringError::Altered`] for a key that does not unwrap, [`KeyringError::UnknownRoot`] when no provider here holds the root
    /// key that wrapped one.
    pub async fn load(&self, wrapped: &[WrappedKey]) -> Result<Arc<TenantKeys>, KeyringError> {
        let tenant = wrapped.first().ok_or(KeyringError::NoKeys)?.tenant;
        if wrapped.iter().any(|key| key.tenant != tenant) {
            return Err(KeyringError::MixedTenants);
        }
        // Keys whose time is over are asked for again, every one: whoever takes the root key from this server ends their use.
        let known = self.memory.fresh(&tenant);
        let mut keys = Vec::with_capacity(wrapped.len());
        for wrapped in wrapped {
            let held = known.as_ref().and_then(|known| known.version(wrapped.version));
            keys.push(match held {
                Some(key) => Arc::clone(key),
                None => Arc::new(self.unwrap_tenant_key(wrapped).await.map_err(|error| match error {
                    KeyringError::Provider(ProviderError::Rejected(root)) => {
                        KeyringError::Altered { version: wrapped.version, root }
                    }
                    error => error,
                })?),
            });
        }
        let keys = Arc::new(TenantKeys::new(keys).ok_or(KeyringError::Versions)?);
        self.memory.insert(tenant, Arc::clone(&keys));
        Ok(keys)
    }

    /// Drops a tenant's keys from memory, as after their destruction or the tenant's suspension.
    ///
    /// Callers that hold them still do until they let go.
    pub fn forget(&self, tenant: &[u8; 16]) {
        self.memory.remove(tenant);
    }

    /// How many tenants' keys are in memory now.
    #[must_use]
    pub fn cached_tenants(&self) -> usize {
        self.memory.len()
    }

    /// The provider that wraps new keys.
    #[must_use]
    pub fn provider(&self) -> Option<&Arc<dyn KeyProvider>> {
        self.providers.get(self.lead.load(Ordering::Acquire))
    }

    async fn wrap(&self, tenant: [u8; 16], version: u32, key: &KeyBytes) -> Result<WrappedKey, KeyringError> {
        let provider = self.provider().ok_or(KeyringError::NoKeys)?;
        let bytes = self.memory.heard(provider.wrap_key(key, &context(&tenant, version)).await)?;
        Ok(WrappedKey { tenant, version, provider_key_id: provider.key_id().clone(), bytes })
    }

    async fn unwrap_tenant_key(&self, wrapped: &WrappedKey) -> Result<TenantKey, KeyringError> {
        let wanted = &wrapped.provider_key_id;
        let provider = self.root(wanted).ok_or_else(|| KeyringError::UnknownRoot(wanted.clone()))?;
        let context = context(&wrapped.tenant, wrapped.version);
        let key = self.memory.heard(provider.unwrap_key(&wrapped.bytes, &context).await)?;
        Ok(TenantKey::new(wrapped.tenant, wrapped.version, key))
    }
}

fn context(tenant: &[u8; 16], version: u32) -> Vec<u8> {
    Transcript::new("bailiwick tenant key v1").field(tenant).field(&version.to_be_bytes()).finish()
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("providers", &self.providers).finish_non_exhaustive()
    }
}

/// Why the keyring did not give a tenant's keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The list of stored keys is empty: the tenant was never given one, or they were destroyed.
    #[error("the tenant has no key")]
    NoKeys,
    /// The list holds keys of several tenants.
    #[error("the stored keys belong to more than one tenant")]
    MixedTenants,
    /// A version is 0 or appears twice.
    #[error("the stored key versions are not distinct numbers from 1")]
    Versions,
    /// 2³² − 1 versions are in use.
    #[error("the tenant has used up its key versions")]
    VersionsExhausted,
    /// Wrapped by a root key that none of the providers holds.
    #[error("the tenant key was wrapped by root key {0}, which is not configured here")]
    UnknownRoot(KeyId),
    /// A stored key does not unwrap. Nothing of the tenant's keys was given out.
    #[error(
        "version {version} of the tenant's key was altered, moved, or wrapped by another root key than {root}"
    )]
    Altered {
        /// Which one.
        version: u32,
        /// The root key that is said to have wrapped it.
        root: KeyId,
    },
    /// What a root key gave back is not the key that it was given to wrap; nothing was changed.
    #[error("root key {0} does not give back what it wraps")]
    Unverified(KeyId),
    /// The provider refused.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::provider::FileProvider;
    use crate::secret::assert_hidden;

    pub(crate) fn provider(seed: u64) -> Arc<dyn KeyProvider> {
        let folder = tempfile::tempdir().unwrap();
        let entropy = Arc::new(SeededEntropy::new(seed));
        Arc::new(FileProvider::create(&folder.path().join("root.key"), entropy).unwrap())
    }

    pub(crate) fn keyring(limit: usize) -> Keyring {
        Keyring::new(provider(31), Arc::new(SeededEntropy::new(32)), NonZeroUsize::new(limit).unwrap())
    }

    const ACME: [u8; 16] = [0xAC; 16];
    const GLOBEX: [u8; 16] = [0x61; 16];

    #[tokio::test]
    async fn newest_version_encrypts_and_older_ones_stay() {
        let ring = keyring(4);
        let first = ring.create(ACME).await.unwrap();
        let second = ring.rotate(&first).await.unwrap();
        let third = ring.rotate(&second).await.unwrap();
        let keys = ring.load(&[second, third, first]).await.unwrap();
        assert_eq!(keys.newest().version(), 3);
        assert_eq!(keys.versions().collect::<Vec<_>>(), [3, 2, 1]);
        let bytes = |version| keys.version(version).unwrap().bytes().expose();
        assert!(bytes(1) != bytes(2) && bytes(2) != bytes(3));
        assert!(keys.version(4).is_none());
    }

    #[tokio::test]
    async fn a_wrapped_key_cannot_change_tenant_or_version() {
        let ring = keyring(4);
        let first = ring.create(ACME).await.unwrap();
        let rejected = |error| matches!(error, KeyringError::Altered { .. });
        let moved = WrappedKey { tenant: GLOBEX, ..first.clone() };
        assert!(rejected(ring.load(&[moved]).await.unwrap_err()));
        let renumbered = WrappedKey { version: 2, ..first.clone() };
        assert!(rejected(ring.load(&[renumbered]).await.unwrap_err()));
        let mut altered = first;
        *altered.bytes.last_mut().unwrap() ^= 1;
        assert!(rejected(ring.load(&[altered]).await.unwrap_err()));
        assert_eq!(ring.cached_tenants(), 0, "a refused key is not cached");
    }

    #[tokio::test]
    async fn a_list_that_is_not_one_tenants_keys_is_refused() {
        let ring = keyring(4);
        let (acme, globex) = (ring.create(ACME).await.unwrap(), ring.create(GLOBEX).await.unwrap());
        assert!(matches!(ring.load(&[]).await, Err(KeyringError::NoKeys)));
        assert!(matches!(ring.load(&[acme.clone(), globex]).await, Err(KeyringError::MixedTenants)));
        assert!(matches!(ring.load(&[acme.clone(), acme.clone()]).await, Err(KeyringError::Versions)));
        let last = WrappedKey { version: u32::MAX, ..acme };
        assert!(matches!(ring.rotate(&last).await, Err(KeyringError::VersionsExhausted)));
    }

    #[tokio::test]
    async fn the_cache_drops_the_tenant_unused_for_longest() {
        let ring = keyring(2);
        for tenant in 1..=2_u8 {
            ring.load(&[ring.create([tenant; 16]).await.unwrap()]).await.unwrap();
        }
        assert!(ring.cached(&[1; 16]).is_some(), "used, so the other one is the older now");
        ring.load(&[ring.create([3; 16]).await.unwrap()]).await.unwrap();
        assert_eq!(ring.cached_tenants(), 2);
        assert!(ring.cached(&[2; 16]).is_none());
        assert!(ring.cached(&[1; 16]).is_some() && ring.cached(&[3; 16]).is_some());
        ring.forget(&[3; 16]);
        assert!(ring.cached(&[3; 16]).is_none());
    }

    #[tokio::test]
    async fn a_destroyed_version_leaves_memory_at_the_next_load() {
        let ring = keyring(2);
        let first = ring.create(ACME).await.unwrap();
        let second = ring.rotate(&first).await.unwrap();
        ring.load(&[first, second.clone()]).await.unwrap();
        ring.load(&[second]).await.unwrap();
        assert_eq!(ring.cached(&ACME).unwrap().versions().collect::<Vec<_>>(), [2]);
    }

    #[tokio::test]
    async fn root_key_rotation_keeps_every_tenant_key() {
        let (old, new) = (provider(41), provider(42));
        let entropy = Arc::new(SeededEntropy::new(43));
        let limit = NonZeroUsize::MIN;
        let before = Keyring::new(Arc::clone(&old), entropy.clone(), limit);
        let wrapped = before.create(ACME).await.unwrap();
        let keys = before.load(std::slice::from_ref(&wrapped)).await.unwrap();

        let without = Keyring::new(Arc::clone(&new), entropy.clone(), limit);
        let unknown = without.load(std::slice::from_ref(&wrapped)).await.unwrap_err();
        assert!(matches!(unknown, KeyringError::UnknownRoot(id) if id == *old.key_id()));

        let during = Keyring::new(Arc::clone(&old), entropy, limit).with_another(Arc::clone(&new));
        assert_eq!(during.create(GLOBEX).await.unwrap().provider_key_id, *old.key_id(), "until it leads");
        assert!(!during.lead(provider(44).key_id()) && during.lead(new.key_id()));
        assert_eq!(during.create(GLOBEX).await.unwrap().provider_key_id, *new.key_id());
        during.load(std::slice::from_ref(&wrapped)).await.unwrap();
        let moved = during.rewrap(&wrapped, new.key_id()).await.unwrap();
        assert_eq!(moved.provider_key_id, *new.key_id());
        let after = without.load(&[moved]).await.unwrap();
        assert_eq!(after.newest().bytes().expose(), keys.newest().bytes().expose());
    }

    #[tokio::test]
    async fn debug_shows_no_tenant_key() {
        let ring = keyring(1);
        let wrapped = ring.create(ACME).await.unwrap();
        let keys = ring.load(std::slice::from_ref(&wrapped)).await.unwrap();
        let secret = keys.newest().bytes().expose();
        assert_hidden(&ring, secret);
        assert_hidden(&keys, secret);
        assert_hidden(&keys.newest(), secret);
        assert_hidden(&wrapped, &wrapped.bytes);
    }
}
