//! Signing in and out as a program does for the person in front of it: the same steps as on the pages, under the same limits, with
//! the same answers to whatever is wrong.

pub(super) mod code;
pub(super) mod out;
pub(super) mod passkey;
pub(super) mod password;
