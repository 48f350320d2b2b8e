//! Naming a team otherwise.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::TeamId, rule::UpdateTeam};
use bailiwick_ops::teams;
use bailiwick_store::Store;

use super::{create::TeamForm, show::refused_at};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn change(
    Access(permit): Access<UpdateTeam>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    form: Form<TeamForm>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match teams::change(&store, &permit, id, values.into()).await {
            Ok(_) => {
                return Ok(SeeOther::to(&format!("/teams/{id}")).tell(Message::TeamSaved).into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    refused_at(&store, &permit, &visit, id, refused, Some(&form.typed)).await
}
