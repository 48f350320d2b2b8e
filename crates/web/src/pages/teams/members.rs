//! Taking people into a team and out of it.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{
    ids::{TeamId, UserId},
    rule::UpdateTeam,
};
use bailiwick_ops::teams;
use bailiwick_store::{Permit, Store, users};
use serde::Deserialize;

use super::show::refused_at;
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id, Pair, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemberForm {
    address: String,
}

pub(super) async fn add(
    Access(permit): Access<UpdateTeam>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    form: Form<MemberForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match find(&store, &permit, id, &values.address).await? {
            None => Refused::unread(vec![Problem::new("address", "Nobody here has this address.")], &[]),
            Some(user) => match teams::add_member(&store, &permit, id, user).await {
                Ok(_) => return Ok(back(id)),
                Err(error) => Refused::by(error, &[])?,
            },
        },
    };
    refused_at(&store, &permit, &visit, id, refused, Some(&form.typed)).await
}

pub(super) async fn remove(
    Access(permit): Access<UpdateTeam>,
    visit: Visit,
    State(store): State<Store>,
    Pair(id, user): Pair<TeamId, UserId>,
) -> Result<Response> {
    let refused = match teams::remove_member(&store, &permit, id, user).await {
        Ok(()) => return Ok(back(id)),
        Err(error) => Refused::by(error, &[])?,
    };
    refused_at(&store, &permit, &visit, id, refused, None).await
}

/// The person with this address, where the team is there.
async fn find(
    store: &Store,
    permit: &Permit<UpdateTeam>,
    id: TeamId,
    address: &str,
) -> Result<Option<UserId>> {
    let mut view = store.read(permit).await?;
    bailiwick_store::teams::find(&mut view, id).await?;
    let found = users::by_email(&mut view, &address.trim().to_ascii_lowercase()).await?;
    Ok(found.map(|user| user.id))
}

fn back(id: TeamId) -> Response {
    SeeOther::to(&format!("/teams/{id}")).tell(Message::TeamMembersChanged).into_response()
}
