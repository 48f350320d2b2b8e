//! The relying party: the server as authenticators know it.

use std::fmt;

use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{
    Credential as Inner, DiscoverableAuthentication, Passkey, PasskeyRegistration, Webauthn, WebauthnBuilder,
    WebauthnError,
};

use crate::{Assertion, Attestation, NoDomain, Refused, UserHandle};

/// The name that a browser shows beside the domain.
const NAME: &str = "Bailiwick";

/// The server as authenticators know it: its domain, and the one origin whose pages may ask.
pub struct RelyingParty {
    webauthn: Webauthn,
}

/// Whose credential is made, as the authenticator shows it to its owner.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// What the authenticator keeps to say whose it is.
    pub handle: UserHandle,
    /// The sign-in address.
    pub address: &'a str,
    /// The name.
    pub name: &'a str,
}

/// A ceremony that has begun.
pub struct Begun {
    /// For the browser, in its JSON form (§5.1.9, §5.1.10).
    pub options: Value,
    /// For the server. It holds the challenge, which is no secret; it must come back unaltered, in time, and once.
    pub state: Vec<u8>,
}

/// A credential as it is kept: public key, counter and flags. No secret is in it; whoever alters it decides who signs in.
pub struct Credential(Passkey);

/// A credential that was just made.
pub struct Registered {
    /// What is kept of it.
    pub credential: Credential,
    /// Its id, up to 1,023 octets.
    pub id: Vec<u8>,
    /// How often it has signed.
    pub sign_count: u32,
    /// Whether it may leave its device (BE).
    pub backup_eligible: bool,
    /// Whether it has (BS).
    pub backed_up: bool,
    /// How the browser says that it is reached; nothing vouches for it.
    pub transports: Vec<&'static str>,
}

/// What a sign-in showed.
pub struct Proven {
    /// The credential with counter and flags as they are now.
    pub credential: Credential,
    /// How often it has signed.
    pub sign_count: u32,
    /// Whether it may leave its device (BE).
    pub backup_eligible: bool,
    /// Whether it has (BS).
    pub backed_up: bool,
}

impl RelyingParty {
    /// The relying party at `origin`, such as `https://admin.example.com` or `http://localhost:8080`.
    ///
    /// Its id is the host itself and not a domain above it: no sibling of the host can ask for these passkeys.
    ///
    /// # Errors
    /// [`NoDomain`] for an IP address or anything that is no origin.
    pub fn at(origin: &str) -> Result<Self, NoDomain> {
        let url = Url::parse(origin).map_err(|_| NoDomain)?;
        let id = url.domain().ok_or(NoDomain)?;
        let webauthn = WebauthnBuilder::new(id, &url).map_err(|_| NoDomain)?.rp_name(NAME).build();
        Ok(Self { webauthn: webauthn.map_err(|_| NoDomain)? })
    }

    /// Begins to register a passkey of `person`. Authenticators that hold one of `known` already are passed over.
    ///
    /// # Errors
    /// [`Refused::Fault`] without a name or address.
    pub fn begin_registration(&self, person: Person<'_>, known: Vec<Vec<u8>>) -> Result<Begun, Refused> {
        // The library takes an id of 16 octets; the handle, which has the tenant in front, is put in its place below.
        let id = Uuid::from_bytes(person.handle.user());
        let (challenge, state) = self
            .webauthn
            .start_passkey_registration(id, person.address, person.name, Some(known))
            .map_err(|_| Refused::Fault)?;
        let mut options = public_key(&challenge)?;
        put(&mut options, "/user/id", json!(person.handle.text()))?;
        // The library asks for no discoverable credential; without one nobody signs in without a user name.
        put(&mut options, "/authenticatorSelection/residentKey", json!("required"))?;
        put(&mut options, "/authenticatorSelection/requireResidentKey", json!(true))?;
        Ok(Begun { options, state: serde_json::to_vec(&state).map_err(|_| Refused::Fault)? })
    }

    /// Checks the answer to a registration (§7.1).
    ///
    /// # Errors
    /// [`Refused`].
    pub fn finish_registration(&self, state: &[u8], answer: &Attestation) -> Result<Registered, Refused> {
        let state: PasskeyRegistration = serde_json::from_slice(state).map_err(|_| Refused::Fault)?;
        let passkey = self
            .webauthn
            .finish_passkey_registration(&answer.answer, &state)
            .map_err(|error| refused(&error))?;
        let inner = Inner::from(passkey.clone());
        Ok(Registered {
            id: passkey.cred_id().to_vec(),
            sign_count: inner.counter,
            backup_eligible: inner.backup_eligible,
            backed_up: inner.backup_state,
            transports: answer.transports.clone(),
            credential: Credential(passkey),
        })
    }

    /// Begins a sign-in of whoever holds a passkey of this server.
    ///
    /// # Errors
    /// [`Refused::Fault`].
    pub fn begin_sign_in(&self) -> Result<Begun, Refused> {
        let (challenge, state) =
            self.webauthn.start_discoverable_authentication().map_err(|_| Refused::Fault)?;
        let options = public_key(&challenge)?;
        Ok(Begun { options, state: serde_json::to_vec(&state).map_err(|_| Refused::Fault)? })
    }

