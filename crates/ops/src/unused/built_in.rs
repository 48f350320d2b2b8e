//! A built-in role never changes: what is narrower is a copy of it, to which its people move.

use bailiwick_domain::{
    entity::CustomRole,
    permission::{Permission, PermissionSet},
    role::{Role, RoleName},
    rule::CreateRole,
};
use bailiwick_store::{Permit, Scope, Store, Tx, audit, roles, teams, tenants};

use super::role::{chosen, lines, still_unused};
use crate::{
    Error, Result,
    policy::pass_on,
    roles::{MOST_REPLACED, Made, NewRole, Replacement, insert, inviters, slug, take_back_of},
    valid::{self, Fields, within},
};

/// Why an invitation is taken back that somebody could not give any more.
const WHY: &str = "unused permissions were taken from a role";

/// A narrower copy of a built-in role, to be.
#[derive(Clone, Debug, Default)]
pub struct NewCopy {
    /// What people call the copy; unique in the tenant.
    pub label: String,
    /// The permissions that it leaves out.
    pub permissions: Vec<String>,
    /// Why.
    pub reason: String,
}

/// The copy, and who has it now.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The copy.
    pub role: CustomRole,
    /// How many people have it instead.
    pub moved: usize,
    /// How many teams have it instead.
    pub teams: usize,
    /// Whether the actor held the role themselves, and keeps it: nobody changes their own role.
    pub kept: bool,
}

/// Makes a copy of a built-in role without what its holders did not use for ninety days, and gives it to them and to the teams that
/// have the role. The policy asks of them what it asked before. Open invitations to the role stay as they are.
///
/// # Errors
/// `Invalid` by field; `Forbidden` for holders or a role beyond the actor, and for whoever may not give roles; `Conflict` for an
/// owner's role, for what is used after all, and for more than [`MOST_REPLACED`] people.
pub async fn copy_without(
    store: &Store,
    permit: &Permit<CreateRole>,
    role: Role,
    new: NewCopy,
    measured: PermissionSet,
) -> Result<Copied> {
    let mut fields = Fields::default();
    let label = fields.take("label", valid::called(&new.label));
    let named = NewRole { label: new.label.clone(), ..NewRole::default() };
    let name = fields.take("label", slug(&named, label.as_deref()));
    let reason = fields.take("reason", valid::reason(&new.reason));
    fields.done()?;
    let (Some(label), Some(name), Some(reason)) = (label, name, reason) else { return Err(Error::NotFound) };
    let gone = chosen(store, &new.permissions)?;
    if RoleName::from(role).is_owner() {
        return Err(Error::Conflict(
            "An owner keeps every permission, so that there is somebody to give each.",
        ));
    }
    if !permit.may(Permission::USER_ASSIGN_ROLE) {
        return Err(Error::Forbidden("Moving people to another role takes the permission to give roles."));
    }
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let policy = tenants::lock_policy(tx).await?;
            let now = tx.now();
            let setting = audit::setting(tx, now).await?;
            still_unused(&lines(store, tx, &setting, role.into(), measured).await?, gone)?;
            // Teams lose what is left out, whatever their members hold: nobody takes what they could not give.
            within(store.catalogue().role_set(role), held)?;
            let wanted = store.catalogue().role_set(role).difference(gone);
            if wanted.is_empty() {
                return Err(Error::Conflict("Nothing of the role would be left."));
            }
            let description = format!("{} without what was not used for ninety days.", role.title());
            let made = Made { label: label.clone(), name, description, wanted };
            let (event, copy) = insert(store, tx, held, made).await?;
            pass_on(tx, policy, role.into(), copy.name.into(), &reason).await?;
            let concerned = inviters(tx, &[role.into()]).await?;
            let to = copy.name.into();
            let replacement = Replacement { store, permit, from: role.into(), to, why: &reason };
            let (moved, kept) = move_people(tx, &replacement).await?;
            let teams = move_teams(tx, &replacement).await?;
            take_back_of(store, tx, concerned, WHY).await?;
            let copied = Copied { role: copy, moved, teams, kept };
            Ok(tx.record(event.because(reason.clone()), copied))
        })
        .await
}

/// Gives the copy to everybody who has the role: how many, and whether the actor was among them and keeps it.
async fn move_people(tx: &mut Tx, replacement: &Replacement<'_, CreateRole>) -> Result<(usize, bool)> {
    let holders = roles::users_with(tx, replacement.from, MOST_REPLACED + 1).await?;
    if i64::try_from(holders.len()).unwrap_or(i64::MAX) > MOST_REPLACED {
        return Err(Error::Conflict(
            "More than 200 people hold this role. Make a copy, and give it to them by and by.",
        ));
    }
    let (mut moved, mut kept) = (0, false);
    for id in holders {
        if replacement.permit.actor().person() == Some(id) {
            kept = true;
        } else if replacement.of_user(tx, id).await? {
            moved += 1;
        }
    }
    Ok((moved, kept))
}

async fn move_teams(tx: &mut Tx, replacement: &Replacement<'_, CreateRole>) -> Result<usize> {
    let with = teams::with_role(tx, replacement.from).await?;
    if !with.is_empty() && !replacement.permit.may(Permission::TEAM_UPDATE) {
        return Err(Error::Forbidden("Teams have this role. Changing them takes the permission for it."));
    }
    for id in &with {
        replacement.of_team(tx, *id).await?;
    }
    Ok(with.len())
}
