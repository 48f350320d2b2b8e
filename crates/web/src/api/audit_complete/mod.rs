//! Completing a search of the audit log while it is typed.

pub(super) mod show;
