//! What several tests need.

use bailiwick_domain::entity::SecurityEvent;
use bailiwick_store::{Store, security_events};
use bailiwick_testkit::Tenant;

pub(crate) mod numbers;
pub(crate) mod raw;

/// The security events that an action raised in a tenant, as this store sees them.
pub(crate) async fn raised(store: &Store, tenant: &Tenant, action: &str) -> Vec<SecurityEvent> {
    let mut view = store.read(&tenant.job()).await.unwrap();
    let mut found = security_events::list(&mut view, None, 200).await.unwrap().items;
    found.retain(|event| event.kind == action);
    found
}
