//! One invitation.

use axum::extract::State;
use bailiwick_domain::{ids::InvitationId, rule::ReadInvitations};
use bailiwick_store::{Scope, Store, invitations};

use super::InvitationBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadInvitations>,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
) -> Result<Versioned<InvitationBody>> {
    let mut view = store.read(&permit).await?;
    let invitation = invitations::find(&mut view, id).await?;
    let now = view.now();
    Versioned::of(&mut view, &invitation.clone(), || InvitationBody::at(now, invitation)).await
}
