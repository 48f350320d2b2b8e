//! An authenticator in software, and the browser around it: makes passkeys and answers with them, and can be told to do it
//! wrong. It shares no code with what checks the answers.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use bailiwick_domain::{entity::Passkey, rule::ChangeMyProofs};
use bailiwick_ops::passkeys::{self, NewPasskey, RelyingParty};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};

use crate::{Actor, Db};

/// Where people reach the server of tests.
pub const ORIGIN: &str = "https://bailiwick.test";

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const CREDENTIAL_INCLUDED: u8 = 0x40;

/// A device that holds passkeys.
pub struct Authenticator {
    origin: String,
    /// Whether it looks who is there.
    verifies: bool,
    /// Whether its passkeys leave it; such keep no counter.
    synced: bool,
    held: Vec<Held>,
}

/// One passkey with its private key.
struct Held {
    id: Vec<u8>,
    site: String,
    user: Vec<u8>,
    pair: EcdsaKeyPair,
    count: u32,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self::new()
    }
}

impl Authenticator {
    /// A device of its own, that verifies its user and counts.
    #[must_use]
    pub fn new() -> Self {
        Self { origin: ORIGIN.to_owned(), verifies: true, synced: false, held: Vec::new() }
    }

    /// In a browser that shows a page of another site.
    #[must_use]
    pub fn on(mut self, origin: &str) -> Self {
        origin.clone_into(&mut self.origin);
        self
    }

    /// One whose user is only present.
    #[must_use]
    pub fn without_looking(mut self) -> Self {
        self.verifies = false;
        self
    }

    /// From now on its user is only present.
    pub fn stop_looking(&mut self) {
        self.verifies = false;
    }

    /// One whose passkeys are kept elsewhere too.
    #[must_use]
    pub fn synced(mut self) -> Self {
        self.synced = true;
        self
    }

    /// Sets the counter of the newest passkey, as restoring a copy of the device does.
    pub fn set_count(&mut self, count: u32) {
        self.newest().count = count;
    }

    /// Makes the newest passkey say that it is another user's.
    pub fn claim(&mut self, user: &[u8]) {
        self.newest().user = user.to_vec();
    }

    /// The user handle of the newest passkey.
    pub fn user(&mut self) -> Vec<u8> {
        self.newest().user.clone()
    }

    fn newest(&mut self) -> &mut Held {
        self.held.last_mut().expect("a passkey")
    }

    /// What `navigator.credentials.create` gives for these options, as JSON.
    pub fn create(&mut self, options: &Value) -> String {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key pair");
        // The id of a credential is anything; the hash of its public key is different for each.
        let id = digest(&SHA256, pair.public_key().as_ref()).as_ref().to_vec();
        let site = text(options, "/rp/id");
        let user = BASE64_URL_SAFE_NO_PAD.decode(text(options, "/user/id")).expect("a user handle");
        let held = Held { id, site, user, pair, count: u32::from(!self.synced) };
        let mut data = self.data(&held, CREDENTIAL_INCLUDED);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&u16::try_from(held.id.len()).expect("a short id").to_be_bytes());
        data.extend_from_slice(&held.id);
        data.extend_from_slice(&cose(held.pair.public_key().as_ref()));
        let answer = json!({
            "id": encoded(&held.id), "rawId": encoded(&held.id), "type": "public-key",
            "response": {
                "clientDataJSON": encoded(&self.client("webauthn.create", options)),
                "attestationObject": encoded(&attestation(&data)),
                "transports": ["internal", "carrier-pigeon"],
            },
            "clientExtensionResults": {"credProps": {"rk": true}},
        });
        self.held.push(held);
        answer.to_string()
    }

    /// What `navigator.credentials.get` gives for these options, as JSON: an answer with the newest passkey.
    pub fn get(&mut self, options: &Value) -> String {
        if !self.synced {
            self.newest().count += 1;
        }
        let held = self.held.last().expect("a passkey");
        let data = self.data(held, 0);
        let client = self.client("webauthn.get", options);
        let signed = [data.as_slice(), digest(&SHA256, &client).as_ref()].concat();
        let signature = held.pair.sign(&randomness(), &signed).expect("a signature");
        json!({
            "id": encoded(&held.id), "rawId": encoded(&held.id), "type": "public-key",
            "response": {
                "clientDataJSON": encoded(&client),
                "authenticatorData": encoded(&data),
                "signature": encoded(signature.as_ref()),
                "userHandle": encoded(&held.user),
            },
            "clientExtensionResults": {},
        })
        .to_string()
    }

    /// Authenticator data (W3C Web Authentication §6.1).
    fn data(&self, held: &Held, more: u8) -> Vec<u8> {
        let mut flags = USER_PRESENT | more;
        if self.verifies {
            flags |= USER_VERIFIED;
        }
        if self.synced {
            flags |= BACKUP_ELIGIBLE | BACKED_UP;
        }
        let mut data = digest(&SHA256, held.site.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend_from_slice(&held.count.to_be_bytes());
        data
    }

    /// Client data (§5.8.1), which the browser writes.
    fn client(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = text(options, "/challenge");
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }
}

impl Db {
    /// The server as authenticators know it.
    #[must_use]
    pub fn party(&self) -> RelyingParty {
        passkeys::party(ORIGIN).expect("a relying party")
    }
}

impl Actor {
    /// Begins to add a passkey and has the device answer: the ceremony and the answer.
    pub async fn answered_registration(&self, device: &mut Authenticator) -> (String, String) {
        let permit = self.permit::<ChangeMyProofs>().await;
        let begun = passkeys::begin(&self.db.store, &self.db.party(), &permit).await.expect("a challenge");
        (begun.ceremony.to_string(), device.create(&begun.options))
    }

    /// Adds a passkey on the device, and signs out everywhere else with it.
    pub async fn add_passkey(&self, device: &mut Authenticator, name: &str) -> Passkey {
        let (ceremony, credential) = self.answered_registration(device).await;
        let ceremony = ceremony.parse().expect("an id");
        let new = NewPasskey { ceremony, name: name.to_owned(), credential };
        let permit = self.permit::<ChangeMyProofs>().await;
        passkeys::finish(&self.db.store, &self.db.party(), &permit, new).await.expect("a passkey")
    }
}

fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn text(options: &Value, pointer: &str) -> String {
    let value = options.pointer(pointer).and_then(Value::as_str);
    value.unwrap_or_else(|| panic!("{pointer} in {options}")).to_owned()
}

/// An attestation object without attestation (§6.5.4, §8.7): `{"fmt": "none", "attStmt": {}, "authData": data}`.
fn attestation(data: &[u8]) -> Vec<u8> {
    let mut cbor = vec![0xa3];
    cbor.extend_from_slice(b"\x63fmt\x64none");
    cbor.extend_from_slice(b"\x67attStmt\xa0");
    cbor.extend_from_slice(b"\x68authData\x59");
    cbor.extend_from_slice(&u16::try_from(data.len()).expect("short data").to_be_bytes());
    cbor.extend_from_slice(data);
    cbor
}

/// The COSE form of a P-256 key (RFC 9053 §7.1.1) for ES256, from its uncompressed point.
fn cose(point: &[u8]) -> Vec<u8> {
    let (x, y) = point.get(1..).expect("a point").split_at(32);
    // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
    let mut cbor = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
    cbor.extend_from_slice(x);
    cbor.extend_from_slice(&[0x22, 0x58, 0x20]);
    cbor.extend_from_slice(y);
    cbor
}

#[expect(clippy::disallowed_methods, reason = "a signature draws randomness; no test depends on its octets")]
fn randomness() -> SystemRandom {
    SystemRandom::new()
}
