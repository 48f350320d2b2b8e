//! Who can do what, and why.

pub(super) mod holders;
pub(super) mod person;

use bailiwick_domain::{
    ids::{EventId, GrantId, TeamId},
    past::{Reason, Step},
    permission::Source,
    role::RoleName,
    time::Timestamp,
};
use serde::Serialize;
use uuid::Uuid;

use crate::error::Error;

/// Why somebody has a permission, or what takes it from them.
#[derive(Serialize)]
pub(super) struct ReasonBody {
    /// `role`, `team`, `grant`, or `denial`.
    through: &'static str,
    role: Option<RoleName>,
    team: Option<TeamId>,
    grant: Option<GrantId>,
    /// When the last of the records behind it was made; nothing for whoever may not read the log.
    since: Option<Timestamp>,
    records: Vec<RecordBody>,
}

/// A record of the log behind a reason.
#[derive(Serialize)]
struct RecordBody {
    what: &'static str,
    event: EventId,
    at: Timestamp,
    actor_kind: String,
    actor_id: Option<Uuid>,
}

impl From<&Reason> for ReasonBody {
    fn from(reason: &Reason) -> Self {
        let (through, role, team, grant) = match reason.source {
            Some(Source::Role(role)) => ("role", Some(role), None, None),
            Some(Source::Team { team, role }) => ("team", Some(role), Some(team), None),
            Some(Source::Grant(grant)) => ("grant", None, None, Some(grant)),
            None => ("denial", None, None, None),
        };
        let record = |step: &Step| RecordBody {
            what: step.kind.name(),
            event: step.origin.event,
            at: step.origin.at,
            actor_kind: step.origin.who.kind.clone(),
            actor_id: step.origin.who.id,
        };
        Self {
            through,
            role,
            team,
            grant,
            since: reason.since().map(|step| step.origin.at),
            records: reason.steps.iter().map(record).collect(),
        }
    }
}

/// A moment, as programs write one.
fn moment(text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    text.map(Timestamp::parse)
        .transpose()
        .map_err(|_| Error::BadRequest("`at` is neither a date nor an instant in UTC."))
}
