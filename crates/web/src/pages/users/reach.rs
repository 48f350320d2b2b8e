//! Whom somebody may administer: never themselves, and nobody who may do more than they.

use bailiwick_domain::{
    entity::User,
    ids::UserId,
    permission::{Permission, PermissionSet},
    rule::Rule,
};
use bailiwick_ops::users::permissions_of;
use bailiwick_store::{Permit, Store, View, users};

use crate::{
    error::{Error, Result},
    shell::{Shell, Visit},
};

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

/// The person about whom a question is asked, answered as the deed itself would be, so that nobody is asked about what they may not
/// do. `own` is what is said of their own account.
pub(super) async fn target<R: Rule>(
    store: &Store,
    view: &mut View,
    permit: &Permit<R>,
    permission: Permission,
    id: UserId,
    own: &'static str,
) -> Result<User> {
    let user = users::find(view, id).await?;
    if is_self(permit, &user) {
        return Err(Error::Conflict(own));
    }
    let theirs = permissions_of(store, view, &user).await?;
    match why_not(permit, permission, &user, theirs) {
        Some(text) => Err(Error::Forbidden(text)),
        None => Ok(user),
    }
}

/// Keeps off the page what would leave nobody who owns the organisation.
pub(super) async fn keep_an_owner(view: &mut View, user: &User) -> Result<()> {
    if user.role.is_owner() && users::by_role(view).await?.get(&user.role) == Some(&1) {
        return Err(Error::Conflict("This is the last owner. Make somebody else an owner first."));
    }
    Ok(())
}

/// A page below that of the person.
pub(super) fn below<R: Rule>(permit: &Permit<R>, visit: &Visit, user: &User, title: &str) -> Shell {
    Shell::new(permit, visit, title)
        .under("Users", "/users")
        .under(user.name.clone(), format!("/users/{}", user.id))
}

fn is_self<R: Rule>(permit: &Permit<R>, user: &User) -> bool {
    permit.actor().person() == Some(user.id)
}
