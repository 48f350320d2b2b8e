//! The one-time link with which a first user sets a password.

pub(super) mod complete;
pub(super) mod look;

use bailiwick_vault::token::EnrolmentToken;

use crate::{error::Result, pages::enrol::DEAD};

/// The token of a link. What can be none gets the answer of every link that does not work.
fn link(token: &str) -> Result<EnrolmentToken> {
    EnrolmentToken::parse(token).map_err(|_| DEAD)
}
