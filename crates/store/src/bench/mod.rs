//! What `bench/` measures against, behind the feature `bench`: the same rows written as [bare](Bare) SQL, many events in
//! one [transaction](append), stored events [read](stored) back as they are, and what recording left behind [in pieces](pieces()), to be
//! written once more without it; and [keys] by the thousand.
//!
//! It is here because SQL is confined to this crate. No other crate turns the feature on, and a shipped program has none
//! of it.

mod bare;
mod found_by;
pub mod keys;
mod load;
mod pieces;
mod recorded;
mod stored;

pub use bare::{Bare, Flip, Rows, Sizes};
pub use load::{append, write};
pub use pieces::{Piece, pieces};
pub use stored::{Log, StoredRow, octets, sizes, stored, version};

pub use crate::audit::Made;
