//! Everything that ever happened to one thing.

pub(super) mod show;
