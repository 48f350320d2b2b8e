//! Whoever asks.

pub(super) mod show;
