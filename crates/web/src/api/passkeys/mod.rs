//! The caller's own passkeys.

pub(super) mod begin;
pub(super) mod create;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod rename;
pub(super) mod show;

use bailiwick_domain::{
    entity::Passkey,
    ids::{FactorId, UserId},
    rule::Me,
    time::Timestamp,
};
use bailiwick_store::{Actor, Permit};
use serde::Serialize;

use crate::error::{Error, Result};

/// A passkey, without its credential.
#[derive(Serialize)]
pub(super) struct PasskeyBody {
    id: FactorId,
    name: String,
    /// 0 for ever where the authenticator keeps no counter.
    sign_count: i64,
    /// Whether it may leave its device.
    backup_eligible: bool,
    /// Whether it is kept elsewhere too.
    backed_up: bool,
    /// As the browser says.
    transports: Vec<String>,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    /// When its counter last went backwards.
    suspected_at: Option<Timestamp>,
}

impl From<Passkey> for PasskeyBody {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            sign_count: passkey.sign_count,
            backup_eligible: passkey.backup_eligible,
            backed_up: passkey.backed_up,
            transports: passkey.transports,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
            suspected_at: passkey.suspected_at,
        }
    }
}

/// The person who asks; a program has no passkeys.
fn me(permit: &Permit<Me>) -> Result<UserId> {
    match permit.actor() {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Error::Forbidden("Only a signed-in person has passkeys.")),
    }
}
