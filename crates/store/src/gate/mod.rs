//! The gate: the only place where a [`Permit`] is made. Those of requests follow from a credential, which nothing else reads;
//! those of the server itself from [`Jobs`], which only the opener of the store holds.

mod actor;
mod admit;
mod approved;
mod devices;
mod jobs;
mod permit;
mod recheck;

pub use actor::{Actor, AgentClass, Job, RequestContext};
pub use admit::{Credential, Gate, Refusal};
pub use approved::Approved;
pub(crate) use approved::holder;
pub use devices::CarriedDevices;
pub use jobs::Jobs;
pub use permit::{Caller, Permit};
pub(crate) use recheck::recheck;
