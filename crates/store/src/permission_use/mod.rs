//! When people last used what they may do: one day for each person and permission, and for each role and permission.
//!
//! The gate notes each admitted request that asked for a permission, in memory; [`flush`] writes the notes down. A crash
//! loses what was noted since the last flush, which the next use makes good.

mod buffer;
mod flush;

use std::collections::HashMap;

use bailiwick_domain::{ids::UserId, time::Timestamp};

pub(crate) use buffer::{Use, Uses};
pub use flush::flush;

use crate::{
    Result,
    lock::{row, rows},
    tx::Scope,
};

/// Since when uses are recorded here; nothing before the first one was.
pub async fn since(scope: &mut impl Scope) -> Result<Option<Timestamp>> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> =
        row!(scope, "SELECT since FROM permission_recording WHERE tenant = $1", tenant.uuid())?;
    Ok(found.map(|(at,)| Timestamp::from_micros(at)))
}

/// The day (its midnight, UTC) on which somebody last used each permission, by name; what they never used is missing.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<HashMap<String, Timestamp>> {
    let tenant = scope.tenant();
    let found: Vec<(String, i64)> = rows!(
        scope,
        "SELECT permission, last_used_on FROM permission_use WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(days(found))
}

/// Likewise of whoever held a role at that time, directly or through a team. The role is named as users' rows name it.
pub async fn of_role(scope: &mut impl Scope, role: &str) -> Result<HashMap<String, Timestamp>> {
    let tenant = scope.tenant();
    let found: Vec<(String, i64)> = rows!(
        scope,
        "SELECT permission, last_used_on FROM role_use WHERE tenant = $1 AND role = $2",
        tenant.uuid(),
        role
    )?;
    Ok(days(found))
}

fn days(rows: Vec<(String, i64)>) -> HashMap<String, Timestamp> {
    rows.into_iter().map(|(name, day)| (name, Timestamp::from_micros(day))).collect()
}
