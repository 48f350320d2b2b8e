//! Users: creating, giving a role, disabling.

use bailiwick_domain::{
    entity::{Severity, User, UserStatus},
    ids::UserId,
    permission::PermissionSet,
    role::{Role, RoleName},
    rule::{AssignRole, ByJob, DisableUser, Rule},
};
use bailiwick_mail::{Line, News};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, access, devices, sessions, tenants, users};

pub use crate::grants::{NewGrant, grant, remove_grant};
use crate::{
    Error, Result,
    invitations::withdraw_beyond,
    notices::{by, tell},
    roles::{named_set, words},
    sessions::end_but,
    valid::{self, Fields, owner_by_person, within},
};

/// A user to be.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The sign-in address.
    pub email: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// Creates a user without any way to sign in yet, as the server itself.
pub async fn create(store: &Store, permit: &Permit<ByJob>, new: NewUser) -> Result<User> {
    let mut fields = Fields::default();
    let email = fields.take("email", valid::email(&new.email));
    let name = fields.take("name", valid::called(&new.name));
    fields.done()?;
    let (Some(email), Some(name)) = (email, name) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            let (event, user) = insert(store, tx, email, name, new.role.into()).await?;
            Ok(tx.record(event, user))
        })
        .await
}

/// Creates a user within a change, with the event to record; address and name are in their stored spelling.
pub(crate) async fn insert(
    store: &Store,
    tx: &mut Tx,
    email: String,
    name: String,
    role: RoleName,
) -> Result<(Event, User)> {
    insert_as(tx, store.new_id(), email, name, role).await
}

/// As [`insert`], with the id that a passkey of theirs was made for.
pub(crate) async fn insert_as(
    tx: &mut Tx,
    id: UserId,
    email: String,
    name: String,
    role: RoleName,
) -> Result<(Event, User)> {
    if users::by_email(tx, &email).await?.is_some() {
        return Err(Error::field("email", "Somebody with this address is here already."));
    }
    let user =
        User { id, email, name, role, status: UserStatus::Active, created_at: tx.now(), time_zone: None };
    let written = users::insert(tx, user.clone()).await?;
    Ok((Event::new("user.created", &written)?, user))
}

/// Gives a user another role. Neither the old nor the new one may hold more than the actor has. Invitations of theirs to
/// roles beyond the new one are taken back with it. A key makes nobody an owner.
pub async fn assign_role(store: &Store, permit: &Permit<AssignRole>, id: UserId, role: &str) -> Result<User> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            // Before the user, as wherever a role changes: the one that is given stays as it is until this is over.
            tenants::lock_policy(tx).await?;
            let before = users::lock(tx, id).await?;
            let platform = before.role.platform();
            let role = valid::role(role, platform).map_err(|text| Error::field("role", text))?;
            refuse_self(permit, id, "Somebody else has to change your own role.")?;
            nobody_above(permissions_of(store, tx, &before).await?, held)?;
            owner_by_person(permit, role)?;
            within(named_set(tx, role).await?, held)?;
            if before.role == role {
                return Err(Error::Conflict("The user has this role already."));
            }
            keep_an_owner(tx, &before).await?;
            let after = User { role, ..before.clone() };
            let severity = if role.is_owner() { Severity::Warning } else { Severity::Info };
            let detail = format!("Role {} became role {}", before.role.title(), role.title());
            let written = users::replace(tx, before, after.clone()).await?;
            withdraw_beyond(store, tx, &after, "the inviter's role changed").await?;
            let title = Line::of(&words(tx, role).await?.0);
            tell(store, tx, &after, News::RoleChanged { by: by(permit), role: title }).await?;
            sessions::outdate(tx, id).await?;
            let event = Event::new("user.role_changed", &written)?.raising(severity, detail);
            Ok(tx.record(event, after))
        })
        .await
}

/// Disables a user, ends their sessions and takes back their invitations in the same transaction.
pub async fn disable(store: &Store, permit: &Permit<DisableUser>, id: UserId) -> Result<User> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, id).await?;
            refuse_self(permit, id, "Somebody else has to disable your own account.")?;
            nobody_above(permissions_of(store, tx, &before).await?, held)?;
            if before.status == UserStatus::Disabled {
                return Err(Error::Conflict("The user is disabled already."));
            }
            keep_an_owner(tx, &before).await?;
            let why = "the user was disabled";
            let ended =
                end_but(tx, id, None, |written| Ok(Event::new("session.ended", written)?.because(why)));
            for event in ended.await? {
                tx.also(event);
            }
            devices::forget_all(tx, id, None).await?;
            let after = User { status: UserStatus::Disabled, ..before.clone() };
            let written = users::replace(tx, before, after.clone()).await?;
            withdraw_beyond(store, tx, &after, "the inviter was disabled").await?;
            tell(store, tx, &after, News::Disabled { by: by(permit) }).await?;
            let event = Event::new("user.disabled", &written)?
                .raising(Severity::Warning, format!("User with the role {} disabled", after.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}

/// Lets a disabled user sign in again.
pub async fn enable(store: &Store, permit: &Permit<DisableUser>, id: UserId) -> Result<User> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, id).await?;
            refuse_self(permit, id, "Somebody else has to enable your own account.")?;
            nobody_above(permissions_of(store, tx, &before).await?, held)?;
            if before.status == UserStatus::Active {
                return Err(Error::Conflict("The user is active already."));
            }
            let after = User { status: UserStatus::Active, ..before.clone() };
            let written = users::replace(tx, before, after.clone()).await?;
            tell(store, tx, &after, News::Enabled { by: by(permit) }).await?;
            let event = Event::new("user.enabled", &written)?
                .raising(Severity::Info, format!("User with the role {} enabled", after.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}

/// What a user may do: role, teams and grants less denials.
pub async fn permissions_of(store: &Store, scope: &mut impl Scope, user: &User) -> Result<PermissionSet> {
    let all = access::held(scope, user).await?.permissions();
    Ok(if user.role.platform() { all } else { all.difference(store.catalogue().platform_permissions()) })
}

/// The last owner stays one, and keeps everything that owners have: whoever is denied something does not count.
///
/// The tenant's row is locked first, so that two owners cannot remove each other at the same moment. No team gives an owner's role,
/// so the users' own roles are all there is to count.
pub(crate) async fn keep_an_owner(tx: &mut Tx, user: &User) -> Result<()> {
    if !user.role.is_owner() {
        return Ok(());
    }
    tenants::lock(tx).await?;
    if users::others_active_with(tx, user.role, user.id).await? == 0 {
        return Err(Error::Conflict("This is the last owner. Make somebody else an owner first."));
    }
    Ok(())
}

/// Nobody administers a person who may do more than they.
pub(crate) fn nobody_above(theirs: PermissionSet, held: PermissionSet) -> Result<()> {
    match theirs.is_subset(held) {
        true => Ok(()),
        false => Err(Error::Forbidden("This person holds permissions that you do not have.")),
    }
}

pub(crate) fn refuse_self<R: Rule>(permit: &Permit<R>, target: UserId, text: &'static str) -> Result<()> {
    if permit.actor().person() == Some(target) { Err(Error::Conflict(text)) } else { Ok(()) }
}
