//! An evidence bundle: one HTML file with records, what proves them, and a page that checks and shows them.
//!
//! It needs neither this program nor a network: a browser opens it from a disk, and [`read`] with [`Bundle::verify`] check the
//! same file without one. Between both there is nothing in common but this text; each has a verifier of its own.
//!
//! # What is in it
//!
//! A data block of JSON, `<` always written `\u003c`:
//!
//! | member | what |
//! |---|---|
//! | `format` | `bailiwick-bundle/v1` |
//! | `keys`, `witnesses` | the keys that are said to have signed, to be compared with those that one knows; proof of nothing |
//! | `manifest` | a signed note: the list of records, see [`Manifest`] |
//! | `checkpoint` | the checkpoint that everything leads to, with its cosignatures |
//! | `nodes` | base64 of the hashes of [`crate::tree::parts_beside`], one after the other: one proof for all records |
//! | `records` | the octets of each record, and the values that are disclosed of it |
//!
//! # What a check proves
//!
//! Nothing of it is believed but by the key of the log that the reader brings along.
//!
//! 1. The manifest is signed by that key: no record was removed, added, replaced or moved since.
//! 2. So is the checkpoint, and it is the one that the manifest names.
//! 3. The records of the manifest lie in the signed tree.
//! 4. The octets are those that were hashed, and of this log.
//! 5. Of one thing, the revisions run from the first to the newest without a gap, each naming the one before.
//! 6. Every disclosed value is the one that its record commits to. Values may be left out by anybody, at any time: the
//!    commitment stays, and what is not disclosed is hidden.
//! 7. The page around the data is the one that was made, so that what it says can be believed.
//!
//! Whether a search found everything that fits rests on the word of whoever signed; that a record lies in the log does not.

mod align;
mod check;
mod data;
mod finding;
mod manifest;
mod page;

pub use check::Proven;
pub use data::{ReadError, read};
pub use finding::{Finding, Findings};
pub use manifest::{MAX_MANIFEST_BYTES, Manifest, ManifestError, Selection, list_hash};
pub use page::{own_page, page_hash, write};

use crate::{
    checkpoint::{CosignerKey, NoteError, NoteSigner, SignedNote, VerifierKey},
    event::Opening,
    hash::Hash,
};

/// The most records in a bundle.
pub const MAX_RECORDS: usize = 10_000;

/// The longest file that is written or read, in octets.
pub const MAX_BUNDLE_BYTES: usize = 64 * 1024 * 1024;

/// The most keys of each kind that a bundle names.
pub const MAX_KEYS: usize = 64;

/// A bundle, not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// Keys of the log, for comparison.
    pub keys: Vec<VerifierKey>,
    /// Keys of witnesses, for comparison.
    pub witnesses: Vec<CosignerKey>,
    /// The list of records, with its signatures.
    pub manifest: SignedNote,
    /// The checkpoint, with its signatures and cosignatures.
    pub checkpoint: SignedNote,
    /// The hashes beside the records, from left to right.
    pub nodes: Vec<Hash>,
    /// The records, in the order of the log.
    pub records: Vec<Record>,
    /// The hash of the page that the file has around its data.
    pub page: Hash,
}

/// A record of a bundle.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The octets that were hashed.
    pub octets: String,
    /// Personal values that are disclosed.
    pub disclosed: Vec<Opening>,
}

/// Why a bundle cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The list of records cannot be written, or would not be read again.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The list cannot be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// More octets than are read.
    #[error("the file would be larger than {MAX_BUNDLE_BYTES} octets")]
    TooLong,
}

impl Manifest {
    /// Signs the list.
    ///
    /// # Errors
    /// A list that would not be read as it is, or a key that cannot sign a note.
    pub fn sign(&self, signer: &dyn NoteSigner) -> Result<SignedNote, MakeError> {
        let text = self.to_string();
        if Self::parse(&text)? != *self {
            // A line of search, or a name, with a line of its own in it.
            return Err(ManifestError::Line(5).into());
        }
        Ok(SignedNote::sign_within(&text, &[signer], MAX_MANIFEST_BYTES)?)
    }
}
