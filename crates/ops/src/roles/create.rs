//! Making a role.

use bailiwick_domain::{
    entity::{CustomRole, Severity, TenantKind},
    permission::PermissionSet,
    role::CustomName,
    rule::CreateRole,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, roles, tenants};

use super::{MOST, chosen, unused_label};
use crate::{
    Error, Result,
    valid::{self, Fields, within},
};

/// A role to be.
#[derive(Debug, Clone, Default)]
pub struct NewRole {
    /// What people read: 1 to 100 characters, unique in the tenant.
    pub label: String,
    /// What the name shows after `custom-`: 1 to 32 of `a-z`, `0-9` and hyphens; made from the label where it is empty. It stays.
    pub slug: String,
    /// What its holders are there for, up to 300 characters; may be empty.
    pub description: String,
    /// The permissions' names.
    pub permissions: Vec<String>,
}

/// Makes a role of permissions that the actor has themselves.
///
/// # Errors
/// `Invalid` by field, `Forbidden` for more than the actor has, `Conflict` for more than [`MOST`] roles and on the platform.
pub async fn create(store: &Store, permit: &Permit<CreateRole>, new: NewRole) -> Result<CustomRole> {
    let mut fields = Fields::default();
    let label = fields.take("label", valid::called(&new.label));
    let name = fields.take("slug", slug(&new, label.as_deref()));
    let description = fields.take("description", valid::description(&new.description));
    let wanted = chosen(store.catalogue(), &new.permissions, &mut fields);
    fields.done()?;
    let (Some(label), Some(name), Some(description)) = (label, name, description) else {
        return Err(Error::NotFound);
    };
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let (event, role) = insert(store, tx, held, Made { label, name, description, wanted }).await?;
            Ok(tx.record(event, role))
        })
        .await
}

/// A role to be, as it is stored.
pub(crate) struct Made {
    pub(crate) label: String,
    pub(crate) name: CustomName,
    pub(crate) description: String,
    pub(crate) wanted: PermissionSet,
}

/// Makes a role within a change, with the event to record.
pub(crate) async fn insert(
    store: &Store,
    tx: &mut Tx,
    held: PermissionSet,
    made: Made,
) -> Result<(Event, CustomRole)> {
    let Made { label, name, description, wanted } = made;
    if tenants::find(tx).await?.kind == TenantKind::Platform {
        return Err(Error::Conflict("The platform has its built-in roles alone."));
    }
    within(wanted, held)?;
    // Two roles made at the same moment meet here, so that neither the limit nor a name is passed over.
    tenants::lock_policy(tx).await?;
    let others = roles::list(tx).await?;
    if others.len() >= MOST {
        return Err(Error::Conflict("There are fifty roles already. Remove one first."));
    }
    if others.iter().any(|role| role.name == name) {
        return Err(Error::field("slug", "There is a role with this short name."));
    }
    unused_label(tx, &label, None).await?;
    let role = CustomRole {
        id: store.new_id(),
        name,
        label,
        description,
        permissions: names(store, wanted),
        created_at: tx.now(),
    };
    let written = roles::insert(tx, role.clone()).await?;
    let plural = if wanted.len() == 1 { "" } else { "s" };
    let detail = format!("Role {} created with {} permission{plural}", role.label, wanted.len());
    let event = Event::new("role.created", &written)?.raising(Severity::Info, detail);
    Ok((event, role))
}

/// The names of a set's permissions, in the order of the catalogue.
pub(super) fn names(store: &Store, set: PermissionSet) -> Vec<String> {
    store.catalogue().names(set).into_iter().map(str::to_owned).collect()
}

pub(crate) fn slug(new: &NewRole, label: Option<&str>) -> std::result::Result<CustomName, &'static str> {
    const WRONG: &str = "Use 1 to 32 lower-case letters, digits and single hyphens between them.";
    let typed = new.slug.trim();
    let made = if typed.is_empty() { made_of(label.unwrap_or("role")) } else { typed.to_owned() };
    CustomName::new(&made).map_err(|_| WRONG)
}

/// A short name from a label: what is no letter or digit of ASCII becomes a hyphen.
fn made_of(label: &str) -> String {
    let mut made = String::new();
    for c in label.chars().map(|c| c.to_ascii_lowercase()) {
        if made.len() >= 32 {
            break;
        }
        if c.is_ascii_alphanumeric() {
            made.push(c);
        } else if !made.is_empty() && !made.ends_with('-') {
            made.push('-');
        }
    }
    let made = made.trim_end_matches('-');
    if made.is_empty() { "role".to_owned() } else { made.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_makes_a_short_name() {
        for (label, made) in [
            ("Night auditor", "night-auditor"),
            ("  R&D / Ops ", "r-d-ops"),
            ("Zoë’s desk", "zo-s-desk"),
            ("山田", "role"),
            ("A label that is much longer than what fits", "a-label-that-is-much-longer-than"),
        ] {
            assert_eq!(made_of(label), made, "{label}");
            assert!(CustomName::new(made).is_ok(), "{label}");
        }
    }
}
