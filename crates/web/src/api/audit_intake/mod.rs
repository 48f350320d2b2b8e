//! What the organisation asks of its product's events.

pub(super) mod attempt;
pub(super) mod schemas;
pub(super) mod set;
pub(super) mod show;
