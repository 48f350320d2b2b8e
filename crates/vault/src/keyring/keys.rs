//! Tenant keys in memory.

use std::fmt;
use std::sync::Arc;

use crate::secret::KeyBytes;

/// One version of one tenant's key.
pub struct TenantKey {
    tenant: [u8; 16],
    version: u32,
    bytes: KeyBytes,
}

impl TenantKey {
    pub(super) fn new(tenant: [u8; 16], version: u32, bytes: KeyBytes) -> Self {
        Self { tenant, version, bytes }
    }

    /// The tenant that the key belongs to.
    #[must_use]
    pub fn tenant(&self) -> &[u8; 16] {
        &self.tenant
    }

    /// The version, counted from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    pub(crate) fn bytes(&self) -> &KeyBytes {
        &self.bytes
    }
}

impl fmt::Debug for TenantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantKey")
            .field("tenant", &hex::encode(self.tenant))
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// All key versions of one tenant that can still decrypt.
pub struct TenantKeys {
    newest: Arc<TenantKey>,
    /// In descending order.
    older: Vec<Arc<TenantKey>>,
}

impl TenantKeys {
    /// `None` unless there is at least one key and the versions are distinct and above 0.
    pub(super) fn new(mut keys: Vec<Arc<TenantKey>>) -> Option<Self> {
        keys.sort_by_key(|key| std::cmp::Reverse(key.version));
        let distinct = keys.windows(2).all(|pair| matches!(pair, [a, b] if a.version != b.version));
        let counted = keys.iter().all(|key| key.version > 0);
        let mut keys = keys.into_iter();
        let newest = keys.next().filter(|_| distinct && counted)?;
        Some(Self { newest, older: keys.collect() })
    }

    /// The tenant that the keys belong to.
    #[must_use]
    pub fn tenant(&self) -> &[u8; 16] {
        &self.newest.tenant
    }

    /// The version that encrypts.
    #[must_use]
    pub fn newest(&self) -> &TenantKey {
        &self.newest
    }

    /// One version, if it is here.
    #[must_use]
    pub fn version(&self, version: u32) -> Option<&Arc<TenantKey>> {
        self.all().find(|key| key.version == version)
    }

    /// The versions that are here, newest first.
    pub fn versions(&self) -> impl Iterator<Item = u32> {
        self.all().map(|key| key.version)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<TenantKey>> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}
