//! The caller's own recovery codes.

pub(in crate::api) mod make;
