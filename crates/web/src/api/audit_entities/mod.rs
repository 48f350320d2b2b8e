//! Everything that ever happened to one thing, and how it stood.

mod as_of;
pub(super) mod completeness;
pub(super) mod difference;
pub(super) mod show;
