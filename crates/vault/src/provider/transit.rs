//! A root key in the secrets engine `transit` of OpenBao or Vault.
//!
//! The name of a key says its version, and that version alone wraps: where the service rotates the key, the new version is
//! another root key, taken up when an operator moves to it. `associated_data` carries the context, and so does `context`,
//! which keys that were made with `derived=true` ask for and others overlook.

#[cfg(test)]
mod real;

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use hyper::Method;
use hyper::header::HeaderName;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::holder::{Fault, Holding, Holds};
use super::http::Client;
use super::{BadHolder, Credential, Holder, KeyId, ProviderKind, ServiceUrl, Trouble};
use crate::secret::KeyBytes;

const TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
/// Of the kinds of keys that authenticate associated data, the one that everybody has.
const KIND: &str = "aes256-gcm96";

/// Where the engine is and which key is meant.
#[derive(Debug)]
pub struct TransitSettings {
    /// Where the service is.
    pub address: ServiceUrl,
    /// Where the engine is mounted, such as `transit`.
    pub mount: String,
    /// The name of the key.
    pub key: String,
    /// The namespace, where there are any.
    pub namespace: Option<String>,
    /// The token that may use the key.
    pub token: Credential,
    /// Authorities (PEM) that may have signed the service's certificate, instead of the public ones.
    pub authorities: Option<Vec<u8>>,
}

impl Holder {
    /// A key in `transit` of OpenBao or Vault. Nothing is connected yet.
    ///
    /// # Errors
    /// [`BadHolder`] for settings that could never work.
    pub fn transit(settings: TransitSettings) -> Result<Self, BadHolder> {
        let TransitSettings { address, mount, key, namespace, token, authorities } = settings;
        let whole = |name: &str| !name.is_empty() && name.split('/').all(is_name);
        if !whole(&mount) || !is_name(&key) || mount.len() + key.len() > 200 {
            return Err(BadHolder::Name);
        }
        if namespace.as_deref().is_some_and(|namespace| !whole(namespace.trim_matches('/'))) {
            return Err(BadHolder::Name);
        }
        let client = Client::new(address, authorities.as_deref())?;
        Ok(Self(Box::new(Transit { client, mount, key, namespace, token })))
    }
}

/// One part of a path that needs no escaping and leads nowhere else.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(plain) && text.bytes().any(|byte| byte != b'.')
}

struct Transit {
    client: Client,
    mount: String,
    key: String,
    namespace: Option<String>,
    token: Credential,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "type")]
    kind: String,
    latest_version: u32,
    exportable: bool,
    allow_plaintext_backup: bool,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted<'a> {
    /// In the answer itself, so that there is no copy to overwrite.
    #[serde(borrow)]
    plaintext: &'a str,
}

impl Transit {
    async fn ask(
        &self,
        method: Method,
        verb: &str,
        body: Zeroizing<Vec<u8>>,
    ) -> Result<(u16, Zeroizing<Vec<u8>>), Trouble> {
        let token = self.token.read().await?;
        let mut headers = vec![(TOKEN, token.as_str())];
        headers.extend(self.namespace.as_deref().map(|namespace| (NAMESPACE, namespace)));
        let path = format!("/v1/{}/{verb}/{}", self.mount, self.key);
        self.client.ask(method, &path, &headers, body).await
    }

    async fn describe(&self) -> Result<KeyId, Fault> {
        let (status, body) = self.ask(Method::GET, "keys", Zeroizing::default()).await?;
        if status != 200 {
            return Err(trouble(status, &body).into());
        }
        let Described { kind, latest_version, exportable, allow_plaintext_backup } = parse(&body)?;
        if kind != KIND {
            return Err(Trouble::Unfit("its type is not aes256-gcm96").into());
        }
        // What can be read out there is a file with a longer way to it.
        if exportable || allow_plaintext_backup {
            return Err(Trouble::Unfit("it may be exported, or backed up in the clear").into());
        }
        KeyId::parse(&format!("{}@{latest_version}", self.prefix()))
            .ok_or(Fault::Trouble(Trouble::Unexpected))
    }

