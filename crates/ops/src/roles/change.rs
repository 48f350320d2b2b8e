//! Changing a role. Its holders have what it holds then with their next request.

use bailiwick_domain::{
    entity::{CustomRole, Severity},
    role::CustomName,
    rule::UpdateRole,
};
use bailiwick_store::{Event, Permit, Store, roles, sessions, tenants};

use super::{chosen, create::names, holds, set, take_back, unused_label};
use crate::{
    Error, Result,
    valid::{self, Fields, within},
};

/// What a role is to be; its short name stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What people read: 1 to 100 characters, unique in the tenant.
    pub label: String,
    /// What its holders are there for, up to 300 characters; may be empty.
    pub description: String,
    /// The permissions' names.
    pub permissions: Vec<String>,
}

/// Replaces label, description and permissions of a role. The actor holds everything that it held and is to hold.
///
/// Sessions of its holders get another token with their next request, and invitations that their inviters could not give any more
/// are taken back, in the same transaction.
///
/// # Errors
/// `Invalid` by field, `Forbidden` for more than the actor has, `Conflict` where nothing changes, and for widening a role that the
/// actor holds.
pub async fn change(
    store: &Store,
    permit: &Permit<UpdateRole>,
    name: CustomName,
    new: Change,
) -> Result<CustomRole> {
    let mut fields = Fields::default();
    let label = fields.take("label", valid::called(&new.label));
    let description = fields.take("description", valid::description(&new.description));
    let wanted = chosen(store.catalogue(), &new.permissions, &mut fields);
    fields.done()?;
    let (Some(label), Some(description)) = (label, description) else { return Err(Error::NotFound) };
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            // Whoever gives the role, or anything else that depends on what roles hold, meets here.
            tenants::lock_policy(tx).await?;
            let before = roles::lock(tx, name).await?;
            let had = set(store, &before);
            within(had.union(wanted), held)?;
            let gained = wanted.difference(had);
            if !gained.is_empty() && holds(tx, permit.actor(), name.into()).await? {
                return Err(Error::Conflict("You hold this role yourself. Somebody else has to widen it."));
            }
            if before.label != label {
                unused_label(tx, &label, Some(&before)).await?;
            }
            let after = CustomRole {
                label: label.clone(),
                description: description.clone(),
                permissions: names(store, wanted),
                ..before.clone()
            };
            if before == after {
                return Err(Error::Conflict("The role is so already."));
            }
            let lost = had.difference(wanted);
            let written = roles::replace(tx, before, after.clone()).await?;
            let event = Event::new("role.changed", &written)?;
            let event = if gained.is_empty() && lost.is_empty() {
                event
            } else {
                take_back(store, tx, &[name.into()], "what a role holds changed").await?;
                sessions::outdate_holders(tx, name.into()).await?;
                let severity = if gained.is_empty() { Severity::Info } else { Severity::Warning };
                let detail = format!(
                    "Role {} changed: permissions gained {}, lost {}",
                    after.label,
                    gained.len(),
                    lost.len()
                );
                event.raising(severity, detail)
            };
            Ok(tx.record(event, after))
        })
        .await
}
