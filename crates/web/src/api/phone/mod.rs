//! The phone number to which one's own one-time codes go.

pub(super) mod begin;
pub(super) mod remove;
pub(super) mod show;
pub(super) mod verify;
