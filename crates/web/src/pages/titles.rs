//! What people call roles.

use std::collections::HashMap;

use bailiwick_domain::role::{CustomName, RoleName};
use bailiwick_store::{Result, Scope, roles};

/// The labels of the tenant's own roles; built-in ones have their titles.
#[derive(Debug, Default)]
pub(crate) struct Titles(HashMap<CustomName, String>);

impl Titles {
    /// Reads them; there are fifty at most.
    pub(crate) async fn read(scope: &mut impl Scope) -> Result<Self> {
        Ok(Self(roles::labels(scope).await?))
    }

    /// What people call a role.
    pub(crate) fn of(&self, role: RoleName) -> String {
        let label = role.custom().and_then(|name| self.0.get(&name));
        label.map_or_else(|| role.title().to_owned(), Clone::clone)
    }

    /// The tenant's own roles, by label.
    pub(crate) fn custom(&self) -> impl Iterator<Item = (CustomName, String)> {
        let mut all: Vec<_> = self.0.iter().map(|(name, label)| (*name, label.clone())).collect();
        all.sort_by(|a, b| a.1.cmp(&b.1));
        all.into_iter()
    }
}
