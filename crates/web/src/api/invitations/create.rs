//! Inviting somebody.

use axum::extract::State;
use bailiwick_domain::{rule::Invite, time::Timestamp};
use bailiwick_ops::invitations;
use bailiwick_store::Store;
use serde::Deserialize;

use super::InvitationBody;
use crate::{access::Access, api::Created, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewInvitation {
    email: String,
    role: String,
    /// As the policy says, if not given.
    expires_at: Option<Timestamp>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<Invite>,
    State(store): State<Store>,
    Json(new): Json<NewInvitation>,
) -> Result<Created<InvitationBody>> {
    let new = invitations::NewInvitation { email: new.email, role: new.role, expires_at: new.expires_at };
    let invitation = invitations::create(&store, &permit, new).await?;
    Ok(Created {
        location: format!("/v1/invitations/{}", invitation.id),
        body: InvitationBody::at(invitation.created_at, invitation),
    })
}
