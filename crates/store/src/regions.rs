//! Regions: each has its own database, keys and checkpoints. One region named `local` is the default.

use std::collections::BTreeMap;

use bailiwick_domain::ids::TenantId;

use crate::{Error, Result, Store, tenants};

/// The name of the region that exists without being configured.
pub const LOCAL: &str = "local";

/// The stores by region.
#[derive(Clone)]
pub struct Regions(BTreeMap<String, Store>);

/// Why stores and the tenants in them do not belong together.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
    /// A tenant names a region that its database is not.
    #[error("tenant {slug} ({tenant}) belongs to region `{region}`, and its data lies in region `{found}`")]
    Elsewhere {
        /// Which tenant.
        tenant: TenantId,
        /// Its short name.
        slug: String,
        /// The region that the tenant names.
        region: String,
        /// The region in whose database it was found.
        found: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Regions {
    /// One region, `local`.
    pub fn local(store: Store) -> Self {
        Self(BTreeMap::from([(LOCAL.to_owned(), store)]))
    }

    /// The store of a region.
    pub fn find(&self, region: &str) -> Result<&Store> {
        self.0.get(region).ok_or(Error::NotFound)
    }

    /// The regions' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Refuses a tenant that names another region than the one whose database it lies in. Changes nothing.
    pub async fn check(&self) -> Result<(), RegionError> {
        for (name, store) in &self.0 {
            if let Some(tenant) = tenants::outside(store, name).await? {
                let (slug, region, found) = (tenant.slug, tenant.region, name.clone());
                return Err(RegionError::Elsewhere { tenant: tenant.id, slug, region, found });
            }
        }
        Ok(())
    }

    /// Waits for running transactions and closes every connection of every region.
    pub async fn close(&self) {
        for store in self.0.values() {
            store.close().await;
        }
    }
}

impl FromIterator<(String, Store)> for Regions {
    fn from_iter<I: IntoIterator<Item = (String, Store)>>(stores: I) -> Self {
        Self(stores.into_iter().collect())
    }
}
