//! Tenant keys as people and jobs see them: versions, what each protects, rotation, wrapping anew, destruction.
//!
//! Whoever makes or destroys a version holds the lock of the tenant's policy. The holder of the root key is asked before a
//! transaction begins and never within one: see [`fresh`].

mod destroy;
mod faults;
mod places;
mod protects;
mod rewrap;
mod root_move;
mod schedule;
mod versions;

pub use destroy::{
    Destruction, certificate, destroy, destructions, destructions_due, find_destruction, forget,
    lock_destruction, request, settle, times_asked,
};
pub use faults::{Fault, faults, note_fault, put_fault_back};
pub use protects::{Protected, protects};
pub use rewrap::{Left, left, rewrap, tenants_behind};
pub use root_move::{
    After, Anew, Batch, Move, Progress, begin_move, find_move, follow_move, hold_move, leading_root,
    lock_move, newest_move, put_anew, roots, roots_in_use, settle_move, wrap_anew, wrapped_by,
};
pub use schedule::{schedule, set_schedule, tenants_due};
pub use versions::{FreshKey, Version, exist, fresh, held, insert, learn, newest, versions};

/// Whether the holder of the root key answers, as far as this server has asked it: since when it does not.
pub fn away_since(store: &crate::Store) -> Option<bailiwick_domain::time::Timestamp> {
    store.keys().keyring.away_since()
}
