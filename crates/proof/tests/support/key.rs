//! A key that signs, made from a seed.
#![allow(clippy::unwrap_used, reason = "tests")]

use bailiwick_proof::checkpoint::{NoteSigner, VerifierKey};
use ed25519_dalek::{Signer as _, SigningKey};

pub(crate) struct Key(&'static str, SigningKey);

impl Key {
    pub(crate) fn new(name: &'static str, seed: u8) -> Self {
        Self(name, SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.0, &self.public_key()).unwrap()
    }
}

impl NoteSigner for Key {
    fn name(&self) -> &str {
        self.0
    }

    fn public_key(&self) -> [u8; 32] {
        self.1.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.1.sign(message).to_bytes()
    }
}
