//! Rows that the security page shares with the pages of their own.

mod event;
mod user;

pub(crate) use event::SecurityEventRow;
pub(crate) use user::{UserRow, mfa, mfa_meaning};
