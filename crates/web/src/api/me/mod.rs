//! The caller: who they are, and what proves it.

pub(super) mod enrolment;
pub(super) mod factors;
pub(super) mod password;
pub(super) mod profile;
pub(super) mod proof;
pub(super) mod recovery_codes;
pub(super) mod show;
