//! Secrets that are kept for the product: stored once, given out to programs, shown to nobody.
//!
//! A version is staged, then put into use with a one-time code; the one before stays for whoever has not followed. What a page, a
//! list or a record holds of a value is how long it is, roughly, and a keyed hash of it.

mod create;
mod delete;
mod discard;
mod resolve;
mod rotate;
mod stage;

use bailiwick_domain::{
    entity::SecretVersion,
    rule::Rule,
    secret::{LONGEST_VALUE, LengthClass, SecretName},
};
use bailiwick_store::{Actor, Permit, Scope, Tx, secrets};
use zeroize::Zeroizing;

pub(crate) use create::add;
pub use create::{NewSecret, create};
pub use delete::delete;
pub use discard::discard;
pub use resolve::{MOST_AT_ONCE, Resolved, Wanted, resolve};
pub use rotate::rotate;
pub use stage::stage;

/// The value of a secret on its way in.
pub struct Value(Zeroizing<String>);

impl Value {
    /// Takes what was sent.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    fn octets(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// What is wrong with it, never repeating any of it.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self.0.len() {
            0 => Err("Enter the value."),
            octets if octets > LONGEST_VALUE => Err("A value has 64 KiB at most."),
            // PostgreSQL and most of those who will read it end a text there.
            _ if self.0.contains('\0') => Err("A value holds no NUL character."),
            _ => Ok(()),
        }
    }

    /// What is kept of it in the clear, as version `number`.
    fn version<R: Rule>(&self, tx: &Tx, permit: &Permit<R>, number: i64) -> SecretVersion {
        SecretVersion {
            number,
            length: LengthClass::of(self.0.len()),
            fingerprint: secrets::fingerprint(tx, self.octets()),
            stored_by: permit.actor().person(),
            stored_at: tx.now(),
        }
    }
}

/// The value is a secret.
impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Value(…)")
    }
}

fn name(text: &str) -> Result<SecretName, &'static str> {
    text.trim().parse().map_err(|_| {
        "Use parts of lower-case letters, digits, _, - and . between slashes, such as gateway/stripe/api_key."
    })
}

/// Whether a person acts, or a program of theirs: for the words of an event.
const fn by(actor: &Actor) -> &'static str {
    match actor {
        Actor::Key { .. } => "by an API key",
        _ => "by a person",
    }
}
