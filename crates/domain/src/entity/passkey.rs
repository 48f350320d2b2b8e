use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Entity;
use crate::{
    ids::{CeremonyId, FactorId, SessionId, UserId},
    time::Timestamp,
};

/// A passkey of a user (W3C Web Authentication). The credential itself is sealed and lies in its own column, outside this
/// image; a factor with the same id says that it counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Passkey {
    /// The id, which is that of its factor.
    pub id: FactorId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// How often it has signed, as it says itself; 0 for ever where it does not count.
    pub sign_count: i64,
    /// Whether it may leave its device (BE): a passkey that an account of its maker keeps.
    pub backup_eligible: bool,
    /// Whether it is kept elsewhere too (BS).
    pub backed_up: bool,
    /// How the browser says that it is reached; a hint that nobody vouches for.
    pub transports: Vec<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last signed in with.
    pub last_used_at: Option<Timestamp>,
    /// When its counter last went backwards, as that of a copy does.
    pub suspected_at: Option<Timestamp>,
}

impl Entity for Passkey {
    const KIND: &'static str = "passkey";
    /// People name their devices after themselves.
    const PERSONAL: &'static [&'static str] = &["name"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}

/// A registration that waits for its authenticator. The challenge lies sealed in its own column, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PasskeyCeremony {
    /// The ceremony's id.
    pub id: CeremonyId,
    /// Whose passkey it is about.
    pub user: UserId,
    /// The session in which it began, and the only one in which it can end.
    pub session: SessionId,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is too late.
    pub expires_at: Timestamp,
}

impl Entity for PasskeyCeremony {
    const KIND: &'static str = "passkey_ceremony";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
