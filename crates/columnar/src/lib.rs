//! Records of the audit log as columns: one Parquet file, compressed with zstd, that analytic databases read as it is.
//!
//! The exact octets of each record stand in the column `event`, its leaf hash in `hash`: whoever has a file can prove every record
//! in it, whatever program they read it with. The other columns say the same once more, for searching.

mod read;
mod schema;
mod write;

pub use read::{Stored, read};
pub use write::{Record, Writer};

/// A fault of the format, as a fault of the file: whoever writes or reads can do nothing else about it.
fn fault(error: impl std::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::other(error)
}
