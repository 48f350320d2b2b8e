//! Passwords that others know already: lists in the program, and one that the operator brings.

mod known;
mod list;
mod ranked;

pub(super) use known::is_well_known;
pub use list::{CompromisedList, ListError};
