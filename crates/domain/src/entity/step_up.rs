use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{SessionId, StepUpId, TenantId, UserId},
    time::Timestamp,
};

named! {
    /// What takes a one-time code first, whatever the actor's role: a closed list.
    SensitiveAction {
        /// An organisation is no longer served.
        TenantSuspension = "tenant_suspension",
        /// Somebody loses their second factors.
        FactorReset = "factor_reset",
        /// Somebody's account and personal data are gone for good.
        UserDeletion = "user_deletion",
        /// Something can be erased no longer.
        HoldPlacement = "hold_placement",
        /// Something can be erased again.
        HoldLifting = "hold_lifting",
        /// Everything that is kept of a person is gone for good.
        PersonErasure = "person_erasure",
        /// The audit log is sent to a place where it was not sent before.
        StreamPlace = "stream_place",
        /// What is sent there is signed with another secret.
        StreamSecret = "stream_secret",
        /// Records of a class go earlier, or later, than before.
        RetentionChange = "retention_change",
        /// Another version of a secret is used from then on.
        SecretRotation = "secret_rotation",
        /// A secret is gone for good.
        SecretDeletion = "secret_deletion",
        /// Another key takes the place of one, with the same scopes.
        ApiKeyRotation = "api_key_rotation",
        /// What is sealed from now on is sealed under another key.
        KeyRotation = "key_rotation",
        /// What is sealed under a key can be opened by nobody any more.
        KeyDestruction = "key_destruction",
        /// A document is gone for good, with all its versions.
        DocumentDeletion = "document_deletion",
    }
}

impl SensitiveAction {
    /// The action as people read it, before the name of what it is done to.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TenantSuspension => "Suspend the organisation",
            Self::FactorReset => "Remove the second factors of",
            Self::UserDeletion => "Delete the account of",
            Self::HoldPlacement => "Place a legal hold on",
            Self::HoldLifting => "Lift the legal hold on",
            Self::PersonErasure => "Erase what is kept of",
            Self::StreamPlace => "Send the audit log by the stream",
            Self::StreamSecret => "Make another signing secret for the stream",
            Self::RetentionChange => "Change how long the log keeps",
            Self::SecretRotation => "Rotate the secret",
            Self::SecretDeletion => "Delete the secret",
            Self::ApiKeyRotation => "Replace the API key",
            Self::KeyRotation => "Rotate the encryption key of",
            Self::KeyDestruction => "Destroy the encryption key",
            Self::DocumentDeletion => "Delete the document",
        }
    }
}

/// A one-time code that was asked for: for one person, one session and one change. The code exists only as a keyed hash,
/// outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StepUp {
    /// The request's id.
    pub id: StepUpId,
    /// Who asked.
    pub user: UserId,
    /// In which session; the code is good in no other.
    pub session: SessionId,
    /// What is to be done.
    pub action: SensitiveAction,
    /// The tenant in which it is to be done; for the platform's people another one than their own.
    pub target: TenantId,
    /// The kind of the thing that it is done to.
    pub entity_type: String,
    /// Its id.
    pub entity_id: Uuid,
    /// The digest of the change, 64 lower-case hexadecimal digits.
    pub digest: String,
    /// Wrong answers that are still taken.
    pub tries_left: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the code ceases to work.
    pub expires_at: Timestamp,
    /// When the code was given back.
    pub used_at: Option<Timestamp>,
}

impl StepUp {
    /// Whether an answer is still looked at.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && self.tries_left > 0 && now < self.expires_at
    }
}

impl Entity for StepUp {
    const KIND: &'static str = "step_up";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
