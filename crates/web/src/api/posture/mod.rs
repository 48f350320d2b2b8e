//! The security posture.

pub(super) mod show;
