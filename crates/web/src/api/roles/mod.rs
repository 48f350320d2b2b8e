//! Roles.

pub(super) mod list;
