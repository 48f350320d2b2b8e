//! Whom somebody may administer: never themselves, and nobody who may do more than they.

use bailiwick_domain::{
    entity::User,
    permission::{Permission, PermissionSet},
    rule::Rule,
};
use bailiwick_ops::users::permissions_of;
use bailiwick_store::{Actor, Permit, Store, View};

use crate::error::{Error, Result};

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
    if is_self(permit, user) {
        return Some("Somebody else has to change this for you.");
    }
    (!theirs.is_subset(*permit.permissions()))
        .then_some("This person holds permissions that you do not have.")
}

/// Answers a question about using `permission` on somebody as the deed itself would be answered, so that nobody is asked about what
/// they may not do. `own` is what is said of their own account.
pub(super) async fn refuse<R: Rule>(
    store: &Store,
    view: &mut View,
    permit: &Permit<R>,
    permission: Permission,
    user: &User,
    own: &'static str,
) -> Result<()> {
    if is_self(permit, user) {
        return Err(Error::Conflict(own));
    }
    let theirs = permissions_of(store, view, user).await?;
    match why_not(permit, permission, user, theirs) {
        Some(text) => Err(Error::Forbidden(text)),
        None => Ok(()),
    }
}

fn is_self<R: Rule>(permit: &Permit<R>, user: &User) -> bool {
    matches!(permit.actor(), Actor::User { id, .. } | Actor::Key { maker: Some(id), .. } if *id == user.id)
}
