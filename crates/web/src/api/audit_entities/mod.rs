//! Everything that ever happened to one thing.

pub(super) mod completeness;
pub(super) mod show;
