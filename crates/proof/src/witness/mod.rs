//! What a witness and a log say to each other: C2SP tlog-witness, `add-checkpoint`.
//!
//! Everything here is a function of its input: who listens, what is kept and what time it is are the caller's.

mod answer;
mod judge;
mod request;

pub use answer::{Answer, read_answer};
pub use judge::{Refusal, Seen, judge};
pub use request::{AddCheckpoint, MAX_PROOF, MAX_REQUEST_BYTES, RequestError};
