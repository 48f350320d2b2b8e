use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{ids::InvitationId, ids::UserId, role::RoleName, time::Timestamp};

named! {
    /// What was done with an invitation.
    InvitationState {
        /// Sent, unanswered.
        Open = "open",
        /// The invited person joined.
        Accepted = "accepted",
        /// The invited person does not want to join.
        Declined = "declined",
        /// Taken back.
        Revoked = "revoked",
        /// Not answered in time, and recorded as that. Until the record is made it is [`Open`](Self::Open) with its end behind it.
        Expired = "expired",
    }
}

named! {
    /// What an invitation is at a given moment.
    InvitationStatus {
        /// Waiting for its answer.
        Pending = "pending",
        /// Not answered in time.
        Expired = "expired",
        /// Answered with yes.
        Accepted = "accepted",
        /// Answered with no.
        Declined = "declined",
        /// Taken back.
        Revoked = "revoked",
    }
}

/// An invitation to join a tenant in a role. Its tokens exist only as hashes, in columns of
/// their own, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Invitation {
    /// The invitation's id.
    pub id: InvitationId,
    /// The invited address, lower case.
    pub email: String,
    /// The role the person will have.
    pub role: RoleName,
    /// Who answers for it: whoever invited or sent it again last, for a program the maker of its key; nobody for the server
    /// itself. It can be accepted as long as they could give the role.
    pub invited_by: Option<UserId>,
    /// What was done with it.
    pub state: InvitationState,
    /// How often its letter was written, each time with a link of its own.
    pub sends: i64,
    /// When its letter was last written; what was sent before has no working link any more.
    pub sent_at: Timestamp,
    /// When the person was reminded; the link of the letter before works on.
    pub reminded_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it lapses.
    pub expires_at: Timestamp,
}

impl Invitation {
    /// The status at `now`.
    pub fn status(&self, now: Timestamp) -> InvitationStatus {
        match self.state {
            InvitationState::Accepted => InvitationStatus::Accepted,
            InvitationState::Declined => InvitationStatus::Declined,
            InvitationState::Revoked => InvitationStatus::Revoked,
            InvitationState::Expired => InvitationStatus::Expired,
            InvitationState::Open if now >= self.expires_at => InvitationStatus::Expired,
            InvitationState::Open => InvitationStatus::Pending,
        }
    }
}

impl Entity for Invitation {
    const KIND: &'static str = "invitation";
    const PERSONAL: &'static [&'static str] = &["email"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
