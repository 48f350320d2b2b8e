//! Users: creating, roles, single permissions, disabling.

use bailiwick_domain::{
    entity::{Effect, Grant, Severity, User, UserStatus},
    ids::{GrantId, UserId},
    permission::{PermissionSet, effective},
    role::Role,
    rule::{AssignRole, ByJob, DisableUser, GrantPermission, Rule},
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, Tx, grants, sessions, tenants, users};

use crate::{
    Error, Result,
    invitations::withdraw_beyond,
    sessions::end_but,
    valid::{self, Fields, within},
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
    let name = fields.take("name", valid::name(&new.name));
    fields.done()?;
    let (Some(email), Some(name)) = (email, name) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            let (event, user) = insert(store, tx, email, name, new.role).await?;
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
    role: Role,
) -> Result<(Event, User)> {
    insert_as(tx, store.new_id(), email, name, role).await
}

/// As [`insert`], with the id that a passkey of theirs was made for.
pub(crate) async fn insert_as(
    tx: &mut Tx,
    id: UserId,
    email: String,
    name: String,
    role: Role,
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
/// roles beyond the new one are taken back with it.
pub async fn assign_role(store: &Store, permit: &Permit<AssignRole>, id: UserId, role: &str) -> Result<User> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, id).await?;
            let platform = before.role.platform();
            let role = valid::role(role, platform).map_err(|text| Error::field("role", text))?;
            refuse_self(permit, id, "Somebody else has to change your own role.")?;
            nobody_above(permissions_of(store, tx, &before).await?, held)?;
            within(store.catalogue().role_set(role), held)?;
            if before.role == role {
                return Err(Error::Conflict("The user has this role already."));
            }
            keep_an_owner(tx, &before).await?;
            let after = User { role, ..before.clone() };
            let severity = if is_owner(role) { Severity::Warning } else { Severity::Info };
            let detail = format!("Role {} became role {}", before.role.title(), role.title());
            let written = users::replace(tx, before, after.clone()).await?;
            withdraw_beyond(store, tx, &after, "the inviter's role changed").await?;
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
            let after = User { status: UserStatus::Disabled, ..before.clone() };
            let written = users::replace(tx, before, after.clone()).await?;
            withdraw_beyond(store, tx, &after, "the inviter was disabled").await?;
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
            let event = Event::new("user.enabled", &written)?
                .raising(Severity::Info, format!("User with the role {} enabled", after.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}

/// Why an invitation of somebody is taken back who may not give its role any more.
const FEWER: &str = "the inviter's permissions changed";

/// A permission to be given to or taken from a user.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// The permission's name, `noun:verb`.
    pub permission: String,
    /// `grant` or `deny`.
    pub effect: String,
    /// Why.
    pub reason: String,
}

/// Grants or denies a user one permission beside the role. Nobody grants what they lack.
pub async fn grant(
    store: &Store,
    permit: &Permit<GrantPermission>,
    user: UserId,
    new: NewGrant,
) -> Result<Grant> {
    let mut fields = Fields::default();
    let permission = store.catalogue().find(&new.permission);
    if permission.is_none() {
        fields.refuse("permission", "Choose one of the permissions.");
    }
    let effect = fields.take("effect", valid::effect(&new.effect));
    let reason = fields.take("reason", valid::reason(&new.reason));
    fields.done()?;
    let (Some(permission), Some(effect)) = (permission, effect) else { return Err(Error::NotFound) };
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let target = users::lock(tx, user).await?;
            refuse_self(permit, user, "Somebody else has to change your own permissions.")?;
            nobody_above(permissions_of(store, tx, &target).await?, held)?;
            within(PermissionSet::empty().with(permission), held)?;
            if grants::of_user(tx, user).await?.iter().any(|grant| grant.permission == new.permission) {
                return Err(Error::Conflict(
                    "The user has a grant or denial of this permission; remove it first.",
                ));
            }
            let grant = Grant {
                id: store.new_id(),
                user,
                permission: new.permission.clone(),
                effect,
                reason: reason.clone().unwrap_or_default(),
                created_at: tx.now(),
            };
            let written = grants::insert(tx, grant.clone()).await?;
            if effect == Effect::Deny {
                withdraw_beyond(store, tx, &target, FEWER).await?;
            }
            sessions::outdate(tx, user).await?;
            let verb = if effect == Effect::Grant { "granted" } else { "denied" };
            let action = if effect == Effect::Grant { "permission.granted" } else { "permission.denied" };
            let detail =
                format!("{} {verb} to a user with the role {}", grant.permission, target.role.title());
            let event = Event::new(action, &written)?
                .because(grant.reason.clone())
                .raising(Severity::Warning, detail);
            Ok(tx.record(event, grant))
        })
        .await
}

/// Removes a grant or denial. Removing a denial gives back no more than the actor has.
pub async fn remove_grant(
    store: &Store,
    permit: &Permit<GrantPermission>,
    user: UserId,
    id: GrantId,
) -> Result<()> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let target = users::lock(tx, user).await?;
            refuse_self(permit, user, "Somebody else has to change your own permissions.")?;
            nobody_above(permissions_of(store, tx, &target).await?, held)?;
            let written = grants::remove(tx, user, id).await?;
            sessions::outdate(tx, user).await?;
            let permission = written.entity().and_then(|grant| store.catalogue().find(&grant.permission));
            within(permission.map_or(PermissionSet::empty(), |p| PermissionSet::empty().with(p)), held)?;
            withdraw_beyond(store, tx, &target, FEWER).await?;
            let event = Event::new("permission.reset", &written)?;
            let event = match written.entity() {
                Some(grant) => event.raising(Severity::Warning, taken_back(grant, &target)),
                None => event,
            };
            Ok(tx.record(event, ()))
        })
        .await
}

fn taken_back(grant: &Grant, user: &User) -> String {
    let what = match grant.effect {
        Effect::Grant => "Grant",
        Effect::Deny => "Denial",
    };
    format!("{what} of {} taken back from a user with the role {}", grant.permission, user.role.title())
}

/// What a user may do: role and grants less denials.
pub async fn permissions_of(store: &Store, scope: &mut impl Scope, user: &User) -> Result<PermissionSet> {
    let catalogue = store.catalogue();
    let (mut granted, mut denied) = (PermissionSet::empty(), PermissionSet::empty());
    for grant in grants::of_user(scope, user.id).await? {
        let Some(permission) = catalogue.find(&grant.permission) else { continue };
        match grant.effect {
            Effect::Grant => granted = granted.with(permission),
            Effect::Deny => denied = denied.with(permission),
        }
    }
    let all = effective(catalogue.role_set(user.role), granted, denied);
    Ok(if user.role.platform() { all } else { all.difference(catalogue.platform_permissions()) })
}

const fn is_owner(role: Role) -> bool {
    matches!(role, Role::TenantOwner | Role::PlatformOwner)
}

/// The last owner stays one.
///
/// The tenant's row is locked first, so that two owners cannot remove each other at the same moment.
pub(crate) async fn keep_an_owner(tx: &mut Tx, user: &User) -> Result<()> {
    if !is_owner(user.role) {
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
    match permit.actor() {
        Actor::User { id, .. } | Actor::Key { maker: Some(id), .. } if *id == target => {
            Err(Error::Conflict(text))
        }
        _ => Ok(()),
    }
}
