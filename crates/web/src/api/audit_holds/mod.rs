//! Legal holds.

pub(super) mod lift;
pub(super) mod list;
pub(super) mod place;
pub(super) mod show;

use bailiwick_domain::{entity::AuditHold, ids::UserId, time::Timestamp};
use bailiwick_store::audit::hold::Hold;
use serde::Serialize;

/// A hold as the API shows it.
#[derive(Serialize)]
pub(super) struct HoldBody {
    #[serde(flatten)]
    hold: AuditHold,
    /// What it keeps, in words.
    keeps: String,
    placed_by: Option<UserId>,
    placed_at: Timestamp,
    lifted_by: Option<UserId>,
    lifted_at: Option<Timestamp>,
}

impl From<Hold> for HoldBody {
    fn from(hold: Hold) -> Self {
        Self {
            keeps: hold.hold.scope.words(),
            hold: hold.hold,
            placed_by: hold.placed_by,
            placed_at: hold.placed_at,
            lifted_by: hold.lifted_by,
            lifted_at: hold.lifted_at,
        }
    }
}
