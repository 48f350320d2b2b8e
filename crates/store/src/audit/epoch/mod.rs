//! Going on after signed events were lost for good: under another name, with a signed word about what is missing.
//!
//! A log whose database is older than what was signed is refused. Where no newer backup exists, an operator begins another
//! epoch of it. The order makes each step safe to repeat after a crash, and none of them possible for whoever has the
//! database alone:
//!
//! 1. [`Signer::state_epoch`]: a signed statement is put beside the checkpoints: what is kept, what is lost.
//! 2. The beginning is recorded in the log, with the operator's reason.
//! 3. [`Signer::open_epoch`]: the last checkpoint of the old epoch is set aside as evidence, and one of the new epoch
//!    takes its place, over the events that both have in common. From then on the signer goes on.

mod account;
mod plan;
mod rows;

pub use plan::{EpochPlan, EpochRefused};
pub use rows::{begun, insert, list};

use bailiwick_domain::ids::TenantId;

/// The statement that an epoch begins.
fn statement_file(tenant: TenantId, epoch: u32) -> String {
    format!("{tenant}.epoch-{epoch}")
}

/// The last checkpoint of the epoch before.
fn last_file(tenant: TenantId, epoch: u32) -> String {
    format!("{tenant}.epoch-{epoch}.last")
}
