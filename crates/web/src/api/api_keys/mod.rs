//! API keys.

pub(super) mod callers;
pub(super) mod create;
pub(super) mod list;
pub(super) mod narrow;
pub(super) mod revoke;
pub(super) mod rotate;
pub(super) mod rotation;
pub(super) mod scopes;
pub(super) mod show;

use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus, Browser, KeyEnvironment},
    ids::{ApiKeyId, UserId},
    network::AllowList,
    permission::PermissionSet,
    time::Timestamp,
};
use bailiwick_store::{Receipt, key_uses::LastUse};
use serde::Serialize;

use crate::shell::Visit;

/// A key's record as the API shows it; never the key.
#[derive(Serialize)]
pub(super) struct ApiKeyBody {
    id: ApiKeyId,
    name: String,
    prefix: String,
    environment: KeyEnvironment,
    scopes: Vec<String>,
    /// Networks in CIDR form; anywhere, if empty.
    networks: AllowList,
    status: ApiKeyStatus,
    owner: Option<UserId>,
    created_by: Option<UserId>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    /// The key whose place it takes.
    replaces: Option<ApiKeyId>,
    /// Nothing where no use was written down yet.
    last_used: Option<LastUseBody>,
}

/// The last use of a key.
#[derive(Serialize)]
struct LastUseBody {
    at: Timestamp,
    address: Option<String>,
    agent: Browser,
    scope: Option<String>,
}

impl ApiKeyBody {
    fn at(now: Timestamp, key: ApiKey, used: Option<LastUse>) -> Self {
        Self {
            status: key.status(now),
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            environment: key.environment,
            scopes: key.scopes,
            networks: key.networks,
            owner: key.owner,
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            replaces: key.replaces,
            last_used: used.map(|used| LastUseBody {
                at: used.at,
                address: used.address,
                agent: used.agent,
                scope: used.scope,
            }),
        }
    }
}

/// What proves that something was recorded.
#[derive(Serialize)]
pub(super) struct ReceiptBody {
    /// The event of the audit log.
    id: String,
    /// SHA-256 of a zero octet and the record's octets: its leaf in the tree.
    hash: String,
}

impl From<Receipt> for ReceiptBody {
    fn from(receipt: Receipt) -> Self {
        Self { id: receipt.event.to_string(), hash: receipt.hash.to_string() }
    }
}

/// The permissions that some route of the running server asks for.
fn measured(visit: &Visit) -> PermissionSet {
    visit.access_table().iter().filter_map(|row| row.need.permission()).collect()
}
