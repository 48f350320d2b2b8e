//! What people could do at a past moment, from the records of the log alone: no table of the present is asked.
//!
//! The store reads the records up to the moment, in order; here they become things ([`Thing`]), and things become what
//! somebody held ([`Person::held`]), each permission with the records that gave it. What the records do not say stays unknown:
//! a history with a hole in it is [`Broken`], and whoever asks is told so.

mod image;
mod person;
mod record;
mod setting;
mod thing;

pub use image::{Fault, Image, Origin as ValueOrigin, Revised};
pub use person::{Past, Person, Reason, Step, StepKind};
pub use record::{Record, Who};
pub use setting::Setting;
pub use thing::{Broken, History, Origin, Thing, things};

use crate::{
    change::Change,
    entity::{CustomRole, Entity, Grant, Team, TeamMember, User},
};

/// The kinds of things whose records decide what people may do.
pub const KINDS: [&str; 5] = [User::KIND, Grant::KIND, TeamMember::KIND, CustomRole::KIND, Team::KIND];

/// Whether records about things of this kind decide what people may do.
pub fn decides(kind: &str) -> bool {
    KINDS.contains(&kind)
}

/// What a record about such a thing says of rights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says {
    /// Something of what people may do.
    Rights,
    /// What a role or a team is called, and nothing else.
    Name,
    /// Nothing that is told of the past: what a person is called, what a role is for.
    Nothing,
}

impl Says {
    /// What a record with these changes says. Whatever is not known to say less says something of rights.
    pub fn of(kind: &str, changes: &[Change]) -> Self {
        let within = |fields: &[&str]| changes.iter().all(|change| fields.contains(&change.field()));
        match kind {
            User::KIND if within(&["name", "time_zone"]) => Self::Nothing,
            CustomRole::KIND | Team::KIND if within(&["description"]) => Self::Nothing,
            CustomRole::KIND if within(&["label", "description"]) => Self::Name,
            Team::KIND if within(&["name", "description"]) => Self::Name,
            _ => Self::Rights,
        }
    }

    /// The stored spelling.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rights => "rights",
            Self::Name => "name",
            Self::Nothing => "nothing",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::change::difference;

    fn says(kind: &str, before: Option<Value>, after: Value) -> Says {
        Says::of(kind, &difference(before.as_ref(), Some(&after)))
    }

    #[test]
    fn what_only_names_says_nothing_of_rights() {
        let user = |name: &str, role: &str| json!({"id": "9", "name": name, "role": role, "time_zone": null});
        assert_eq!(says("user", Some(user("Una", "auditor")), user("Ina", "auditor")), Says::Nothing);
        assert_eq!(says("user", Some(user("Una", "auditor")), user("Ina", "developer")), Says::Rights);
        assert_eq!(says("user", None, user("Una", "auditor")), Says::Rights);
        let team = |name: &str, text: &str, roles: &[&str]| json!({"id": "9", "name": name, "description": text, "roles": roles});
        let before = || Some(team("Night", "", &["auditor"]));
        assert_eq!(says("team", before(), team("Day", "Who wakes", &["auditor"])), Says::Name);
        assert_eq!(says("team", before(), team("Night", "Who wakes", &["auditor"])), Says::Nothing);
        assert_eq!(says("team", before(), team("Day", "", &[])), Says::Rights);
        let role = |name: &str, label: &str| json!({"id": "9", "name": name, "label": label});
        assert_eq!(says("role", Some(role("custom-a", "A")), role("custom-a", "B")), Says::Name);
        assert_eq!(says("role", Some(role("custom-a", "A")), role("custom-b", "A")), Says::Rights);
        assert_eq!(
            says("grant", Some(json!({"name": "a"})), json!({"name": "b"})),
            Says::Rights,
            "of nothing else"
        );
    }
}
