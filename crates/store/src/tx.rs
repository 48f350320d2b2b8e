//! The two ways to the data: a [`View`] reads, a [`Tx`] writes and records.

use std::sync::Arc;

use bailiwick_domain::{
    entity::SignInMethod,
    ids::{SessionId, TenantId, UserId},
    sign_in::SignInLimits,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    Result,
    conn::{Conn, Driver},
    store::Shared,
    written::Event,
};

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::View {}
    impl Sealed for super::Tx {}
}

/// A place to read from: a [`View`] or a [`Tx`]. The tenant is bound to it.
#[allow(private_interfaces, reason = "the driver is for the queries of this crate; the trait is sealed")]
pub trait Scope: sealed::Sealed + Send {
    /// The tenant whose rows can be seen.
    fn tenant(&self) -> TenantId;
    /// The moment the transaction began.
    fn now(&self) -> Timestamp;
    #[doc(hidden)]
    fn driver(&mut self) -> Driver<'_>;
    #[doc(hidden)]
    fn shared(&self) -> &Arc<Shared>;
    /// The limits of wrong guesses that are in force.
    fn sign_in_limits(&self) -> SignInLimits {
        self.shared().sign_in_limits()
    }
}

/// A consistent snapshot of one tenant's data. Nothing can be written through it.
pub struct View {
    pub(crate) conn: Conn,
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    pub(crate) shared: Arc<Shared>,
}

impl View {
    /// Ends a glance with what its statement found.
    pub(crate) fn seen<T>(self, found: Result<T>) -> Result<T> {
        self.conn.seen(found)
    }
}

/// A write transaction in one tenant. It commits only with at least one record.
pub struct Tx {
    pub(crate) conn: Conn,
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    pub(crate) shared: Arc<Shared>,
    pub(crate) events: Vec<Event>,
    /// Whose keys this transaction destroys.
    pub(crate) erased: Vec<Uuid>,
    /// Whether a record of this transaction may change what a key is worth.
    pub(crate) decides: bool,
    /// The session that this transaction opened: whoever proved to be its user is the actor of its records.
    pub(crate) opened: Option<Opened>,
}

/// A session whose row this very transaction inserted.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) method: SignInMethod,
}

/// A value that leaves a write transaction together with its audit record.
#[must_use = "return it from the work that `change` runs"]
#[derive(Debug)]
pub struct Recorded<T>(pub(crate) T);

impl<T> Recorded<T> {
    /// Another value under the same record.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Recorded<U> {
        Recorded(f(self.0))
    }
}

impl Tx {
    /// Records `event` and lets `value` leave the transaction: the only source of [`Recorded`].
    pub fn record<T>(&mut self, event: Event, value: T) -> Recorded<T> {
        self.events.push(event);
        Recorded(value)
    }

    /// Records one more event of a change that touches several entities.
    pub fn also(&mut self, event: Event) {
        self.events.push(event);
    }
}

#[allow(private_interfaces, reason = "the driver is for the queries of this crate; the trait is sealed")]
impl Scope for View {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn now(&self) -> Timestamp {
        self.now
    }
    fn driver(&mut self) -> Driver<'_> {
        self.conn.driver()
    }
    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

#[allow(private_interfaces, reason = "the driver is for the queries of this crate; the trait is sealed")]
impl Scope for Tx {
    fn tenant(&self) -> TenantId {
        self.tenant
    }
    fn now(&self) -> Timestamp {
        self.now
    }
    fn driver(&mut self) -> Driver<'_> {
        self.conn.driver()
    }
    fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
