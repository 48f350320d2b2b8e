//! A text with the signatures under it: C2SP signed-note.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    VerifierKey,
    key::{ED25519, is_key_name, key_id},
};

/// The longest note that is read, in octets; room for 16 signatures of the largest kind and more.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;

/// The most signature lines that are read.
pub const MAX_SIGNATURES: usize = 64;

/// Whoever holds a private Ed25519 key and signs notes with it.
pub trait NoteSigner {
    /// The key's name, as it stands in signature lines: no white space, no control characters, no plus sign.
    fn name(&self) -> &str;

    /// The public key, 32 octets as in RFC 8032.
    fn public_key(&self) -> [u8; 32];

    /// The Ed25519 signature of `message`, RFC 8032.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// A text and its signatures, not necessarily checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub key_id: [u8; 4],
    /// The signature's octets, 64 for Ed25519; other kinds of key have other lengths.
    pub signature: Vec<u8>,
}

/// Why a note is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More octets or signatures than are read.
    #[error("the note is longer than is read, or has more than {MAX_SIGNATURES} signatures")]
    TooLong,
    /// Not UTF-8, or a control character other than newline.
    #[error("the note is not plain UTF-8 text")]
    NotText,
    /// No empty line before the signatures, or no final newline.
    #[error("the note is not a text, an empty line and signature lines")]
    Shape,
    /// A signature line that does not follow the format.
    #[error("signature line {0} of the note is malformed")]
    SignatureLine(usize),
    /// A key name that a note cannot carry.
    #[error("the key name cannot stand in a note")]
    KeyName,
    /// No signature by a known key.
    #[error("the note is not signed by a known key")]
    Unsigned,
    /// A signature that claims a known key and is not by it.
    #[error("the signature under the name {0} is not by that key")]
    WrongSignature(String),
}

impl SignedNote {
    /// Signs `text`, which ends in a newline, with each of `signers`.
    ///
    /// # Errors
    /// A text or key name that a note cannot carry, or no signer at all.
    pub fn sign(text: &str, signers: &[&dyn NoteSigner]) -> Result<Self, NoteError> {
        Self::sign_within(text, signers, MAX_NOTE_BYTES)
    }

    /// As [`SignedNote::sign`], for notes of up to `most` octets.
    pub(crate) fn sign_within(
        text: &str,
        signers: &[&dyn NoteSigner],
        most: usize,
    ) -> Result<Self, NoteError> {
        let mut note = Self { text: text.to_owned(), signatures: Vec::new() };
        for signer in signers {
            note.add_signature(*signer)?;
        }
        // What is handed out must be readable by the strict parser.
        Self::parse_within(note.to_string().as_bytes(), most)
    }

    /// Adds one more signature of the same text.
    ///
    /// # Errors
    /// A key name that a note cannot carry, or too many signatures.
    pub fn add_signature(&mut self, signer: &dyn NoteSigner) -> Result<(), NoteError> {
        if !is_key_name(signer.name()) {
            return Err(NoteError::KeyName);
        }
        self.add_line(NoteSignature {
            name: signer.name().to_owned(),
            key_id: key_id(signer.name(), ED25519, &signer.public_key()),
            signature: signer.sign(self.text.as_bytes()).to_vec(),
        })
    }

    /// Adds a signature line that was made elsewhere, such as a witness's. It is not checked.
    ///
    /// # Errors
    /// Too many signatures.
    pub fn add_line(&mut self, line: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooLong);
        }
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
        Ok(())
    }

    /// Reads a note without checking its signatures.
    ///
    /// # Errors
    /// Any departure from the format, and notes beyond [`MAX_NOTE_BYTES`] and [`MAX_SIGNATURES`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        Self::parse_within(bytes, MAX_NOTE_BYTES)
    }

    /// As [`SignedNote::parse`], for notes of up to `most` octets.
    pub(crate) fn parse_within(bytes: &[u8], most: usize) -> Result<Self, NoteError> {
        if bytes.len() > most {
            return Err(NoteError::TooLong);
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if bytes.iter().any(|octet| *octet < 0x20 && *octet != b'\n') {
            return Err(NoteError::NotText);
        }
        // The last empty line separates; the text may have empty lines of its own.
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape)?;
        let mut signatures = Vec::new();
        for (position, line) in lines.split('\n').enumerate() {
            if position >= MAX_SIGNATURES {
                return Err(NoteError::TooLong);
            }
            signatures.push(line.parse().map_err(|_| NoteError::SignatureLine(position + 1))?);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The text that was signed, its final newline included. Worth nothing before [`SignedNote::verify`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Checks that `key` signed the text.
    ///
    /// # Errors
    /// No signature by that key, or a wrong one.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        self.verify_any(std::slice::from_ref(key))
    }

    /// Checks that at least one of `keys` signed the text and that no signature claiming one of them is wrong.
    ///
    /// Signatures by other keys are ignored, as the format demands: a witness may have added its own.
    ///
    /// # Errors
    /// No signature by a known key, or a wrong one under a known name and id.
    pub fn verify_any(&self, keys: &[VerifierKey]) -> Result<(), NoteError> {
        let mut verified = false;
        for line in &self.signatures {
            let Some(key) = keys.iter().find(|key| key.name() == line.name && key.id() == line.key_id) else {
                continue;
            };
            if !key.signed(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::WrongSignature(line.name.clone()));
            }
            verified = true;
        }
        if verified { Ok(()) } else { Err(NoteError::Unsigned) }
    }
}

/// The note as it is stored and sent.
impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The line without its newline.
impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = [self.key_id.as_slice(), &self.signature].concat();
        write!(f, "\u{2014} {} {}", self.name, STANDARD.encode(octets))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    fn from_str(line: &str) -> Result<Self, NoteError> {
        parse_line(line).ok_or(NoteError::SignatureLine(1))
    }
}

fn parse_line(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let octets = STANDARD.decode(encoded).ok()?;
    let (key_id, signature) = octets.split_first_chunk::<4>()?;
    (is_key_name(name) && !signature.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        key_id: *key_id,
        signature: signature.to_vec(),
    })
}
