//! One invitation.

use axum::extract::State;
use bailiwick_domain::{ids::InvitationId, rule::ReadInvitations};
use bailiwick_store::{Scope, Store, invitations};

use super::InvitationBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadInvitations>,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
) -> Result<Json<InvitationBody>> {
    let mut view = store.read(&permit).await?;
    let invitation = invitations::find(&mut view, id).await?;
    Ok(Json(InvitationBody::at(view.now(), invitation)))
}