    /// The full name but for the version.
    fn prefix(&self) -> String {
        format!("transit:{}/{}", self.mount, self.key)
    }

    /// The version in a full name of this very key.
    fn version(&self, id: &KeyId) -> Option<u32> {
        let version = id.as_str().strip_prefix(&self.prefix())?.strip_prefix('@')?;
        version.parse().ok().filter(|number: &u32| *number > 0 && number.to_string() == version)
    }

    async fn seal(&self, id: &KeyId, key: &KeyBytes, context: &[u8; 32]) -> Result<Vec<u8>, Fault> {
        let version = self.version(id).ok_or(Trouble::Absent)?;
        let context = BASE64_STANDARD.encode(context);
        let plaintext = Zeroizing::new(BASE64_STANDARD.encode(key.expose()));
        let version_text = version.to_string();
        let body = joined(&[
            r#"{"key_version":"#,
            &version_text,
            r#","associated_data":""#,
            &context,
            r#"","context":""#,
            &context,
            r#"","plaintext":""#,
            &plaintext,
            r#""}"#,
        ]);
        let (status, body) = self.ask(Method::POST, "encrypt", body).await?;
        if status != 200 {
            return Err(trouble(status, &body).into());
        }
        let Encrypted { ciphertext } = parse(&body)?;
        // A service that answers with another version than it was asked for would be believed for ever.
        let asked = ciphertext.strip_prefix("vault:v").and_then(|rest| rest.strip_prefix(&version_text));
        if !asked.is_some_and(|rest| rest.starts_with(':')) || !is_ciphertext(&ciphertext) {
            return Err(Trouble::Unexpected.into());
        }
        Ok(ciphertext.into_bytes())
    }

    async fn open(&self, id: &KeyId, sealed: &[u8], context: &[u8; 32]) -> Result<KeyBytes, Fault> {
        let version = self.version(id).ok_or(Trouble::Absent)?;
        let text =
            std::str::from_utf8(sealed).ok().filter(|text| is_ciphertext(text)).ok_or(Fault::Rejected)?;
        if !text.starts_with(&format!("vault:v{version}:")) {
            return Err(Fault::Rejected);
        }
        let context = BASE64_STANDARD.encode(context);
        let body = joined(&[
            r#"{"associated_data":""#,
            &context,
            r#"","context":""#,
            &context,
            r#"","ciphertext":""#,
            text,
            r#""}"#,
        ]);
        let (status, body) = self.ask(Method::POST, "decrypt", body).await?;
        if status != 200 {
            // A key that is gone or retired is told apart from a wrapped key that does not fit: both are answered 400.
            return Err(match trouble(status, &body) {
                Trouble::Unexpected if status == 400 => Fault::Rejected,
                trouble => trouble.into(),
            });
        }
        let Decrypted { plaintext } = parse(&body)?;
        let key = BASE64_STANDARD.decode(plaintext.as_bytes()).map(Zeroizing::new).ok();
        key.and_then(|key| KeyBytes::copy_from(&key)).ok_or(Fault::Rejected)
    }
}

/// Pieces that need no escaping, in a buffer that never moves.
fn joined(pieces: &[&str]) -> Zeroizing<Vec<u8>> {
    let mut body = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    for piece in pieces {
        body.extend_from_slice(piece.as_bytes());
    }
    body
}

/// Whether it can be put between quotation marks as it is.
fn is_ciphertext(text: &str) -> bool {
    text.len() < 4096
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'+' | b'/' | b'='))
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    let answer: Result<Answer<T>, _> = serde_json::from_slice(body);
    answer.map(|answer| answer.data).map_err(|_| Trouble::Unexpected.into())
}

