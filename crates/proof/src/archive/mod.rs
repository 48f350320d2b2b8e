//! Segments of a log outside its database: checked with nothing but the files and the log's public key.
//!
//! A segment is three files: the events as columns, the higher tiles that were completed in it, and a manifest, which names the other
//! two by their digests and is signed like a checkpoint. The manifest carries the checkpoint at the segment's end and the tree's right
//! edge at its beginning, so that each segment can be checked by itself in constant memory; and the digest of the manifest before, so
//! that none can be left out.

mod manifest;
mod walk;

pub use manifest::{ArchiveError, FileOf, Manifest};
pub use walk::SegmentWalk;
