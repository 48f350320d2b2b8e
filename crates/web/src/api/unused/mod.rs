//! Permissions that nobody used for ninety days, and taking them away.

pub(super) mod copy_role;
pub(super) mod narrow_person;
pub(super) mod narrow_role;
pub(super) mod people;
pub(super) mod person;
pub(super) mod role;
pub(super) mod roles;

use bailiwick_domain::{catalogue::Catalogue, permission::PermissionSet, time::Timestamp};
use bailiwick_ops::unused::UseLine;
use serde::{Deserialize, Serialize};

use crate::shell::Visit;

/// A permission with its last use.
#[derive(Serialize)]
struct LineBody {
    name: String,
    /// The day of the last use, its midnight; nothing where none is recorded.
    last_used_on: Option<Timestamp>,
    /// From when on a use would have been noted.
    recorded_from: Option<Timestamp>,
    /// `used`, `unused`, `too_early` or `not_measured`.
    judgement: &'static str,
}

impl LineBody {
    fn of(catalogue: &Catalogue, line: &UseLine) -> Self {
        Self {
            name: catalogue.name(line.permission).to_owned(),
            last_used_on: line.last,
            recorded_from: line.from,
            judgement: line.judgement.name(),
        }
    }
}

/// What is to be taken away, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Narrowing {
    permissions: Vec<String>,
    reason: String,
}

/// The permissions that some route of the running server asks for.
fn measured(visit: &Visit) -> PermissionSet {
    visit.access_table().iter().filter_map(|row| row.need.permission()).collect()
}
