use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{KeyDestructionId, RootMoveId, SealedFaultId, TenantId, TenantKeyId},
    time::Timestamp,
};

/// Days after which a tenant's key is rotated where nothing else is set.
pub const ROTATION_DAYS: i64 = 90;

/// Days between asking for a destruction of keys and the destruction, in which it can be called off.
pub const DESTRUCTION_WAITS_DAYS: i64 = 7;

/// One version of a tenant's key. Never the key, nor its wrapped form.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TenantKey {
    /// Follows from the version.
    pub id: TenantKeyId,
    /// Counts from 1; the highest one encrypts.
    pub version: i64,
    /// The public name of the root key that wraps it; changes without a record while the root key does.
    pub root_key: String,
}

impl Entity for TenantKey {
    const KIND: &'static str = "tenant_key";
    const QUIET: &'static [&'static str] = &["root_key"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// How often an organisation's key is rotated.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeySchedule {
    /// Whose key.
    pub id: TenantId,
    /// After how many days; nothing where only people rotate it.
    pub days: Option<i64>,
}

impl Entity for KeySchedule {
    const KIND: &'static str = "key_schedule";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// How far a destruction of keys has come.
    DestructionState {
        /// It waits for its time and can be called off.
        Waiting = "waiting",
        /// It was called off.
        Cancelled = "cancelled",
        /// The keys are gone.
        Done = "done",
    }
}

/// A destruction of a version of a tenant's key. When it is due stands beside it and not here: a code approves this image, whenever it is given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyDestruction {
    /// Follows from the version and from how often it was asked for.
    pub id: KeyDestructionId,
    /// The version to be destroyed; never the newest.
    pub version: i64,
    /// How far it has come.
    pub state: DestructionState,
    /// Why it was asked for.
    pub reason: String,
    /// Days between asking and destroying.
    pub waits_days: i64,
    /// The same version once it is gone; nothing before. Its record says by itself what was destroyed.
    pub destroyed: Option<i64>,
    /// The public name of the root key that wrapped it; nothing before it went.
    pub root_key: Option<String>,
}

impl Entity for KeyDestruction {
    const KIND: &'static str = "key_destruction";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// How far a move of the root key has come.
    RootMoveState {
        /// Keys are being wrapped anew.
        Moving = "moving",
        /// Every key is wrapped by the new root key.
        Finished = "finished",
        /// Another move began before it was finished.
        Replaced = "replaced",
    }
}

/// A move from one root key to another. How many keys are done stands beside it and not here: wrapping anew leaves no record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RootMove {
    /// The move's id.
    pub id: RootMoveId,
    /// The public name of the root key that is left.
    pub from: String,
    /// The public name of the one that takes its place.
    pub to: String,
    /// How far it has come.
    pub state: RootMoveState,
    /// Whether it leads from a root key that nobody reads out to one in a file, which somebody allowed.
    pub weaker: bool,
    /// Why somebody wants it.
    pub reason: String,
    /// What keeps it from going on; nothing while it does.
    pub trouble: Option<String>,
    /// How many keys it wrapped anew; nothing before the end.
    pub keys: Option<i64>,
}

impl Entity for RootMove {
    const KIND: &'static str = "root_move";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// A sealed value that could not be opened: it was altered, cut, moved from another place or sealed for somebody else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SealedFault {
    /// The note's id.
    pub id: SealedFaultId,
    /// The table of the value.
    pub table: String,
    /// Its column.
    pub column: String,
    /// The key of its row without the tenant, in hexadecimal.
    pub row: String,
    /// What is wrong with it, as far as can be told.
    pub problem: String,
    /// When it was found.
    pub found_at: Timestamp,
}

impl Entity for SealedFault {
    const KIND: &'static str = "sealed_fault";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
