//! How far the log is signed, and what its last verification found.

pub(super) mod show;
