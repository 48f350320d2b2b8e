//! Single permissions given to or taken from one user.

pub(super) mod create;
pub(super) mod remove;
pub(super) mod show;

use bailiwick_domain::{
    entity::{Effect, Grant},
    ids::{GrantId, UserId},
    time::Timestamp,
};
use serde::Serialize;

/// A grant or denial as the API shows it.
#[derive(Serialize)]
pub(super) struct GrantBody {
    id: GrantId,
    user: UserId,
    permission: String,
    effect: Effect,
    reason: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    /// When its end was recorded; from `expires_at` on it has no effect, recorded or not.
    ended_at: Option<Timestamp>,
}

impl From<Grant> for GrantBody {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            user: grant.user,
            permission: grant.permission,
            effect: grant.effect,
            reason: grant.reason,
            created_at: grant.created_at,
            expires_at: grant.expires_at,
            ended_at: grant.ended_at,
        }
    }
}
