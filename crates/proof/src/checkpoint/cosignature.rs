//! The word of a witness under a checkpoint: C2SP tlog-cosignature, Ed25519 (`cosignature/v1`).
//!
//! It says: at this time, the largest consistent tree that I have seen of this log has this size and this root.

use std::{fmt, str::FromStr};

use super::{
    KeyError, NoteError, NoteSignature, NoteSigner, SignedNote,
    key::{NamedKey, is_key_name, key_id},
};

/// The signature type octet of timestamped Ed25519 cosignatures.
const COSIGNATURE: u8 = 0x04;

/// Seconds beyond which a time is not one, by the standard.
const LATEST: u64 = i64::MAX as u64;

/// A named Ed25519 public key of a witness, written `name+key id+base64(0x04 ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CosignerKey(NamedKey<COSIGNATURE>);

/// Cosigns the text of a checkpoint, which ends in a newline, as of `seconds` since 1970.
///
/// # Errors
/// A key name that a note cannot carry.
pub fn cosign(text: &str, seconds: u64, signer: &dyn NoteSigner) -> Result<NoteSignature, NoteError> {
    if !is_key_name(signer.name()) {
        return Err(NoteError::KeyName);
    }
    let signature = signer.sign(message(text, seconds).as_bytes());
    Ok(NoteSignature {
        name: signer.name().to_owned(),
        key_id: key_id(signer.name(), COSIGNATURE, &signer.public_key()),
        signature: [seconds.to_be_bytes().as_slice(), &signature].concat(),
    })
}

/// What is signed: two lines in front of the note's text.
fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

impl CosignerKey {
    /// Names a public key, 32 octets as in RFC 8032.
    ///
    /// # Errors
    /// A name that a note cannot carry, or octets that are not a usable key.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        NamedKey::new(name, public_key).map(Self)
    }

    /// The witness's name, as signature lines carry it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The key id: the first four octets of `SHA-256(name ‖ 0x0A ‖ 0x04 ‖ key)`.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.0.id()
    }

    /// The public key, 32 octets as in RFC 8032.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.public_key()
    }

    /// Whether a line claims to be by this key.
    #[must_use]
    pub fn is_claimed_by(&self, line: &NoteSignature) -> bool {
        line.name == self.name() && line.key_id == self.id()
    }

    /// When this key cosigned `text`, in seconds since 1970, if the line is its cosignature of that text.
    #[must_use]
    pub fn cosigned(&self, text: &str, line: &NoteSignature) -> Option<u64> {
        let (seconds, signature) = line.signature.split_first_chunk::<8>()?;
        let seconds = u64::from_be_bytes(*seconds);
        let signed = self.is_claimed_by(line)
            && seconds <= LATEST
            && self.0.signed(message(text, seconds).as_bytes(), signature);
        signed.then_some(seconds)
    }

    /// When this key last cosigned the note, in seconds since 1970; nothing if it did not, or if a line that claims it is not
    /// by it.
    #[must_use]
    pub fn cosigned_note(&self, note: &SignedNote) -> Option<u64> {
        let mut latest = None;
        for line in note.signatures().iter().filter(|line| self.is_claimed_by(line)) {
            latest = latest.max(Some(self.cosigned(note.text(), line)?));
        }
        latest
    }
}

impl fmt::Display for CosignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for CosignerKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    /// The cosignature in the standard's own example. Its key is not published, its time is.
    const PUBLISHED: &str = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    const TEXT: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    /// The public key of RFC 8032 §7.1, test 1.
    const KEY: [u8; 32] = [
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e,
        0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
    ];

    #[test]
    fn the_published_cosignature_reads_and_writes_and_has_the_published_time() {
        let line: NoteSignature = PUBLISHED.parse().unwrap();
        assert_eq!(line.to_string(), PUBLISHED);
        assert_eq!((line.name.as_str(), line.signature.len()), ("witness.example.com/w1", 8 + 64));
        let seconds = u64::from_be_bytes(*line.signature.first_chunk().unwrap());
        assert_eq!(seconds, 1_679_315_147);
        assert_eq!(
            message(TEXT, seconds),
            "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        );
        // By another key it is nobody's word.
        let key = CosignerKey::new("witness.example.com/w1", &KEY).unwrap();
        assert_eq!(key.cosigned(TEXT, &line), None);
    }

    #[test]
    fn a_witness_key_has_the_id_of_its_own_type() {
        let key = CosignerKey::new("w1.example", &KEY).unwrap();
        let digest = Sha256::digest([b"w1.example\n\x04".as_slice(), &KEY].concat());
        assert_eq!(key.id().as_slice(), digest.get(..4).unwrap());
        let text = key.to_string();
        assert_eq!(
            text,
            format!(
                "w1.example+{}+{}",
                hex::encode(key.id()),
                STANDARD.encode([[4].as_slice(), &KEY].concat())
            )
        );
        assert_eq!(text.parse(), Ok(key));
        // A log's key is no witness's.
        let log = super::super::VerifierKey::new("w1.example", &KEY).unwrap();
        assert_eq!(log.to_string().parse::<CosignerKey>(), Err(KeyError::Type));
        assert_eq!(text.parse::<super::super::VerifierKey>(), Err(KeyError::Type));
    }
}
