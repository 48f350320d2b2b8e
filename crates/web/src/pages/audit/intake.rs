//! What the organisation asks of its product's events: what is never stored, and how they have to look.

pub(super) mod attempt;
pub(super) mod register;
pub(super) mod remove;
pub(super) mod schema;
pub(super) mod set;
pub(super) mod show;
