//! Regions: each has its own database, keys and checkpoints. One region named `local` is the default.

use std::collections::BTreeMap;

use crate::{Error, Result, Store};

/// The name of the region that exists without being configured.
pub const LOCAL: &str = "local";

/// The stores by region.
#[derive(Clone)]
pub struct Regions(BTreeMap<String, Store>);

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
}
