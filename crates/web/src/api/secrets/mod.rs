//! Secrets that are kept for the product. One call gives values out, to keys that are bound to addresses; none shows them to people.

pub(super) mod create;
pub(super) mod delete;
pub(super) mod discard;
pub(super) mod list;
pub(super) mod resolve;
pub(super) mod rotate;
pub(super) mod scan;
pub(super) mod show;
pub(super) mod stage;

use bailiwick_domain::{
    entity::{SecretUse, SecretVersion},
    ids::{ApiKeyId, SecretId, UserId},
    secret::{LengthClass, SecretName},
    time::Timestamp,
};
use bailiwick_store::secrets::Listed;
use serde::Serialize;

/// What stands where a value would.
const PLACEHOLDER: &str = "********";

/// A secret as the API shows it; never a value of it.
#[derive(Serialize)]
pub(super) struct SecretBody {
    id: SecretId,
    name: SecretName,
    current: VersionBody,
    staged: Option<VersionBody>,
    previous: Option<VersionBody>,
    created_at: Timestamp,
    used: Option<UseBody>,
}

/// A version with what stands for its value.
#[derive(Serialize)]
struct VersionBody {
    number: i64,
    value: &'static str,
    length: LengthClass,
    fingerprint: String,
    stored_by: Option<UserId>,
    stored_at: Timestamp,
}

/// How it was used.
#[derive(Serialize)]
struct UseBody {
    uses: i64,
    version: i64,
    key: ApiKeyId,
    at: Timestamp,
}

impl From<SecretVersion> for VersionBody {
    fn from(version: SecretVersion) -> Self {
        Self {
            number: version.number,
            value: PLACEHOLDER,
            length: version.length,
            fingerprint: version.fingerprint,
            stored_by: version.stored_by,
            stored_at: version.stored_at,
        }
    }
}

impl From<SecretUse> for UseBody {
    fn from(used: SecretUse) -> Self {
        Self { uses: used.uses, version: used.version, key: used.key, at: used.at }
    }
}

impl From<Listed> for SecretBody {
    fn from(Listed { secret, used }: Listed) -> Self {
        Self {
            id: secret.id,
            name: secret.name,
            current: secret.current.into(),
            staged: secret.staged.map(VersionBody::from),
            previous: secret.previous.map(VersionBody::from),
            created_at: secret.created_at,
            used: used.map(UseBody::from),
        }
    }
}
