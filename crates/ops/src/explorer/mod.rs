//! Who can do what, and why: at this moment from the tables that the gate reads, at a past one from the records of the log alone.
//!
//! Both answers have the same shape. Through what somebody has a permission is for whoever may read roles; since when, by whom, and
//! the past come from the audit log, and are for whoever may read that besides.

mod holders;
mod look;
mod names;
mod person;

use bailiwick_domain::{entity::TenantKind, permission::Permission, rule::Rule, time::Timestamp};
use bailiwick_store::{Permit, Scope, Store, tenants};

pub use holders::{AT_ONCE, Asked, Holder, Holders, LOOKED_AT, who_can};
pub use names::Names;
pub use person::{Line, Standing, what_can};

use crate::{Error, Result};

/// Whether somebody can do what is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// They can.
    Able,
    /// Something would give it to them, and a denial takes it.
    Denied,
    /// They have it and cannot sign in.
    Disabled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Able, Self::Denied, Self::Disabled];

    /// The name in addresses and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Able => "able",
            Self::Denied => "denied",
            Self::Disabled => "disabled",
        }
    }
}

/// Whether the holder of `permit` is told since when, by whom, and what was.
pub fn reads_the_log<R: Rule>(permit: &Permit<R>) -> bool {
    permit.may(Permission::AUDIT_READ)
}

/// The moment that is asked about: nothing for the present one.
///
/// # Errors
/// A moment to come, and the past for whoever may not read the audit log.
fn moment<R: Rule>(permit: &Permit<R>, now: Timestamp, at: Option<Timestamp>) -> Result<Option<Timestamp>> {
    match at {
        None => Ok(None),
        Some(at) if at > now => Err(Error::field("at", "Give a moment that has passed.")),
        Some(_) if !reads_the_log(permit) => {
            Err(Error::Forbidden("Looking into the past takes the permission to read the audit log."))
        }
        Some(at) => Ok(Some(at)),
    }
}

/// The permissions that people of this tenant can hold at all.
///
/// # Errors
/// Those of the database.
pub async fn possible(store: &Store, scope: &mut impl Scope) -> Result<Vec<Permission>> {
    let platform = tenants::find(scope).await?.kind == TenantKind::Platform;
    let shown = store.catalogue().iter().filter(|(_, definition)| platform || !definition.platform);
    Ok(shown.map(|(permission, _)| permission).collect())
}
