//! A certificate, of an erasure, of how a version of a document was stored or of the destruction of a key: a text for people, and below
//! it the record that it is made of with the proof that the record lies in a signed log.
//!
//! Nothing in it has to be believed. The words follow from the record, octet by octet, and are written again when the certificate is
//! checked; the record is what was hashed into the leaf; the leaf leads to the root that the checkpoint signs. What is below the
//! line `c2sp.org/tlog-proof@v1` is a C2SP tlog-proof by itself.

mod text;
mod words;

use crate::{
    checkpoint::{Checkpoint, CheckpointError, NoteError, SignedNote, VerifierKey},
    event::{EventError, scan},
    hash::{Hash, leaf_hash},
    tree::{ProofError, verify_inclusion},
};

/// The longest certificate that is read, in octets.
pub const MAX_CERTIFICATE_BYTES: usize = 1024 * 1024;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The octets of the record.
    pub octets: Vec<u8>,
    /// The record's leaf, counted from zero.
    pub index: u64,
    /// The hashes beside the path from the leaf to the root, RFC 6962 §2.1.1.
    pub path: Vec<Hash>,
    /// The checkpoint that the path leads to.
    pub note: SignedNote,
}

/// Why a text certifies nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// More octets than are read.
    #[error("the certificate is longer than {MAX_CERTIFICATE_BYTES} octets")]
    TooLong,
    /// Not UTF-8, or not of the form.
    #[error("the text is not a certificate: {0}")]
    Form(&'static str),
    /// The record is no event.
    #[error("the record is not an event: {0}")]
    Event(#[from] EventError),
    /// The record is about something else.
    #[error("the record is not that of an erasure, of a document's storing or of a key's destruction")]
    OtherRecord,
    /// The words are not those of the record.
    #[error("the words of the certificate are not those of its record")]
    OtherWords,
    /// The checkpoint is not one.
    #[error("the checkpoint is not to be believed: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint is not signed by the key.
    #[error("the checkpoint is not to be believed: {0}")]
    Note(#[from] NoteError),
    /// The path does not lead from the record to the signed root.
    #[error("the record is not in the signed log: {0}")]
    Inclusion(#[from] ProofError),
    /// The record belongs to another log than the checkpoint.
    #[error("the record belongs to another log than the checkpoint of {0}")]
    OtherLog(String),
}

impl Certificate {
    /// The text of it.
    ///
    /// # Errors
    /// A record that is not that of an erasure.
    pub fn render(&self) -> Result<String, CertificateError> {
        text::write(self)
    }

    /// Reads a text, and returns what it certifies only if every part of it holds: the signature of `key`, the path, the record, and
    /// each of its words.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn check(text: &[u8], key: &VerifierKey) -> Result<(Self, Checkpoint), CertificateError> {
        let (words, certificate) = text::parse(text)?;
        certificate.note.verify(key)?;
        let checkpoint = Checkpoint::parse(certificate.note.text())?;
        let leaf = leaf_hash(&certificate.octets);
        verify_inclusion(&leaf, certificate.index, checkpoint.size, &certificate.path, &checkpoint.root)?;
        let fields = scan(&certificate.octets)?;
        if !checkpoint.origin.split('/').any(|part| part == fields.tenant) {
            return Err(CertificateError::OtherLog(checkpoint.origin));
        }
        if words != words::of(&certificate.octets)? {
            return Err(CertificateError::OtherWords);
        }
        Ok((certificate, checkpoint))
    }
}
