//! What a tenant asks of its product's events: rules by which values are never stored, and schemas that events have to fit.

mod attempt;
mod rules;
mod schemas;

pub use attempt::{Tried, attempt};
pub use rules::{NewRules, set_rules};
pub use schemas::{MOST_SCHEMAS, NewSchema, change_schema, register_schema, remove_schema};
