//! The operations on both databases: who may do what to whom.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod api_keys;
mod channel;
mod enrolment;
mod escalation;
mod expiring;
mod factor_reset;
mod floors;
mod grants;
mod hostile;
mod invitations;
mod inviters;
mod joining;
mod known_devices;
mod live;
mod mail;
mod oracle;
mod own_factors;
mod passkey_joining;
mod passkey_sign_in;
mod passkeys;
mod passwords;
mod phones;
mod posture;
mod raised;
mod recovery;
mod resets;
mod roles;
mod second_factor;
mod security_events;
mod sign_in;
mod step_up;
mod support;
mod teams;
mod tenants;
mod unlock;
