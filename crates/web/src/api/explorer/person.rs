//! Everything that something gives one person, now or at a past moment.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, role::RoleName, rule::ReadRoles, time::Timestamp};
use bailiwick_ops::explorer::{self, Line};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::{ReasonBody, moment};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json, Query},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    at: Option<String>,
}

#[derive(Serialize)]
pub(in crate::api) struct StandingBody {
    id: UserId,
    name: Option<String>,
    /// Nothing where they were not there, or where it is not known.
    role: Option<RoleName>,
    active: Option<bool>,
    permissions: Vec<LineBody>,
    /// Whether the records about them could be relied on.
    clear: bool,
    /// Roles of theirs of which the log does not tell what they held.
    unknown: Vec<RoleName>,
    complete: bool,
    begins: Option<Timestamp>,
}

#[derive(Serialize)]
struct LineBody {
    name: String,
    state: &'static str,
    reasons: Vec<ReasonBody>,
    denial: Option<ReasonBody>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<StandingBody>> {
    let at = moment(parameters.at.as_deref())?;
    let found = explorer::what_can(&store, &permit, id, at).await?;
    let line = |line: &Line| LineBody {
        name: store.catalogue().name(line.permission).to_owned(),
        state: line.state.name(),
        reasons: line.reasons.iter().map(ReasonBody::from).collect(),
        denial: line.denial.as_ref().map(ReasonBody::from),
    };
    Ok(Json(StandingBody {
        id,
        permissions: found.lines.iter().map(line).collect(),
        name: found.name,
        role: found.role.map(|(role, _)| role),
        active: found.role.map(|(_, active)| active),
        clear: found.clear,
        unknown: found.unknown,
        complete: found.complete,
        begins: found.begins,
    }))
}
