//! Changing an integration: its name and its configuration. Whoever does says which revision they saw.

use bailiwick_domain::{
    entity::{Integration, Severity},
    ids::IntegrationId,
    rule::UpdateIntegrations,
};
use bailiwick_store::{Event, Permit, Scope, Store, integrations, tenants};
use serde_json::Value;

use super::{Outside, STALE, check::Wrong, create::TAKEN, definition, draft, person};
use crate::{Error, Result, valid};

/// What an integration is to be.
pub struct Update {
    /// 1 to 100 characters, unique in the tenant.
    pub name: String,
    /// Its configuration, an object.
    pub config: Value,
    /// The revision that was seen.
    pub revision: i64,
    /// As for a new one.
    pub store: Option<String>,
}

/// A configuration may hold what should not stand in it.
impl std::fmt::Debug for Update {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Update").field("revision", &self.revision).finish_non_exhaustive()
    }
}

/// Changes an integration. An event is raised where another configuration counts from now on.
///
/// # Errors
/// As for [`create`](super::create()); `Conflict` where it was changed since, or nothing would change.
pub async fn update(
    store: &Store,
    permit: &Permit<UpdateIntegrations>,
    outside: &Outside,
    id: IntegrationId,
    new: Update,
) -> Result<Integration> {
    let there = integrations::find(&mut store.read(permit).await?, id).await?.integration;
    let definition = definition(there.provider)?;
    let mut wrong = Wrong::default();
    let name = valid::name(&new.name).map_err(|text| wrong.at("name", text)).ok();
    let draft = draft(permit, definition, new.config, &new.name, new.store.as_deref(), outside, &mut wrong)?;
    wrong.done()?;
    let (Some(name), Some(draft)) = (name, draft) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = integrations::lock(tx, id).await?;
            if before.revision != new.revision {
                return Err(STALE);
            }
            if integrations::is_named(tx, &name, Some(id)).await? {
                return Err(Error::field("name", TAKEN));
            }
            let (stored, octets) = draft.settle(store, tx, permit).await?;
            let configuration = integrations::tag(tx, &octets);
            let other = configuration != before.configuration;
            if !other && name == before.name {
                return Err(Error::Conflict("It is so already. Nothing was changed."));
            }
            let after = Integration {
                name: name.clone(),
                revision: before.revision + 1,
                origin: draft.checked.origin.clone(),
                configuration,
                changed_at: tx.now(),
                changed_by: person(permit),
                ..before.clone()
            };
            let written = integrations::replace(tx, before, after.clone(), &octets).await?;
            let mut event = Event::new("integration.updated", &written)?;
            if other {
                let said = format!("An integration was configured differently ({})", definition.title);
                event = event.raising(Severity::Warning, said);
            }
            if let Some(stored) = stored {
                tx.also(stored);
            }
            Ok(tx.record(event, after))
        })
        .await
}
