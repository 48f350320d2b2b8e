//! The access table of the running server.

pub(super) mod list;
