//! Giving a team a role and taking it away.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::TeamId, role::RoleName, rule::GiveTeamRole};
use bailiwick_ops::teams;
use bailiwick_store::Store;
use serde::Deserialize;

use super::show::{Place, TeamPage};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id, Pair},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleForm {
    role: String,
}

pub(super) async fn give(
    Access(permit): Access<GiveTeamRole>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    form: Form<RoleForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match teams::give_role(&store, &permit, id, &values.role).await {
            Ok(_) => return Ok(back(id)),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    let page = TeamPage::read(&store, &permit, &visit, id, &Place::default()).await?;
    Ok((refused.status, page.again(&form.typed, refused.problems)).into_response())
}

pub(super) async fn take(
    Access(permit): Access<GiveTeamRole>,
    visit: Visit,
    State(store): State<Store>,
    Pair(id, role): Pair<TeamId, RoleName>,
) -> Result<Response> {
    let refused = match teams::take_role(&store, &permit, id, role.name()).await {
        Ok(_) => return Ok(back(id)),
        Err(error) => Refused::by(error, &[])?,
    };
    let mut page = TeamPage::read(&store, &permit, &visit, id, &Place::default()).await?;
    page.refused(refused.problems);
    Ok((refused.status, page).into_response())
}

fn back(id: TeamId) -> Response {
    SeeOther::to(&format!("/teams/{id}")).tell(Message::TeamRolesChanged).into_response()
}
