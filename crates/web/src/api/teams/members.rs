//! The members of a team, those who joined it last first.

use axum::extract::State;
use bailiwick_domain::{
    ids::{TeamId, UserId},
    rule::ReadTeams,
    time::Timestamp,
};
use bailiwick_store::{Store, teams};
use serde::Serialize;

use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct MemberBody {
    user: UserId,
    name: String,
    since: Timestamp,
}

impl From<teams::Member> for MemberBody {
    fn from(one: teams::Member) -> Self {
        Self { user: one.user.id, name: one.user.name, since: one.member.created_at }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadTeams>,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    After(after): After,
) -> Result<Json<List<MemberBody>>> {
    let mut view = store.read(&permit).await?;
    teams::find(&mut view, id).await?;
    Ok(List::page(teams::members(&mut view, id, after).await?, MemberBody::from))
}
