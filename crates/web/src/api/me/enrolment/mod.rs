//! Setting up the second factor that the policy asks for, by whoever is late with it and may do nothing else until they have.
//!
//! The first right code or answer ends every session of theirs and opens another one, which the answer hands out.

pub(in crate::api) mod passkey;
pub(in crate::api) mod show;
pub(in crate::api) mod totp;
