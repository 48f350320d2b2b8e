//! Whether a password may be set: the one place that judges every password that a person chooses.

use bailiwick_domain::entity::User;
use bailiwick_store::{Scope, tenants};
use bailiwick_vault::password::{About, Password, PasswordError, PasswordHasher, Weakness};

use crate::{Error, Result};

const COMPROMISED: &str = "This password is known from leaks elsewhere, so it is among the first that are tried. Choose one that you use nowhere else.";
const GUESSABLE: &str = "This password is too easy to guess.";

/// Takes a password that the person known by `about` chose: at least 12 characters, hard to guess also for whoever knows
/// them, and in no list of leaked ones. No rule about kinds of characters (OWASP ASVS 5.0, 6.2.1, 6.2.4, 6.2.5, 6.2.9,
/// 6.2.11, 6.2.12).
///
/// # Errors
/// `Invalid` names `field` and says in words what is wrong.
pub(crate) async fn choose(
    hasher: &PasswordHasher,
    field: &'static str,
    text: String,
    about: About,
) -> Result<Password> {
    let password = long_enough(field, text)?;
    match hasher.weakness(&password, about).await.map_err(Error::Password)? {
        None => Ok(password),
        Some(Weakness::Compromised) => Err(Error::field(field, COMPROMISED)),
        Some(Weakness::Guessable(why)) => Err(Error::field(field, format!("{GUESSABLE} {why}").trim())),
    }
}

/// Takes a password by its length alone: one that the server drew by itself, where nobody chose anything.
pub(crate) fn long_enough(field: &'static str, text: String) -> Result<Password> {
    Password::chosen(text).map_err(|error| match error {
        PasswordError::TooShort => Error::field(field, "Use at least 12 characters."),
        PasswordError::TooLong => Error::field(field, "Use fewer than 1,024 bytes."),
        error => Error::Password(error),
    })
}

/// What others know of a user.
pub(crate) async fn about(scope: &mut impl Scope, user: &User) -> Result<About> {
    let organisation = tenants::find(scope).await?.name;
    Ok(About { name: user.name.clone(), email: user.email.clone(), organisation })
}
