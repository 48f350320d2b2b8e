//! Whoever asks.

pub(super) mod password;
pub(super) mod show;
