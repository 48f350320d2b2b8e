//! Sending an invitation again.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::InvitationId, rule::ResendInvitation};
use bailiwick_ops::invitations;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<ResendInvitation>,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
    _: NoBody,
) -> Result<StatusCode> {
    invitations::resend(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
