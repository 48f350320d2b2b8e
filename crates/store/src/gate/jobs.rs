//! The server's own permits, and the one value that makes them.

use std::{fmt, marker::PhantomData};

use bailiwick_domain::{entity::Device, ids::TenantId, permission::PermissionSet, rule::ByJob};

use super::{Actor, AgentClass, CarriedDevices, Job, Permit, RequestContext};
use crate::store::Store;

/// The authority to act as the server itself.
///
/// [`Store::open`](crate::Store::open) hands out one beside the store. It can be neither made nor cloned, so whoever is
/// given only the store, such as the handlers of requests, can never come by a permit of the server's own.
pub struct Jobs {
    store: Store,
}

impl Jobs {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// A permit for the server's own work in `tenant`.
    pub fn permit(&self, job: Job, tenant: TenantId) -> Permit<ByJob> {
        Permit {
            actor: Actor::System(job),
            tenant: Some(tenant),
            permissions: PermissionSet::empty(),
            request: RequestContext {
                id: self.store.new_id(),
                ip: None,
                agent: AgentClass::Job,
                device: Device::UNKNOWN,
                known: CarriedDevices::default(),
            },
            caller: None,
            recent: false,
            renewed: None,
            seen: None,
            claim: None,
            expected: None,
            rule: PhantomData,
        }
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jobs")
    }
}
