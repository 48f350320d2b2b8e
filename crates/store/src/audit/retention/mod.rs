//! The retention: records whose time is over leave the database once the archive holds them and no hold keeps them.
//!
//! Of each record that goes a stub stays ([`Stub`]): its hash for the tree and its link for the chain, so that the log verifies as
//! before; the hash tiles stay, so that every proof that was handed out still leads to what was signed. The triggers of the database let a
//! record go only where its stub stands, and a stub only stands for what is archived and not held. The application's role deletes
//! nothing by itself on PostgreSQL: a function of the owner's does, by those triggers.
//!
//! Three sorts of records stay whatever is set: what is held (`held`), what says who may do what, and what accounts for other
//! records ([`accounts`](bailiwick_domain::retention::accounts)).

mod held;
mod judge;
mod look;
mod policy;
mod retire;
mod stub;
mod take;

pub use look::{Class, Extent, Look, look};
pub use policy::{days, set, tenants_with_days};
pub use retire::{Taken, retire, retirements};
pub use stub::{Stub, archived, retired, stub};
pub(super) use take::{octets, take};

use crate::Error;

/// What is told where all of a history would be needed.
pub(in crate::audit) const IN_PART: Error =
    Error::Conflict("The archive alone holds part of this history. Bring its segments back first.");

/// Leaves at most that one transaction takes, and that are looked at in one step.
pub const STEP: i64 = 4_096;
