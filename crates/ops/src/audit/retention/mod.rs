//! How long records stay in the database, and taking what is over.

mod change;
mod take;

pub use change::{UNKNOWN, is_known, set};
pub use take::Retention;
