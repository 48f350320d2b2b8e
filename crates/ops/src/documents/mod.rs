//! Documents: added in parts, sealed in frames before anything reaches the disk, read frame by frame, deleted by their keys.
//!
//! What is sealed lies in a folder of the installation, the [`Cabinet`], or once it is complete in an object store; a document's row in the
//! database, with the wrapped data key, is what makes it one. A part is on disk before it is noted, and a version's file is where it stays
//! before the version has its row: a crash leaves an upload that goes on, or a file that the job removes, and never half a version.

mod cabinet;
mod check;
pub mod damage;
mod delete;
mod form;
mod job;
mod media;
mod place;
mod preview;
mod read;
mod sweep;
mod upload;

use bailiwick_domain::time::Span;

pub use cabinet::Cabinet;
pub use check::{Checked, check_all};
pub use delete::delete;
pub use form::{Pieces, whole};
pub use job::Documents;
pub use place::{Doing, Found, Objects, Unread};
pub use preview::{Preview, is_shown, preview};
pub use read::{Reading, find, note_download, reading};
pub use upload::{Begun, NewVersion, begin, finish, look, part};

/// Versions of one document at most: deleting it is one change.
pub const MOST_VERSIONS: i64 = 200;

/// An upload of which nothing came for so long is cut off, and goes.
pub const STALE: Span = Span::days(1);

/// Octets of a part at most.
pub const MOST_PART: usize = 4 * 1024 * 1024;
