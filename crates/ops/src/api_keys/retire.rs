//! Retiring keys whose place others have taken, by the server itself.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus, Severity},
    ids::ApiKeyId,
    rule::ByJob,
};
use bailiwick_store::{Event, Job, Jobs, Permit, Scope, Store, api_keys};

use super::{called, callers};
use crate::{Error, Result};

/// Retires keys that are being replaced, each once: as soon as every recent caller has moved, or at the end of the overlap.
#[derive(Clone)]
pub struct Retirement {
    store: Store,
    jobs: Arc<Jobs>,
}

impl Retirement {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Retires what can be, up to a bound, and returns how many.
    ///
    /// # Errors
    /// The first failure; the others were retired all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut retired, mut failed) = (0, None);
        for tenant in api_keys::tenants_rotating(&self.store).await? {
            let permit = self.jobs.permit(Job::ApiKeys, tenant);
            let rotating = api_keys::rotating(&mut self.store.read(&permit).await?).await?;
            for key in rotating {
                match self.look(&permit, &key).await {
                    Ok(true) => retired += 1,
                    Ok(false) => {}
                    // Another server was quicker, or somebody revoked it.
                    Err(Error::Conflict(_) | Error::NotFound) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(retired), Err)
    }

    async fn look(&self, permit: &Permit<ByJob>, key: &ApiKey) -> Result<bool> {
        let why = {
            let mut view = self.store.read(permit).await?;
            if key.status(view.now()) == ApiKeyStatus::Expired {
                Some("its overlap with the key in its place has ended")
            } else {
                let movement = callers::look(&mut view, key).await?;
                let complete = movement.is_some_and(|movement| movement.complete);
                complete.then_some("every recent caller was seen with the key in its place")
            }
        };
        match why {
            Some(why) => self.retire(permit, key.id, why).await.map(|()| true),
            None => Ok(false),
        }
    }

    async fn retire(&self, permit: &Permit<ByJob>, id: ApiKeyId, why: &'static str) -> Result<()> {
        let there = api_keys::find(&mut self.store.read(permit).await?, id).await?;
        // Looked at before the change, which would record a refusal where another server was quicker.
        if there.revoked_at.is_some() {
            return Err(Error::Conflict("The key is retired already."));
        }
        self.store
            .change(permit, async |tx| {
                let before = api_keys::lock(tx, id).await?;
                if before.revoked_at.is_some() {
                    return Err(Error::Conflict("The key is retired already."));
                }
                let after = ApiKey { revoked_at: Some(tx.now()), ..before.clone() };
                let name = before.name.clone();
                let written = api_keys::replace(tx, before, after).await?;
                let event = Event::new("api_key.retired", &written)?
                    .because(why)
                    .raising(Severity::Info, format!("{} retired after its replacement", called(&name)));
                Ok(tx.record(event, ()))
            })
            .await
    }
}
