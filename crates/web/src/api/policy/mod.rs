//! The organisation's security policy.

pub(super) mod show;
pub(super) mod update;

use serde::{Deserialize, Serialize};

/// The policy, read and written in the same form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyBody {
    /// `any` or `mfa`.
    mfa_floor: String,
    session_idle_minutes: i64,
    session_absolute_hours: i64,
    reauth_minutes: i64,
    invitation_days: i64,
}
