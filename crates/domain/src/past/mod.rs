//! What people could do at a past moment, from the records of the log alone: no table of the present is asked.
//!
//! The store reads the records up to the moment, in order; here they become things ([`Thing`]), and things become what
//! somebody held ([`Person::held`]), each permission with the records that gave it. What the records do not say stays unknown:
//! a history with a hole in it is [`Broken`], and whoever asks is told so.

mod person;
mod record;
mod setting;
mod thing;

pub use person::{Past, Person, Reason, Step, StepKind};
pub use record::{Record, Who};
pub use setting::Setting;
pub use thing::{Broken, Origin, Thing, things};

use crate::entity::{CustomRole, Entity, Grant, Team, TeamMember, User};

/// The kinds of things whose records decide what people may do.
pub const KINDS: [&str; 5] = [User::KIND, Grant::KIND, TeamMember::KIND, CustomRole::KIND, Team::KIND];

/// Whether records about things of this kind decide what people may do.
pub fn decides(kind: &str) -> bool {
    KINDS.contains(&kind)
}
