//! The gate: the only place where a [`Permit`] is made, because it is the only place that reads credentials.

mod actor;
mod admit;
mod permit;

pub use actor::{Actor, AgentClass, Job, RequestContext};
pub use admit::{Credential, Gate, Refusal};
pub use permit::{Caller, Permit};
