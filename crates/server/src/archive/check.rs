//! Checking the files of one segment.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use bailiwick_proof::{
    archive::{ArchiveError, FileOf, Manifest, SegmentWalk},
    checkpoint::{MAX_NOTE_BYTES, VerifierKey},
};

use super::place::{EVENTS, MANIFEST, TILES};

/// Why a segment is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// A file that is not there or cannot be read.
    #[error("a file of the segment cannot be read")]
    File(#[from] io::Error),
    /// A file that is not the one that the manifest names.
    #[error("the file {0} is not the one that the signed manifest names")]
    Digest(String),
    /// What does not fit.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// What a segment that holds was found to be.
pub(super) struct Checked {
    pub(super) manifest: Manifest,
    /// Octets of its files together.
    pub(super) octets: u64,
    /// The digest of the manifest.
    pub(super) digest: bailiwick_proof::Hash,
}

/// Checks the segment in `folder` as the next one of `walk`.
pub(super) fn segment(
    folder: &Path,
    keys: &[VerifierKey],
    walk: &mut SegmentWalk,
) -> Result<Checked, Refused> {
    let mut note = Vec::new();
    File::open(folder.join(MANIFEST))?.take(MAX_NOTE_BYTES as u64 + 1).read_to_end(&mut note)?;
    let manifest = Manifest::open(&note, keys)?;
    let digest = Manifest::digest(&note);
    let mut octets = note.len() as u64;
    // The names are ours whatever the manifest says: it leads to no other file.
    for (named, name) in [(&manifest.events, EVENTS), (&manifest.tiles, TILES)] {
        let found = FileOf::read(name, File::open(folder.join(name))?)?;
        if found != *named {
            return Err(Refused::Digest(name.to_owned()));
        }
        octets += found.octets;
    }
    walk.begin(manifest.clone(), digest)?;
    bailiwick_columnar::read::<Refused>(File::open(folder.join(EVENTS))?, |stored| {
        let place = u64::try_from(stored.leaf_index).map_err(|_| ArchiveError::Shape)?;
        Ok(walk.event(place, stored.hash, stored.octets)?)
    })?;
    walk.end(keys)?;
    Ok(Checked { manifest, octets, digest })
}
