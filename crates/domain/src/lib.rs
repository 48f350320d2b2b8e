//! Pure types and rules of Bailiwick: no async, no I/O, no clock and no randomness of its own.
//!
//! Everything that decides something lives here as a value or a pure function, so that it can be read, tested and
//! published (the permission table, the posture formulas) without a database.

pub mod actions;
pub mod catalogue;
pub mod change;
pub mod clock;
pub mod disclosure;
pub mod entity;
pub mod flat;
pub mod habit;
pub mod ids;
pub mod json;
pub mod mfa;
pub mod network;
pub mod past;
pub mod permission;
pub mod posture;
pub mod product;
pub mod redaction;
pub mod reference;
pub mod retention;
pub mod role;
pub mod rule;
pub mod search;
pub mod secret;
pub mod sign_in;
pub mod sniff;
pub mod stream;
pub mod subject;
pub mod time;
pub mod visible;
pub mod words;
pub mod zone;
