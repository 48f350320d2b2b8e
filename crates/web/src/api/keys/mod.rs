//! Encryption keys: what they protect, rotating and destroying them. Never key material. And API keys by their text: asking whether one is good,
//! and giving up one that has leaked.

pub(super) mod cancel;
pub(super) mod certificate;
pub(super) mod destroy;
pub(super) mod rotate;
pub(super) mod schedule;
pub(super) mod show;
pub(super) mod surrender;
pub(super) mod verify;