    /// Checks the answer to a sign-in (§7.2) against the credential of whom it names.
    ///
    /// # Errors
    /// [`Refused`]; [`Refused::Cloned`] only where everything else was right.
    pub fn finish_sign_in(
        &self,
        state: &[u8],
        answer: &Assertion,
        credential: Credential,
    ) -> Result<Proven, Refused> {
        let state: DiscoverableAuthentication = serde_json::from_slice(state).map_err(|_| Refused::Fault)?;
        let Credential(mut passkey) = credential;
        let proven = self
            .webauthn
            .finish_discoverable_authentication_v2(&answer.answer, state, &passkey)
            .map_err(|error| refused(&error))?;
        if !proven.user_verified() || passkey.update_credential(&proven).is_none() {
            return Err(Refused::Wrong);
        }
        Ok(Proven {
            sign_count: proven.counter(),
            backup_eligible: proven.backup_eligible(),
            backed_up: proven.backup_state(),
            credential: Credential(passkey),
        })
    }
}

impl Credential {
    /// The bytes to keep.
    ///
    /// # Errors
    /// [`Refused::Fault`]; a credential always has a JSON form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Refused> {
        serde_json::to_vec(&self.0).map_err(|_| Refused::Fault)
    }

    /// Reads a kept credential.
    ///
    /// # Errors
    /// [`Refused::Fault`] for anything but the bytes of one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refused> {
        serde_json::from_slice(bytes).map(Self).map_err(|_| Refused::Fault)
    }
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty").field("origins", &self.webauthn.get_allowed_origins()).finish()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}

fn refused(error: &WebauthnError) -> Refused {
    match error {
        WebauthnError::CredentialPossibleCompromise => Refused::Cloned,
        _ => Refused::Wrong,
    }
}

/// The part of the options that `navigator.credentials` calls `publicKey`.
fn public_key(challenge: &impl serde::Serialize) -> Result<Value, Refused> {
    let mut whole = serde_json::to_value(challenge).map_err(|_| Refused::Fault)?;
    let mut options = whole.get_mut("publicKey").map(Value::take).ok_or(Refused::Fault)?;
    // No browser knows this extension any more.
    if let Some(extensions) = options.get_mut("extensions").and_then(Value::as_object_mut) {
        extensions.remove("uvm");
    }
    Ok(options)
}

/// Puts a value in the place of one that must be there.
fn put(options: &mut Value, pointer: &str, value: Value) -> Result<(), Refused> {
    *options.pointer_mut(pointer).ok_or(Refused::Fault)? = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party() -> RelyingParty {
        RelyingParty::at("https://bailiwick.test").unwrap()
    }

    fn person() -> Person<'static> {
        Person { handle: UserHandle::of([1; 16], [2; 16]), address: "ada@example.org", name: "Ada" }
    }

    #[test]
    fn a_passkey_needs_a_name_to_be_bound_to() {
        for origin in ["https://admin.example.com", "https://admin.example.com:8443", "http://localhost:8080"]
        {
            assert!(RelyingParty::at(origin).is_ok(), "{origin}");
        }
        for origin in ["http://127.0.0.1:8080", "https://[::1]:8443", "", "admin.example.com"] {
            assert!(RelyingParty::at(origin).is_err(), "{origin}");
        }
    }

    #[test]
    fn registration_asks_for_a_discoverable_verified_unattested_credential() {
        let begun = party().begin_registration(person(), vec![vec![7; 20]]).unwrap();
        for (pointer, wanted) in [
            ("/rp/id", json!("bailiwick.test")),
            ("/rp/name", json!(NAME)),
            ("/user/id", json!(person().handle.text())),
            ("/user/name", json!("ada@example.org")),
            ("/user/displayName", json!("Ada")),
            ("/attestation", json!("none")),
            ("/authenticatorSelection/residentKey", json!("required")),
            ("/authenticatorSelection/requireResidentKey", json!(true)),
            ("/authenticatorSelection/userVerification", json!("required")),
            ("/excludeCredentials/0/id", json!("BwcHBwcHBwcHBwcHBwcHBwcHBwc")),
            ("/timeout", json!(300_000)),
        ] {
            assert_eq!(begun.options.pointer(pointer), Some(&wanted), "{pointer}: {}", begun.options);
        }
    }

    #[test]
    fn sign_in_asks_for_no_credential_in_particular() {
        let begun = party().begin_sign_in().unwrap();
        assert_eq!(begun.options.pointer("/rpId"), Some(&json!("bailiwick.test")));
        assert_eq!(begun.options.pointer("/userVerification"), Some(&json!("required")));
        assert_eq!(begun.options.pointer("/allowCredentials"), Some(&json!([])));
        let other = party().begin_sign_in().unwrap();
        assert_ne!(begun.options.pointer("/challenge"), other.options.pointer("/challenge"));
    }

    #[test]
    fn what_was_kept_and_cannot_be_read_is_our_own_fault() {
        assert!(matches!(Credential::from_bytes(b"{}"), Err(Refused::Fault)));
        let credential = Attestation::parse("{}");
        assert!(matches!(credential, Err(Refused::Unreadable)));
    }
}
