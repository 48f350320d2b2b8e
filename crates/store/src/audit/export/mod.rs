//! Exports of the log: what was asked for, how far the writing has come, and the records with their proofs.
//!
//! The file itself lies outside the database, in the spool folder of the server; see `ops::exports`.

mod progress;
mod read;
mod selection;
mod table;

pub use progress::{Progress, advance, begin, tenants_with_work, work};
pub use read::{Chunk, Exported, Proofs, READ_AT_ONCE, chunk};
pub use selection::{ERASED, Selection};
pub(in crate::audit) use table::after;
pub use table::{Listed, find, insert, list, lock, replace, waiting};
