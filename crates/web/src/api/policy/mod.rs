//! The organisation's security policy.

pub(super) mod show;
pub(super) mod update;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The policy, read and written in the same form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyBody {
    /// `any`, `mfa` or `passkey`.
    mfa_floor: String,
    /// 0 to 90.
    mfa_grace_days: i64,
    /// By role, what its holders need beyond that; none if missing.
    #[serde(default)]
    role_floors: BTreeMap<String, String>,
    session_idle_minutes: i64,
    session_absolute_hours: i64,
    reauth_minutes: i64,
    invitation_days: i64,
    /// 1 to 366; no bound, and keys without an end, if `null` or missing.
    #[serde(default)]
    api_key_days: Option<i64>,
}
