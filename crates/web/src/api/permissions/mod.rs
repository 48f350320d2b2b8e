//! Permissions.

pub(super) mod list;
