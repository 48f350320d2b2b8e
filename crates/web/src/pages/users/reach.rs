//! Whom somebody may administer: never themselves, and nobody who may do more than they.

use bailiwick_domain::{entity::User, permission::Permission};
use bailiwick_domain::{permission::PermissionSet, rule::Rule};
use bailiwick_store::{Actor, Permit};

/// Why the holder of `permit` may not use `permission` on a user who holds `theirs`; nothing when they may. The operations
/// check the same again: this only keeps what would be refused off the page.
pub(super) fn why_not<R: Rule>(
    permit: &Permit<R>,
    permission: Permission,
    user: &User,
    theirs: PermissionSet,
) -> Option<&'static str> {
    if !permit.may(permission) {
        return Some("Your role does not allow changing this.");
    }
    if matches!(permit.actor(), Actor::User { id, .. } if *id == user.id) {
        return Some("Somebody else has to change this for you.");
    }
    (!theirs.is_subset(*permit.permissions()))
        .then_some("This person holds permissions that you do not have.")
}
