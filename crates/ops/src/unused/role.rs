//! One role: what its holders use of it, and taking away what none of them does.

use bailiwick_domain::{
    entity::{CustomRole, Severity},
    past::Setting,
    permission::PermissionSet,
    role::{CustomName, RoleName},
    rule::{Rule, UpdateRole},
    time::Timestamp,
};
use bailiwick_store::{Event, Permit, Scope, Store, audit, permission_use, roles, sessions, tenants};

use super::judge::{Judge, Judgement, UseLine};
use crate::{
    Error, Result,
    roles::take_back,
    valid::{self, within},
};

/// A role with the use that is made of it.
#[derive(Clone, Debug)]
pub struct RoleUses {
    /// Which role.
    pub role: RoleName,
    /// What people call it.
    pub label: String,
    /// Who holds it.
    pub holders: roles::Holders,
    /// Since when uses are recorded here.
    pub recording: Option<Timestamp>,
    /// Its permissions, in the order of the catalogue.
    pub lines: Vec<UseLine>,
}

/// What the holders of a role use of it. `measured` is what some route of the server asks for.
///
/// # Errors
/// [`Error::NotFound`] for a role that is not there.
pub async fn of_role<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    role: RoleName,
    measured: PermissionSet,
) -> Result<RoleUses> {
    let mut view = store.read(permit).await?;
    let platform = tenants::find(&mut view).await?.kind == bailiwick_domain::entity::TenantKind::Platform;
    if role.platform() != platform {
        return Err(Error::NotFound);
    }
    let label = match role {
        RoleName::BuiltIn(role) => role.title().to_owned(),
        RoleName::Custom(name) => roles::find(&mut view, name).await?.label,
    };
    let now = view.now();
    let setting = audit::setting(&mut view, now).await?;
    let lines = lines(store, &mut view, &setting, role, measured).await?;
    Ok(RoleUses {
        role,
        label,
        holders: roles::holders(&mut view, role).await?,
        recording: permission_use::since(&mut view).await?,
        lines,
    })
}

/// What is known of the use of a role.
pub(super) async fn lines(
    store: &Store,
    scope: &mut impl Scope,
    setting: &Setting,
    role: RoleName,
    measured: PermissionSet,
) -> Result<Vec<UseLine>> {
    let held = roles::set_of(scope, role).await?.ok_or(Error::NotFound)?;
    let mut used = permission_use::of_role(scope, role.name()).await?;
    let made = match role {
        RoleName::BuiltIn(_) => None,
        RoleName::Custom(name) => Some(roles::find(scope, name).await?.created_at),
    };
    // A role that is gone may have had the same name.
    if let Some(made) = made {
        used.retain(|_, day| *day >= made.start_of_day());
    }
    let recording = permission_use::since(scope).await?;
    let judge = Judge { catalogue: store.catalogue(), measured, recording, now: scope.now() };
    Ok(judge.lines(held, &used, |permission| {
        let extended = setting.permission_of(role, store.catalogue().name(permission));
        extended.map(|origin| origin.at).or(made)
    }))
}

/// Takes permissions from a role that none of its holders used for ninety days.
///
/// # Errors
/// `Invalid` by field; `Conflict` for a permission that is used or not in the role; `Forbidden` for a role beyond the actor.
pub async fn narrow_role(
    store: &Store,
    permit: &Permit<UpdateRole>,
    name: CustomName,
    permissions: &[String],
    reason: &str,
    measured: PermissionSet,
) -> Result<CustomRole> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    let gone = chosen(store, permissions)?;
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = roles::lock(tx, name).await?;
            let set = roles::set_of(tx, name.into()).await?.ok_or(Error::NotFound)?;
            within(set, held)?;
            let now = tx.now();
            let setting = audit::setting(tx, now).await?;
            still_unused(&lines(store, tx, &setting, name.into(), measured).await?, gone)?;
            let kept: Vec<String> =
                before.permissions.iter().filter(|one| !permissions.contains(one)).cloned().collect();
            if kept.is_empty() {
                return Err(Error::Conflict("Nothing of the role would be left. Remove the role instead."));
            }
            let after = CustomRole { permissions: kept, ..before.clone() };
            let written = roles::replace(tx, before, after.clone()).await?;
            take_back(store, tx, &[name.into()], "what a role holds changed").await?;
            sessions::outdate_holders(tx, name.into()).await?;
            let plural = if gone.len() == 1 { "" } else { "s" };
            let detail = format!("Role {} lost {} unused permission{plural}", after.label, gone.len());
            let event = Event::new("role.changed", &written)?.because(reason).raising(Severity::Info, detail);
            Ok(tx.record(event, after))
        })
        .await
}

/// The set of the chosen permissions, at least one.
pub(super) fn chosen(store: &Store, permissions: &[String]) -> Result<PermissionSet> {
    let found = store.catalogue().parse_set(permissions);
    match found {
        Ok(set) if !set.is_empty() => Ok(set),
        _ => Err(Error::field("permissions", "Choose at least one of the permissions.")),
    }
}

/// What was unused when the page was read may have been used since.
pub(super) fn still_unused(lines: &[UseLine], gone: PermissionSet) -> Result<()> {
    let unused = lines.iter().filter(|line| line.judgement == Judgement::Unused).map(|line| line.permission);
    if gone.is_subset(unused.collect()) {
        Ok(())
    } else {
        Err(Error::Conflict("One of the permissions is not unused any more. Look at the list again."))
    }
}
