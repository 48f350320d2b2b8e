use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{ApiKeyId, SecretId, UserId},
    secret::{LengthClass, SecretName},
    time::Timestamp,
};

named! {
    /// What a version of a secret is there for.
    SecretStage {
        /// Nobody uses it yet: it waits for the rotation.
        Staged = "staged",
        /// What is used.
        Current = "current",
        /// What was used before the last rotation, for whoever has not followed yet.
        Previous = "previous",
    }
}

impl SecretStage {
    /// The stage as people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Staged => "Staged",
            Self::Current => "Current",
            Self::Previous => "Previous",
        }
    }
}

/// One version of a secret: everything that is ever shown of it. The value lies sealed, outside this image and every other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecretVersion {
    /// Its number, from 1; no number is given twice.
    pub number: i64,
    /// How long the value is, roughly.
    pub length: LengthClass,
    /// A keyed hash of the value, 32 lower-case hexadecimal digits: equal values of one organisation have equal ones.
    pub fingerprint: String,
    /// Who stored it; nobody where a key without a maker or the server itself did.
    pub stored_by: Option<UserId>,
    /// When it was stored.
    pub stored_at: Timestamp,
}

/// A secret that is kept for the product, and whose values nobody sees again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Secret {
    /// The secret's id.
    pub id: SecretId,
    /// The name by which it is used, unique in the tenant.
    pub name: SecretName,
    /// The version that is used.
    pub current: SecretVersion,
    /// The version that waits.
    pub staged: Option<SecretVersion>,
    /// The version before the current one.
    pub previous: Option<SecretVersion>,
    /// The highest number that a version of it ever had.
    pub newest: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Secret {
    /// The version of this stage.
    pub const fn version(&self, stage: SecretStage) -> Option<&SecretVersion> {
        match stage {
            SecretStage::Staged => self.staged.as_ref(),
            SecretStage::Current => Some(&self.current),
            SecretStage::Previous => self.previous.as_ref(),
        }
    }
}

impl Entity for Secret {
    const KIND: &'static str = "secret";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// How often a secret was used, and how last. It is apart from the secret, so that a use comes between nobody and the code for a
/// rotation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecretUse {
    /// The secret.
    pub secret: SecretId,
    /// How often its values were given out.
    pub uses: i64,
    /// The number of the version that was last given out.
    pub version: i64,
    /// The key that got it.
    pub key: ApiKeyId,
    /// When.
    pub at: Timestamp,
}

impl Entity for SecretUse {
    const KIND: &'static str = "secret_use";
    /// The id of the secret, under a kind of its own.
    fn entity_id(&self) -> Uuid {
        self.secret.uuid()
    }
}
