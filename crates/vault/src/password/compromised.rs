//! Passwords that others know already: a small list in the program, and one that the operator brings.

mod known;
mod list;

pub(super) use known::is_well_known;
pub use list::{CompromisedList, ListError};
