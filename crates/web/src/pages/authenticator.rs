//! Setting up an authenticator app, on the page of one's account and at sign-in: the secret is there in the answer
//! that made it, and again in those that refuse a code of it.

mod qr;

use bailiwick_store::Caller;
use bailiwick_vault::totp::TotpSecret;

use crate::{
    error::{Error, Result},
    forms::{Field, Problem},
};

/// An authenticator that waits for its first code.
pub(super) struct Enrolment {
    /// A picture as a `data:` address.
    pub(super) qr: String,
    /// In groups of four.
    pub(super) secret: String,
    pub(super) action: String,
    pub(super) code: Field,
}

impl Enrolment {
    /// Shows the secret and asks for a code of it.
    pub(super) fn shown(action: String, secret: &TotpSecret, caller: &Caller) -> Result<Self> {
        let qr = qr::picture(&address(secret, caller)?)?;
        let code = Field::new("code", "Six digits from the app");
        Ok(Self { qr, secret: grouped(secret), action, code })
    }

    /// With what is wrong with the code that was typed.
    pub(super) fn again(self, problems: &[Problem]) -> Self {
        Self { code: self.code.emptied(problems), ..self }
    }
}

/// The `otpauth:` address of a secret, as apps read it.
pub(crate) fn address(secret: &TotpSecret, caller: &Caller) -> Result<zeroize::Zeroizing<String>> {
    // A colon would end the issuer's name within the address (Key URI Format).
    let issuer = format!("Bailiwick {}", caller.tenant.name.replace(':', " "));
    secret.otpauth_url(&issuer, &caller.user.email).map_err(|error| Error::Internal(Box::new(error)))
}

/// The secret to be typed in: groups of four.
fn grouped(secret: &TotpSecret) -> String {
    let mut text = String::new();
    for (place, letter) in secret.base32().chars().enumerate() {
        if place > 0 && place.is_multiple_of(4) {
            text.push(' ');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_typed_in_groups_of_four() {
        let secret = TotpSecret::from_base32("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").unwrap();
        assert_eq!(grouped(&secret), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP");
    }
}