/// What a refusal amounts to. Of its words only those count that tell a retired or missing key from anything else.
fn trouble(status: u16, body: &[u8]) -> Trouble {
    let says = |words: &str| body.windows(words.len()).any(|window| window == words.as_bytes());
    match status {
        400 if says("key not found") || says("no such key version") => Trouble::Absent,
        400 if says("disallowed by policy") || says("soft deleted") => Trouble::Disabled,
        401 | 403 => Trouble::Denied,
        404 => Trouble::Absent,
        // 472 and 473: a standby that does not forward.
        408 | 412 | 425 | 429 | 472 | 473 | 500..=599 => Trouble::Busy,
        _ => Trouble::Unexpected,
    }
}

impl Holds for Transit {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Transit
    }

    fn place(&self) -> String {
        format!("{}/{} at {}", self.mount, self.key, self.client.url().origin())
    }

    fn name(&self) -> Holding<'_, KeyId> {
        Box::pin(self.describe())
    }

    fn means(&self, id: &KeyId) -> bool {
        self.version(id).is_some()
    }

    fn encrypt<'a>(
        &'a self,
        id: &'a KeyId,
        key: &'a KeyBytes,
        context: &'a [u8; 32],
    ) -> Holding<'a, Vec<u8>> {
        Box::pin(self.seal(id, key, context))
    }

    fn decrypt<'a>(
        &'a self,
        id: &'a KeyId,
        sealed: &'a [u8],
        context: &'a [u8; 32],
    ) -> Holding<'a, KeyBytes> {
        Box::pin(self.open(id, sealed, context))
    }
}

impl fmt::Debug for Transit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transit").field("place", &self.place()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn settings() -> TransitSettings {
        TransitSettings {
            address: "http://127.0.0.1:8200".parse().unwrap(),
            mount: "transit".into(),
            key: "bailiwick".into(),
            namespace: None,
            token: "hunter2".to_owned().into(),
            authorities: None,
        }
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_no_name() {
        assert!(Holder::transit(TransitSettings { mount: "teams/a/transit".into(), ..settings() }).is_ok());
        for name in ["", "..", ".", "a/../b", "a b", "a?b", "a%2fb", "é", "/a", "a/"] {
            let mount = TransitSettings { mount: name.into(), ..settings() };
            assert_eq!(Holder::transit(mount).unwrap_err(), BadHolder::Name, "{name:?}");
            let key = TransitSettings { key: name.into(), ..settings() };
            assert_eq!(Holder::transit(key).unwrap_err(), BadHolder::Name, "{name:?}");
        }
        assert!(Holder::transit(TransitSettings { key: "a/b".into(), ..settings() }).is_err());
        let holder = Holder::transit(settings()).unwrap();
        assert_eq!(holder.place(), "transit/bailiwick at http://127.0.0.1:8200");
        assert!(!format!("{holder:?} {:?}", settings()).contains("hunter2"));
    }

    #[test]
    fn a_version_is_part_of_the_name() {
        let holder = Holder::transit(settings()).unwrap();
        let means = |text: &str| holder.0.means(&KeyId::parse(text).unwrap());
        assert!(means("transit:transit/bailiwick@1") && means("transit:transit/bailiwick@4294967295"));
        for text in [
            "transit:transit/bailiwick",
            "transit:transit/bailiwick@0",
            "transit:transit/bailiwick@01",
            "transit:transit/bailiwick@+1",
            "transit:transit/bailiwick2@1",
            "transit:other/bailiwick@1",
            "file:00",
        ] {
            assert!(!means(text), "{text}");
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, body, expected) in [
            (400, r#"{"errors":["encryption key not found"]}"#, Trouble::Absent),
            (
                400,
                r#"{"errors":["ciphertext or signature version is disallowed by policy (too old)"]}"#,
                Trouble::Disabled,
            ),
            (400, r#"{"errors":["cipher: message authentication failed"]}"#, Trouble::Unexpected),
            (403, r#"{"errors":["permission denied"]}"#, Trouble::Denied),
            (404, r#"{"errors":[]}"#, Trouble::Absent),
            (429, "", Trouble::Busy),
            (503, r#"{"errors":["Vault is sealed"]}"#, Trouble::Busy),
            (307, "", Trouble::Unexpected),
        ] {
            assert_eq!(trouble(status, body.as_bytes()), expected, "{status} {body}");
        }
    }
}
