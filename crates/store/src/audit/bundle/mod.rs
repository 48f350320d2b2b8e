//! Evidence bundles: records with what proves them, for whoever has neither this program nor this database.
//!
//! A bundle is put together from one snapshot, signed by the key of the logs, and checked as its reader will check it. Only
//! then is its making recorded, and only then is it handed out.

mod collect;
mod open;
mod receipt;
mod write;

use bailiwick_domain::entity::EvidenceBundle;

pub use collect::Asked;
pub(in crate::audit) use open::Opener;
pub use receipt::receipt;
pub use write::{Bundled, bundle};

use crate::{Tx, Written};

/// Octets of all records of a bundle at most.
pub const MOST_OCTETS: usize = 16 * 1024 * 1024;

/// That a bundle was made. The record is all that is kept of it.
pub fn made(_tx: &mut Tx, bundle: EvidenceBundle) -> Written<EvidenceBundle> {
    Written::created(bundle)
}
