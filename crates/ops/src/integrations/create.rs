//! Setting an integration up. It is not in use before somebody enables it.

use bailiwick_domain::{
    entity::{Integration, IntegrationProvider, Severity},
    rule::UpdateIntegrations,
};
use bailiwick_store::{Event, Permit, Scope, Store, integrations, tenants};
use serde_json::Value;

use super::{Outside, check::Wrong, definition, draft, person};
use crate::{Error, Result, valid};

pub(super) const TAKEN: &str = "There is an integration with this name.";

/// An integration to be.
pub struct NewIntegration {
    /// 1 to 100 characters, unique in the tenant.
    pub name: String,
    /// What it is with, by name.
    pub provider: String,
    /// Its configuration, an object.
    pub config: Value,
    /// The field whose value is to be stored as a secret, with a reference to it in its place.
    pub store: Option<String>,
}

/// A configuration may hold what should not stand in it.
impl std::fmt::Debug for NewIntegration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewIntegration").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// Sets an integration up, and stores a value as a secret with it where that is asked for: both, or neither.
///
/// # Errors
/// `Invalid` by field, for raw secrets with their place and the reason; `Forbidden` to whoever may not use the secrets it names, or not
/// store one; `Conflict` for more than [`integrations::MOST`].
pub async fn create(
    store: &Store,
    permit: &Permit<UpdateIntegrations>,
    outside: &Outside,
    new: NewIntegration,
) -> Result<Integration> {
    let mut wrong = Wrong::default();
    let name = valid::name(&new.name).map_err(|text| wrong.at("name", text)).ok();
    let Ok(provider) = new.provider.parse::<IntegrationProvider>() else {
        return Err(Error::field("provider", "Choose one of the providers."));
    };
    let definition = definition(provider)?;
    let draft = draft(permit, definition, new.config, &new.name, new.store.as_deref(), outside, &mut wrong)?;
    wrong.done()?;
    let (Some(name), Some(draft)) = (name, draft) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            // Two that are set up at the same moment meet here, so that neither the limit nor a name is passed over.
            tenants::lock_policy(tx).await?;
            if integrations::count(tx).await? >= integrations::MOST {
                return Err(Error::Conflict("There are a hundred integrations already. Remove one first."));
            }
            if integrations::is_named(tx, &name, None).await? {
                return Err(Error::field("name", TAKEN));
            }
            let (stored, octets) = draft.settle(store, tx, permit).await?;
            let made = Integration {
                id: store.new_id(),
                name: name.clone(),
                provider,
                enabled: false,
                revision: 1,
                origin: draft.checked.origin.clone(),
                configuration: integrations::tag(tx, &octets),
                created_at: tx.now(),
                changed_at: tx.now(),
                changed_by: person(permit),
            };
            let written = integrations::insert(tx, made.clone(), &octets).await?;
            let said = format!("An integration was set up ({})", definition.title);
            let event = Event::new("integration.created", &written)?.raising(Severity::Info, said);
            if let Some(stored) = stored {
                tx.also(stored);
            }
            Ok(tx.record(event, made))
        })
        .await
}
