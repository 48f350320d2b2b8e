//! Bringing a segment of the archive back for a time, so that its records can be searched.

mod ask;
mod end;

pub use ask::ask;
pub use end::{Restores, end};

/// For how many days at most.
pub const MOST_DAYS: i64 = 90;
/// Segments at most that one tenant may have back, or under way, at a time.
pub const MOST_OPEN: i64 = 50;
