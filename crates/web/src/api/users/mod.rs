//! Users.

pub(super) mod assign_role;
pub(super) mod bulk;
pub(super) mod delete;
pub(super) mod disable;
pub(super) mod enable;
pub(super) mod list;
pub(super) mod rename;
pub(super) mod reset_factors;
pub(super) mod show;
pub(super) mod unlock;

use bailiwick_domain::{
    entity::{MfaState, UserStatus},
    ids::UserId,
    role::RoleName,
    time::Timestamp,
    zone::Zone,
};
use bailiwick_store::users::Listed;
use serde::Serialize;

/// A user as the API shows them.
#[derive(Serialize)]
pub(super) struct UserBody {
    id: UserId,
    email: String,
    name: String,
    role: RoleName,
    status: UserStatus,
    mfa: MfaState,
    /// From when on they need more than they have; nothing for whoever has what is asked of them.
    mfa_due: Option<Timestamp>,
    created_at: Timestamp,
    /// The IANA name of the time zone in which pages show times to them; nothing for UTC.
    time_zone: Option<Zone>,
}

impl From<Listed> for UserBody {
    fn from(Listed { user, mfa, mfa_due }: Listed) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            role: user.role,
            status: user.status,
            mfa,
            mfa_due,
            created_at: user.created_at,
            time_zone: user.time_zone,
        }
    }
}
