//! API keys.

pub(super) mod create;
pub(super) mod list;
pub(super) mod revoke;
pub(super) mod show;

use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus},
    ids::{ApiKeyId, UserId},
    time::Timestamp,
};
use serde::Serialize;

/// A key's record as the API shows it; never the key.
#[derive(Serialize)]
pub(super) struct ApiKeyBody {
    id: ApiKeyId,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    status: ApiKeyStatus,
    created_by: Option<UserId>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl ApiKeyBody {
    fn at(now: Timestamp, key: ApiKey) -> Self {
        Self {
            status: key.status(now),
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
        }
    }
}
