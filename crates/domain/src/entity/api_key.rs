use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{ApiKeyId, UserId},
    network::AllowList,
    time::{Span, Timestamp},
};

/// A key this close to its end is shown as expiring and counts as needing rotation.
pub const EXPIRING: Span = Span::days(30);

named! {
    /// What a key is at a given moment.
    ApiKeyStatus {
        /// Works, with more than thirty days left.
        Active = "active",
        /// Works, but not for long.
        Expiring = "expiring",
        /// Works beside the key that takes its place, until every recent caller has moved or its end comes.
        Rotating = "rotating",
        /// Its time is over.
        Expired = "expired",
        /// Taken back.
        Revoked = "revoked",
    }
}

impl ApiKeyStatus {
    /// Whether a key that is this is taken.
    pub const fn works(self) -> bool {
        matches!(self, Self::Active | Self::Expiring | Self::Rotating)
    }
}

named! {
    /// Whether a key reaches real data.
    KeyEnvironment {
        /// Real data.
        Live = "live",
        /// Trial data.
        Test = "test",
    }
}

/// An API key's record. The key itself exists only as a hash, in its own column, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiKey {
    /// The record's id.
    pub id: ApiKeyId,
    /// What the key is for, in its maker's words.
    pub name: String,
    /// The visible beginning of the key.
    pub prefix: String,
    /// Whether it is for real data.
    pub environment: KeyEnvironment,
    /// The permissions it carries, by name, sorted.
    pub scopes: Vec<String>,
    /// Where it may be used from; anywhere, if empty.
    pub networks: AllowList,
    /// Who made it; nobody for the server itself.
    pub created_by: Option<UserId>,
    /// Who answers for it and is asked about it.
    pub owner: Option<UserId>,
    /// The key whose place it takes.
    pub replaces: Option<ApiKeyId>,
    /// Whether another key is taking its place.
    pub rotating: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to work; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// The status at `now`.
    pub fn status(&self, now: Timestamp) -> ApiKeyStatus {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => ApiKeyStatus::Revoked,
            (None, Some(end)) if now >= end => ApiKeyStatus::Expired,
            _ if self.rotating => ApiKeyStatus::Rotating,
            (None, Some(end)) if now + EXPIRING >= end => ApiKeyStatus::Expiring,
            _ => ApiKeyStatus::Active,
        }
    }
}

impl Entity for ApiKey {
    const KIND: &'static str = "api_key";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
