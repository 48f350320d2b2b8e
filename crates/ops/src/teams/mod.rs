//! Teams: people who hold roles together.
//!
//! Whoever takes somebody into a team, or gives it a role, holds everything that the team's roles give then. Nobody gives a role to a
//! team of their own, and an owner's role is given to people alone: so the last owner is counted among users, and a team has no say.

mod change;
mod create;
mod dissolve;
mod members;
mod roles;

use bailiwick_domain::{entity::Team, permission::PermissionSet};
use bailiwick_store::Tx;

pub use change::change;
pub use create::{NewTeam, create};
pub use dissolve::dissolve;
pub use members::{add_member, remove_member};
pub use roles::{give_role, take_role};

use crate::Result;

/// Teams at most in one tenant.
pub const MOST: i64 = 100;
/// Members at most of one team.
pub const MOST_MEMBERS: i64 = 200;
/// Roles at most of one team.
pub const MOST_ROLES: usize = 10;
/// Teams at most of one person: what the gate reads at every request stays small.
pub const MOST_OF_ONE: usize = 20;

/// What a team's roles give its members. A role that is gone gives nothing.
async fn set_of(tx: &mut Tx, team: &Team) -> Result<PermissionSet> {
    let mut all = PermissionSet::empty();
    for role in &team.roles {
        all = all.union(bailiwick_store::roles::set_of(tx, *role).await?.unwrap_or_default());
    }
    Ok(all)
}
