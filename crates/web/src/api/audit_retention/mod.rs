//! How long records stay in the database.

pub(super) mod look;
pub(super) mod set;
pub(super) mod show;
