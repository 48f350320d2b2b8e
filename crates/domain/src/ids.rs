//! Typed identifiers: a `UserId` cannot stand where an `ApiKeyId` is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{clock::Entropy, time::Timestamp};

/// The text was not a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct BadId;

/// A UUIDv7 (RFC 9562 §5.7): milliseconds first, so that ids made later sort later.
pub fn uuid_v7(now: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0_u8; 10];
    entropy.fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh time-ordered id.
            pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self { Self(uuid_v7(now, entropy)) }
            /// The id with these sixteen octets.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self { Self(Uuid::from_bytes(bytes)) }
            /// The id as a plain UUID, for storage.
            pub const fn uuid(self) -> Uuid { self.0 }
            /// The sixteen octets of the id.
            pub const fn bytes(self) -> [u8; 16] { self.0.into_bytes() }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self { Self(id) }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!(stringify!($name), "({})"), self.0) }
        }

        impl FromStr for $name {
            type Err = BadId;
            /// Accepts the hyphenated form only, so that one id has one spelling in a URL.
            fn from_str(text: &str) -> Result<Self, BadId> {
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id)),
                    _ => Err(BadId),
                }
            }
        }
    )* };
}

ids! {
    /// A customer organisation, or the platform itself.
    TenantId,
    /// A person within one tenant.
    UserId,
    /// A signed-in browser.
    SessionId,
    /// An invitation to join a tenant.
    InvitationId,
    /// An API key; not the key itself.
    ApiKeyId,
    /// A second factor of a user.
    FactorId,
    /// A record of the audit log.
    EventId,
    /// How the product's events of one action have to look.
    EventSchemaId,
    /// One HTTP request or one run of a job.
    RequestId,
    /// An event raised for a person to look at.
    SecurityEventId,
    /// An explicit grant or denial of one permission to one user.
    GrantId,
    /// A role that a tenant made.
    CustomRoleId,
    /// A team of a tenant.
    TeamId,
    /// A person's membership of a team.
    TeamMemberId,
    /// One attempt to sign in, successful or not.
    AttemptId,
    /// A one-time enrolment link.
    EnrolmentId,
    /// A one-time link that replaces a forgotten password.
    PasswordResetId,
    /// A letter to somebody.
    MailId,
    /// A one-time code that was asked for a sensitive change.
    StepUpId,
    /// The registration of a passkey that waits for its authenticator.
    CeremonyId,
    /// A phone number that waits for its codes.
    PhoneCheckId,
    /// That a log was not signed or not cosigned.
    LogRefusalId,
    /// A further epoch of a log.
    LogEpochId,
    /// A search of the audit log that somebody keeps.
    SavedSearchId,
    /// An evidence bundle that was made.
    EvidenceBundleId,
    /// A legal hold.
    AuditHoldId,
    /// A request about everything that is kept of a person.
    SubjectRequestId,
    /// A tamper drill on a copy of the audit log.
    DrillId,
    /// A note that somebody did something unusual.
    AnomalyId,
    /// A stream of audit records to another system.
    StreamId,
    /// An export of the audit log.
    AuditExportId,
    /// Records that the retention took.
    AuditRetirementId,
    /// A segment of the archive that was asked back.
    AuditRestoreId,
    /// An alarm about the keeping of the logs.
    AuditAlarmId,
    /// A service of others that the organisation uses.
    IntegrationId,
    /// A secret that is kept for the product.
    SecretId,
    /// A version of an organisation's encryption key; not the key itself.
    TenantKeyId,
    /// A destruction of encryption keys that was asked for.
    KeyDestructionId,
    /// A move from one root key to another.
    RootMoveId,
    /// That a sealed value could not be opened.
    SealedFaultId,
    /// A document.
    DocumentId,
    /// A version of a document; of one that is being uploaded, too.
    DocumentVersionId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let id = "0193a7c2-7b1e-7000-8000-000000000001";
        assert_eq!(UserId::from_str(id).map(|id| id.to_string()), Ok(id.to_owned()));
        for other in [
            "0193a7c27b1e70008000000000000001",
            "{0193a7c2-7b1e-7000-8000-000000000001}",
            "",
            "1",
            "urn:uuid:x",
        ] {
            assert_eq!(UserId::from_str(other), Err(BadId), "{other}");
        }
    }
}
