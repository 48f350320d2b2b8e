//! Exports: records of the log as files, written by a job, kept for a while, downloaded by whoever may.
//!
//! The file lies in a folder of the server, the [`Spool`], and grows by appending. What is on disk is noted after each chunk, so
//! that a server that was killed goes on where it was; columns, which have their index at the end, begin anew. Nothing is held in
//! memory but one chunk of records, whatever their number.

mod ask;
mod download;
mod finish;
mod format;
mod remove;
mod spool;
mod write;

use bailiwick_domain::time::Span;

pub use ask::ask;
pub use download::{Download, download, note_download};
pub use remove::remove;
pub use spool::{Columnar, Columns, Spool};
pub use write::Exports;

/// How long a file is kept.
pub const KEPT: Span = Span::days(7);

/// Exports at most that one tenant may have waiting.
pub const MOST_WAITING: i64 = 20;
