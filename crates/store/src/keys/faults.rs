//! Sealed values that did not open, on their way into the log.

use bailiwick_domain::entity::SealedFault;

pub use crate::sealed::Fault;
use crate::{Store, Written, tx::Tx};

/// What was found since the last call and is not recorded yet.
pub fn faults(store: &Store) -> Vec<Fault> {
    store.shared.faults.take()
}

/// Puts one back that could not be recorded.
pub fn put_fault_back(store: &Store, fault: Fault) {
    store.shared.faults.put_back(fault);
}

/// A fault to be recorded: its record is all that is written.
pub fn note_fault(_tx: &mut Tx, fault: SealedFault) -> Written<SealedFault> {
    Written::created(fault)
}
