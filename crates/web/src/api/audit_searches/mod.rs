//! Searches of the audit log that people keep.

pub(super) mod change;
pub(super) mod create;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod show;

use bailiwick_domain::{
    entity::SavedSearch,
    ids::{SavedSearchId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A kept search as the API shows it.
#[derive(Serialize)]
pub(super) struct SearchBody {
    id: SavedSearchId,
    user: UserId,
    name: String,
    query: String,
    shared: bool,
    created_at: Timestamp,
}

impl From<SavedSearch> for SearchBody {
    fn from(search: SavedSearch) -> Self {
        Self {
            id: search.id,
            user: search.user,
            name: search.name,
            query: search.query,
            shared: search.shared,
            created_at: search.created_at,
        }
    }
}

/// What a search is kept as.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    name: String,
    query: String,
    #[serde(default)]
    shared: bool,
}

impl From<Kept> for bailiwick_ops::saved_searches::NewSearch {
    fn from(kept: Kept) -> Self {
        Self { name: kept.name, query: kept.query, shared: kept.shared }
    }
}
