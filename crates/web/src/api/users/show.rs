//! One user, with what they may do and why.

use axum::extract::State;
use bailiwick_domain::{
    ids::{TeamId, UserId},
    permission::Permission,
    role::RoleName,
    rule::ReadUsers,
};
use bailiwick_ops::users::permissions_of;
use bailiwick_store::{Store, grants, teams, users};
use serde::Serialize;

use super::UserBody;
use crate::{
    access::Access,
    api::grants::GrantBody,
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    user: UserBody,
    /// What departs from the role.
    grants: Vec<GrantBody>,
    /// The teams that they are in; empty for whoever may not read teams.
    teams: Vec<InTeam>,
    /// What role, teams and grants amount to, by name.
    permissions: Vec<String>,
}

#[derive(Serialize)]
struct InTeam {
    id: TeamId,
    name: String,
    roles: Vec<RoleName>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadUsers>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<Json<Body>> {
    let mut view = store.read(&permit).await?;
    let listed = users::find_listed(&mut view, id).await?;
    let held = permissions_of(&store, &mut view, &listed.user).await?;
    let grants = grants::of_user(&mut view, id).await?;
    let teams =
        if permit.may(Permission::TEAM_READ) { teams::of_user(&mut view, id).await? } else { Vec::new() };
    Ok(Json(Body {
        teams: teams
            .into_iter()
            .map(|team| InTeam { id: team.id, name: team.name, roles: team.roles })
            .collect(),
        user: listed.into(),
        grants: grants.into_iter().map(GrantBody::from).collect(),
        permissions: store.catalogue().names(held).into_iter().map(str::to_owned).collect(),
    }))
}
