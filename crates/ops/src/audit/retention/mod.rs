//! How long records stay in the database, and taking what is over.

mod change;
mod take;

pub use change::set;
pub use take::Retention;
