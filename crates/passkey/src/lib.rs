//! Passkeys (W3C Web Authentication, Level 3): what a browser is asked, and what its answer proves.
//!
//! The crate that checks answers, `webauthn-rs`, is known here alone. Whoever uses this crate sees options and answers as
//! JSON and everything else as types of its own. Nothing here is kept: the state of a ceremony is handed out as bytes, and
//! the caller sees to it that it comes back unaltered, in time, and once (W3C Web Authentication §13.4.3).
//!
//! Every ceremony asks for a discoverable credential, for user verification, and for no attestation: which maker built an
//! authenticator is nobody's business here.

mod answer;
mod handle;
mod party;
mod refused;

pub use answer::{Assertion, Attestation, LONGEST};
pub use handle::UserHandle;
pub use party::{Begun, Credential, Person, Proven, Registered, RelyingParty};
pub use refused::{NoDomain, Refused};
