//! Roles that a tenant makes beside the built-in ones: making, changing and removing them.
//!
//! Nobody makes, widens, narrows or removes a role that holds more than they do, and nobody widens one that they hold themselves:
//! what somebody has for a while would be theirs for good.

mod change;
mod create;
mod delete;
mod holders;
mod replace;

use bailiwick_domain::{
    catalogue::Catalogue,
    entity::CustomRole,
    permission::PermissionSet,
    role::{Role, RoleName},
};
use bailiwick_store::{Scope, Store, Tx, roles};

pub use change::{Change, change};
pub(crate) use create::{Made, insert, slug};
pub use create::{NewRole, create};
pub use delete::delete;
pub(crate) use holders::{holds, inviters, take_back, take_back_of};
pub(crate) use replace::Replacement;

use crate::{Error, Result, valid::Fields};

/// Custom roles at most in one tenant.
pub const MOST: usize = 50;
/// People and invitations at most that get another role at once, because theirs is removed.
pub const MOST_REPLACED: i64 = 200;

/// A role that somebody may give: to a user, an invitation or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Givable {
    /// The role.
    pub role: RoleName,
    /// Its name for people.
    pub title: String,
    /// What its holders are there for; may be empty.
    pub description: String,
}

/// The roles that hold no more than `held`, built-in ones first: those that its holder may give.
pub async fn givable(
    store: &Store,
    scope: &mut impl Scope,
    held: PermissionSet,
    platform: bool,
) -> Result<Vec<Givable>> {
    let mut found: Vec<_> = crate::invitations::invitable(store, held, platform)
        .into_iter()
        .map(|role| Givable {
            role: role.into(),
            title: role.title().to_owned(),
            description: role.description().to_owned(),
        })
        .collect();
    if !platform {
        let custom = roles::list(scope).await?.into_iter().filter(|role| set(store, role).is_subset(held));
        found.extend(custom.map(|role| Givable {
            role: role.name.into(),
            title: role.label,
            description: role.description,
        }));
    }
    Ok(found)
}

/// The name of any role for people, and what its holders are there for: a built-in one's title, a custom one's label, or of one that
/// is gone the part that was chosen for its name.
pub async fn words(scope: &mut impl Scope, role: RoleName) -> Result<(String, String)> {
    let name = match role {
        RoleName::BuiltIn(role) => return Ok((role.title().to_owned(), role.description().to_owned())),
        RoleName::Custom(name) => name,
    };
    match roles::find(scope, name).await {
        Ok(found) => Ok((found.label, found.description)),
        Err(bailiwick_store::Error::NotFound) => Ok((name.slug().to_owned(), String::new())),
        Err(error) => Err(error.into()),
    }
}

/// What a custom role holds in the running program; a permission whose pack is gone counts for nothing.
pub fn set(store: &Store, role: &CustomRole) -> PermissionSet {
    let catalogue = store.catalogue();
    let named: PermissionSet = role.permissions.iter().filter_map(|name| catalogue.find(name)).collect();
    named.difference(catalogue.platform_permissions())
}

/// What any role holds that somebody chose, or that there is no such role.
pub(crate) async fn named_set(tx: &mut Tx, role: RoleName) -> Result<PermissionSet> {
    roles::set_of(tx, role).await?.ok_or_else(|| Error::field("role", "Choose one of the roles."))
}

/// Reads chosen permissions into their stored form: each once, in the order of the catalogue.
fn chosen(catalogue: &Catalogue, names: &[String], fields: &mut Fields) -> PermissionSet {
    if names.is_empty() {
        fields.refuse("permissions", "Choose at least one permission.");
    }
    let mut wanted = PermissionSet::empty();
    for name in names {
        match catalogue.find(name) {
            Some(permission) if catalogue.tenant_permissions().contains(permission) => {
                wanted = wanted.with(permission);
            }
            _ => {
                fields.refuse("permissions", "Choose among the permissions of an organisation.");
                break;
            }
        }
    }
    wanted
}

/// No two roles of a tenant read the same, nor does one read like a built-in one.
async fn unused_label(tx: &mut Tx, label: &str, of: Option<&CustomRole>) -> Result<()> {
    let alike = |other: &str| other.to_lowercase() == label.to_lowercase();
    let built_in = Role::ALL.iter().any(|role| alike(role.title()));
    let others = roles::list(tx).await?;
    let taken = others.iter().any(|role| alike(&role.label) && of.is_none_or(|own| own.id != role.id));
    if built_in || taken { Err(Error::field("label", "There is a role with this name.")) } else { Ok(()) }
}
