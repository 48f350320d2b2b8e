//! Giving a team a role and taking it away.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::TeamId, role::RoleName, rule::GiveTeamRole};
use bailiwick_ops::teams;
use bailiwick_store::Store;
use serde::Deserialize;

use super::show::refused_at;
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
    refused_at(&store, &permit, &visit, id, refused, Some(&form.typed)).await
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
    refused_at(&store, &permit, &visit, id, refused, None).await
}

fn back(id: TeamId) -> Response {
    SeeOther::to(&format!("/teams/{id}")).tell(Message::TeamRolesChanged).into_response()
}
