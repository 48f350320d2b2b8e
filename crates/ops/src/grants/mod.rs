//! Single permissions given to or taken from one user, for good or until a moment.

mod ends;
mod give;
mod remove;

use bailiwick_domain::entity::{Effect, Grant, User};

pub use ends::Ends;
pub use give::{NewGrant, grant};
pub use remove::remove_grant;

/// Why an invitation of somebody is taken back who may not give its role any more.
const FEWER: &str = "the inviter's permissions changed";

pub(crate) fn taken_back(grant: &Grant, user: &User) -> String {
    format!("{} taken back from a user with the role {}", what(grant), user.role.title())
}

pub(crate) fn has_ended(grant: &Grant, user: &User) -> String {
    format!("{} to a user with the role {} has ended", what(grant), user.role.title())
}

fn what(grant: &Grant) -> String {
    let effect = match grant.effect {
        Effect::Grant => "Grant",
        Effect::Deny => "Denial",
    };
    format!("{effect} of {}", grant.permission)
}
