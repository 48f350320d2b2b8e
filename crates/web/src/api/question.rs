//! What the authenticator of a visitor is asked.
//!
//! The answer is bound to something that only whoever asked can show again. A browser has its cookie for that; a program, which
//! may be anybody, is given a secret of its own beside the question. It is for the program alone and goes nowhere near the
//! authenticator, so that what leaks on that way is worth nothing to others.

use bailiwick_ops::sign_in::Asked;
use bailiwick_store::Store;
use bailiwick_vault::token::RandomToken;
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

#[derive(Serialize)]
pub(super) struct Question {
    /// To be kept, and sent with the answer.
    visitor: String,
    /// To be sent with the answer, within five minutes, once.
    ceremony: String,
    /// For `navigator.credentials`, in its JSON form (W3C Web Authentication, §5.1).
    options: Value,
}

impl Question {
    pub(super) fn of(visitor: &str, asked: Asked) -> Self {
        Self { visitor: visitor.to_owned(), ceremony: asked.ceremony, options: asked.options }
    }
}

/// A secret for a visitor, 256 random bits.
pub(super) fn visitor(store: &Store) -> Zeroizing<String> {
    RandomToken::generate(store.entropy()).expose()
}
