//! Witnesses: others who cosign the checkpoints of each log, and only ever of one history.
//!
//! Signing never waits for them. Whoever speaks to them ([`waiting`], [`ask`]) brings back a cosignature ([`keep`]), trouble
//! ([`stands`]), or a refusal, which is an alarm: see `ops::audit_log`.

mod ask;
mod keep;
mod policy;
mod refusal;
mod standing;

pub use ask::{Ask, Next, ask, waiting};
pub use keep::{keep, stands};
pub use policy::WitnessPolicy;
pub use refusal::{insert, is_noted, refusals};
pub use standing::{Standing, Witness, cosigned, witnesses};
