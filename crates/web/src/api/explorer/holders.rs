//! Everybody whom something gives a permission, now or at a past moment.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, role::RoleName, rule::ReadRoles, time::Timestamp};
use bailiwick_ops::explorer::{self, Asked, Holder};
use bailiwick_store::{Store, holders::Via};
use serde::{Deserialize, Serialize};

use super::{ReasonBody, moment};
use crate::{
    access::Access,
    api::cursor,
    error::{Error, Result},
    forms::{Json, Query},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Parameters {
    permission: Option<String>,
    at: Option<String>,
    via: Option<String>,
    state: Option<String>,
    cursor: Option<String>,
}

/// A page of them, in the order in which they joined. It may hold nobody and still have a page behind it.
#[derive(Serialize)]
pub(in crate::api) struct HoldersBody {
    items: Vec<HolderBody>,
    next: Option<UserId>,
    looked_at: usize,
    /// Of how many of them the log does not tell.
    unclear: usize,
    /// Whether everything about roles and teams could be read.
    complete: bool,
    /// When the log begins to tell, for a past moment.
    begins: Option<Timestamp>,
}

#[derive(Serialize)]
struct HolderBody {
    id: UserId,
    name: Option<String>,
    role: RoleName,
    /// `able`, `denied` or `disabled`.
    state: &'static str,
    reasons: Vec<ReasonBody>,
    denial: Option<ReasonBody>,
}

impl From<Holder> for HolderBody {
    fn from(holder: Holder) -> Self {
        Self {
            id: holder.user,
            name: holder.name,
            role: holder.role,
            state: holder.state.name(),
            reasons: holder.reasons.iter().map(ReasonBody::from).collect(),
            denial: holder.denial.as_ref().map(ReasonBody::from),
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
) -> Result<Json<HoldersBody>> {
    let via = parameters.via.as_deref().map(|text| {
        let found = Via::ALL.into_iter().find(|via| via.name() == text);
        found.ok_or(Error::BadRequest("`via` is one of role, team, grant."))
    });
    let state = parameters.state.as_deref().map(|text| {
        let found = explorer::State::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or(Error::BadRequest("`state` is one of able, denied, disabled."))
    });
    let asked = Asked {
        permission: parameters.permission.ok_or(Error::BadRequest("`permission` names the permission."))?,
        at: moment(parameters.at.as_deref())?,
        via: via.transpose()?,
        state: state.transpose()?,
        after: cursor::read(parameters.cursor.as_deref())?,
    };
    let found = explorer::who_can(&store, &permit, &asked).await?;
    Ok(Json(HoldersBody {
        items: found.items.into_iter().map(HolderBody::from).collect(),
        next: found.next,
        looked_at: found.looked_at,
        unclear: found.unclear,
        complete: found.complete,
        begins: found.begins,
    }))
}
