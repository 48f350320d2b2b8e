//! Replacing a forgotten password by a mailed link.

pub(super) mod ask;
pub(super) mod complete;
pub(super) mod look;
