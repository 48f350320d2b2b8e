//! The only crate with SQL. No connection, transaction or commit is reachable from outside except through
//! [`Store::read`] and [`Store::change`], and a change that writes no audit record does not compile.
//!
//! One `&'static str` per query runs on SQLite and on PostgreSQL; `sqlx` accepts no other kind of text, so concatenated
//! SQL cannot exist. The tenant comes from the permit: query functions take no tenant argument.

pub mod access;
pub mod account_locks;
pub mod accounts;
pub mod api_keys;
pub mod attempts;
pub mod audit;
#[cfg(feature = "bench")]
pub mod bench;
mod conn;
pub mod devices;
pub mod documents;
mod error;
pub mod gate;
pub mod grants;
pub mod holders;
pub mod intake;
pub mod integrations;
pub mod invitations;
pub mod kept_answers;
pub mod key_cache;
pub mod key_uses;
pub mod keys;
mod links;
#[cfg(feature = "load")]
pub mod load;
mod lock;
pub mod mail;
pub mod migrate;
mod page;
pub mod passkeys;
pub mod password_resets;
pub mod permission_use;
pub mod phones;
mod policies;
mod pool;
pub mod posture;
pub mod recovery_codes;
pub mod regions;
pub mod roles;
pub mod saved_searches;
pub mod schema;
mod scrub;
mod sealed;
pub mod secrets;
pub mod security_events;
pub mod sessions;
pub mod step_up;
mod store;
pub mod subjects;
pub mod teams;
mod tenant_keys;
pub mod tenants;
mod tx;
mod upkeep;
pub mod users;
mod written;

#[cfg(feature = "load")]
pub use conn::counted::{snapshots, statements};
pub use error::{Error, Public, Result};
pub use gate::{
    Actor, AgentClass, Approved, Caller, CarriedDevices, Credential, Gate, Job, Jobs, Permit, Refusal,
    RequestContext,
};
pub use page::{Cursor, Page};
pub use pool::{DatabaseKind, PoolOptions, PoolUsage, TlsMode};
pub use regions::Regions;
pub use store::{Keys, Outbox, Receipt, Store};
pub use tx::{Recorded, Scope, Tx, View};
pub use written::{Event, Written};
