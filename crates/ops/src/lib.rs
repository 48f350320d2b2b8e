//! Every change and rule of the business, shared by pages, API, jobs and the command line: the complete list of what can
//! happen. Each operation takes a permit, so whoever calls it was let in; each ends in an audit record.

pub mod api_keys;
pub mod audit;
pub mod bulk;
pub mod decisions;
pub mod deletion;
pub mod documents;
pub mod enrolment;
mod error;
pub mod explorer;
pub mod exports;
pub mod factor_reset;
pub mod factors;
pub mod grants;
pub mod integrations;
pub mod invitations;
pub mod keys;
pub mod mail;
mod notices;
pub mod passkeys;
pub mod passwords;
pub mod phones;
pub mod policy;
pub mod posture;
pub mod profile;
pub mod renames;
pub mod roles;
pub mod saved_searches;
pub mod secrets;
pub mod security_events;
pub mod sessions;
pub mod sign_in;
pub mod step_up;
pub mod teams;
pub mod tenants;
pub mod unused;
pub mod users;
mod valid;

pub use error::{Error, FieldError, Result};
