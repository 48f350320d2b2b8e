//! The archive of the audit log.

pub(super) mod show;
