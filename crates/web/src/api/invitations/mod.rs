//! Invitations.

pub(super) mod accept;
pub(super) mod create;
pub(super) mod create_many;
pub(super) mod decline;
pub(super) mod list;
pub(super) mod look;
pub(super) mod passkey;
pub(super) mod resend;
pub(super) mod revoke;
pub(super) mod show;

use bailiwick_domain::{
    entity::{Invitation, InvitationStatus},
    ids::{InvitationId, UserId},
    role::RoleName,
    rule::SignIn,
    time::Timestamp,
};
use bailiwick_store::Permit;
use bailiwick_vault::token::InvitationToken;
use serde::Serialize;

use crate::{
    error::Result,
    pages::join::{DEAD, refused, signed_out},
};

/// An invitation as the API shows it; its link went to the mailbox alone.
#[derive(Serialize)]
pub(super) struct InvitationBody {
    id: InvitationId,
    email: String,
    role: RoleName,
    status: InvitationStatus,
    invited_by: Option<UserId>,
    sends: i64,
    sent_at: Timestamp,
    reminded_at: Option<Timestamp>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl InvitationBody {
    fn at(now: Timestamp, invitation: Invitation) -> Self {
        Self {
            status: invitation.status(now),
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            sends: invitation.sends,
            sent_at: invitation.sent_at,
            reminded_at: invitation.reminded_at,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// The token of the letter's link, given by whoever is nobody yet: otherwise one person would join while another is signed in.
fn link(permit: &Permit<SignIn>, token: &str) -> Result<InvitationToken> {
    signed_out(permit)?;
    InvitationToken::parse(token).map_err(|_| DEAD)
}
