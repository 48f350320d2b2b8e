use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Entity;
use crate::{
    ids::{SavedSearchId, UserId},
    time::Timestamp,
};

/// A search of the audit log that somebody keeps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedSearch {
    /// Its id.
    pub id: SavedSearchId,
    /// Whose it is.
    pub user: UserId,
    /// The name as people read it, unique among those of its owner.
    pub name: String,
    /// The query in its one canonical text; see [`crate::search`].
    pub query: String,
    /// Whether everybody in the tenant who may read the log sees it.
    pub shared: bool,
    /// When it was first kept.
    pub created_at: Timestamp,
}

impl Entity for SavedSearch {
    const KIND: &'static str = "saved_search";
    /// Queries name people, and names of queries say what somebody is looked at for.
    const PERSONAL: &'static [&'static str] = &["name", "query"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
