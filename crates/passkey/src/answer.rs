//! What a browser sends back, as far as it can be read before anything is known of the sender.

use serde_json::Value;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

use crate::{Refused, UserHandle};

/// The longest answer that is read, in octets. Without attestation an answer is about one tenth of it.
pub const LONGEST: usize = 16 * 1024;
/// The longest credential id (§4, "Credential ID").
const LONGEST_ID: usize = 1023;
/// What an authenticator may be reached by (§5.8.4); a browser may name others, which are dropped.
const TRANSPORTS: [&str; 6] = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];

/// The answer to a registration.
#[derive(Debug)]
pub struct Attestation {
    pub(crate) answer: RegisterPublicKeyCredential,
    pub(crate) transports: Vec<&'static str>,
}

impl Attestation {
    /// Reads the JSON form of a `PublicKeyCredential` with an attestation (§5.1, `toJSON`).
    ///
    /// # Errors
    /// [`Refused::Unreadable`]; what was sent is not repeated.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let value = read(text)?;
        let named = value.pointer("/response/transports").and_then(Value::as_array);
        let named: Vec<_> = named.into_iter().flatten().filter_map(Value::as_str).collect();
        let transports = TRANSPORTS.into_iter().filter(|known| named.contains(known)).collect();
        let answer = serde_json::from_value(value).map_err(|_| Refused::Unreadable)?;
        Ok(Self { answer, transports })
    }
}

/// The answer to a sign-in.
#[derive(Debug)]
pub struct Assertion {
    pub(crate) answer: PublicKeyCredential,
    handle: UserHandle,
}

impl Assertion {
    /// Reads the JSON form of a `PublicKeyCredential` with an assertion (§5.1, `toJSON`).
    ///
    /// # Errors
    /// [`Refused::Unreadable`], also without a user handle of this product's form.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let answer: PublicKeyCredential =
            serde_json::from_value(read(text)?).map_err(|_| Refused::Unreadable)?;
        let handle = answer.get_user_unique_id().and_then(UserHandle::from_bytes);
        let handle = handle.ok_or(Refused::Unreadable)?;
        if !(1..=LONGEST_ID).contains(&answer.get_credential_id().len()) {
            return Err(Refused::Unreadable);
        }
        Ok(Self { answer, handle })
    }

    /// Whose credential it claims to be.
    #[must_use]
    pub const fn handle(&self) -> UserHandle {
        self.handle
    }

    /// Which credential it claims to be.
    #[must_use]
    pub fn credential_id(&self) -> &[u8] {
        self.answer.get_credential_id()
    }
}

fn read(text: &str) -> Result<Value, Refused> {
    if text.len() > LONGEST {
        return Err(Refused::Unreadable);
    }
    serde_json::from_str(text).map_err(|_| Refused::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_too_long_is_not_even_read() {
        let long = format!("{{\"id\":\"{}\"}}", "A".repeat(LONGEST));
        assert!(matches!(Assertion::parse(&long), Err(Refused::Unreadable)));
        assert!(matches!(Attestation::parse(&long), Err(Refused::Unreadable)));
    }

    #[test]
    fn an_assertion_names_its_user_or_is_none() {
        let with = |handle: &str| {
            format!(
                r#"{{"id":"AQ","rawId":"AQ","type":"public-key","response":{{"authenticatorData":"AQ","clientDataJSON":"AQ","signature":"AQ","userHandle":{handle}}}}}"#
            )
        };
        let whole = format!("\"{}\"", UserHandle::of([1; 16], [2; 16]).text());
        assert_eq!(
            Assertion::parse(&with(&whole)).map(|read| read.handle()).ok(),
            Some(UserHandle::of([1; 16], [2; 16]))
        );
        for handle in ["null", "\"\"", "\"AQ\"", "7"] {
            assert!(Assertion::parse(&with(handle)).is_err(), "{handle}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_stranger_sends_is_a_fault(text in "\\PC{0,300}") {
            prop_assert!(Assertion::parse(&text).is_err());
            prop_assert!(Attestation::parse(&text).is_err());
        }
    }
}
