//! The manifest of a segment.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    checkpoint::{CheckpointError, NoteError, NoteSigner, SignedNote, VerifierKey},
    event::EventError,
    hash::Hash,
};

/// The first line of what is signed. No checkpoint can begin so, for its first line is the name of a log of the same key.
const TITLE: &str = "bailiwick archive segment v1";

/// A file of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileOf {
    /// Its name beside the manifest.
    pub name: String,
    /// Its length.
    pub octets: u64,
    /// Its SHA-256.
    pub sha256: Hash,
}

impl FileOf {
    /// What is to be read from `file`, under this name.
    ///
    /// # Errors
    /// The file's.
    pub fn read(name: &str, mut file: impl Read) -> io::Result<Self> {
        let (mut hasher, mut buffer, mut octets) = (Sha256::new(), vec![0; 64 * 1024], 0_u64);
        loop {
            let read = file.read(&mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            hasher.update(piece);
            octets += piece.len() as u64;
        }
        Ok(Self { name: name.to_owned(), octets, sha256: Hash(hasher.finalize().into()) })
    }
}

/// What a segment holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The signed checkpoint at the segment's end, a C2SP tlog-checkpoint.
    pub checkpoint: String,
    /// The events.
    pub events: FileOf,
    /// The first leaf in it.
    pub first_leaf: u64,
    /// The right edge of the tree before the first leaf, in hexadecimal digits; see [`Frontier`](crate::tree::Frontier).
    pub frontier: String,
    /// The log's name, as its checkpoints have it.
    pub log: String,
    /// The SHA-256 of the manifest of the segment before; nothing for the first.
    pub previous: Option<Hash>,
    /// The size of the tree at its end: one more than the last leaf in it.
    pub size: u64,
    /// The tenant, a UUID in lower case.
    pub tenant: String,
    /// The tiles above the leaves that were completed in it; those of the leaves are the column `hash` of the events.
    pub tiles: FileOf,
    /// When it was written, RFC 3339 in UTC.
    pub written_at: String,
}

/// Why a segment is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The manifest's signature.
    #[error("the manifest is refused: {0}")]
    Note(#[from] NoteError),
    /// The manifest's text.
    #[error("the manifest is not one of an archived segment")]
    Shape,
    /// The checkpoint in it.
    #[error("the checkpoint in the manifest is refused: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A segment that does not go on where the one before ended.
    #[error("the segment from leaf {found} does not go on where the one before ended, at leaf {expected}")]
    Gap {
        /// The leaf at which the one before ended.
        expected: u64,
        /// The leaf at which this one begins.
        found: u64,
    },
    /// A manifest that names another one as the one before.
    #[error("the segment from leaf {0} names another segment as the one before it")]
    Previous(u64),
    /// Events out of their order, too many, or too few.
    #[error("leaf {expected} is missing, out of its order, or beyond the segment")]
    Place {
        /// The leaf that should have come.
        expected: u64,
    },
    /// Octets that do not give the hash beside them.
    #[error("the event at leaf {0} was altered: its octets do not give its hash")]
    Altered(u64),
    /// Octets that are no event.
    #[error("what lies at leaf {leaf} is no event: {cause}")]
    Event {
        /// The leaf.
        leaf: u64,
        /// Why.
        cause: EventError,
    },
    /// An event of another tenant.
    #[error("the event at leaf {0} is of another tenant")]
    Tenant(u64),
    /// Events that do not lead to the signed root.
    #[error("the events up to leaf {0} do not lead to the root that was signed")]
    Root(u64),
    /// Events that lead to another root than that of a checkpoint that was kept elsewhere.
    #[error("its first {0} events do not lead to the root of the checkpoint that was kept")]
    Kept(u64),
}

impl Manifest {
    /// Signs it.
    ///
    /// # Errors
    /// A key whose name a note cannot carry.
    pub fn sign(&self, signer: &dyn NoteSigner) -> Result<String, ArchiveError> {
        let json = serde_json::to_string(self).map_err(|_| ArchiveError::Shape)?;
        Ok(SignedNote::sign(&format!("{TITLE}\n{json}\n"), &[signer])?.to_string())
    }

    /// Reads a signed manifest, and returns it only if one of `keys` signed it.
    ///
    /// # Errors
    /// A malformed note, a signature that is missing or wrong, or a text that is no manifest.
    pub fn open(note: &[u8], keys: &[VerifierKey]) -> Result<Self, ArchiveError> {
        let note = SignedNote::parse(note)?;
        note.verify_any(keys)?;
        let json = note
            .text()
            .strip_prefix(TITLE)
            .and_then(|rest| rest.strip_prefix('\n'))
            .and_then(|rest| rest.strip_suffix('\n'))
            .ok_or(ArchiveError::Shape)?;
        serde_json::from_str(json).map_err(|_| ArchiveError::Shape)
    }

    /// The digest by which the next segment names this one.
    #[must_use]
    pub fn digest(note: &[u8]) -> Hash {
        Hash(Sha256::digest(note).into())
    }
}
