//! A witness: a process of its own, at best at somebody else's, that cosigns the checkpoints of logs it was told to trust, and
//! of each log only ever one history (C2SP tlog-witness).
//!
//! Everything it has lies in one folder:
//!
//! ```text
//! root.key, witness.key   its Ed25519 key, wrapped
//! logs                    the logs it trusts: lines of `<origin> <verifier key>`
//! state                   what it cosigned last of each log; without it, it must not be run again
//! refused                 the last request that it refused although the log had signed it: evidence
//! .lock                   held while it runs
//! ```

pub(crate) mod folder;
mod serve;
mod state;
mod trusted;

pub(crate) use serve::router;
pub(crate) use state::State;
pub(crate) use trusted::Trusted;
