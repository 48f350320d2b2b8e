//! The things that can change, each with the classification that redaction follows.

mod account;
mod anomaly;
mod api_key;
mod audit_export;
mod audit_hold;
mod audit_log;
mod audit_retention;
mod custom_role;
mod device;
mod document;
mod drill;
mod event;
mod evidence_bundle;
mod intake;
mod integration;
mod invitation;
mod kind;
mod mail;
mod passkey;
pub mod phone;
mod saved_search;
mod secret;
mod step_up;
mod stream;
mod subject_request;
mod team;
mod tenant;
mod tenant_key;
mod user;

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use account::{
    Attempt, AttemptOutcome, Enrolment, Factor, FactorKind, FactorState, Password, PasswordReset,
    RecoveryCodes, Session, SignInMethod,
};
pub use anomaly::{Anomaly, AnomalyKind};
pub use api_key::{ApiKey, ApiKeyStatus, EXPIRING, KeyEnvironment};
pub use audit_export::{AuditExport, ExportFormat, ExportState};
pub use audit_hold::{AuditHold, HoldScope, is_of};
pub use audit_log::{LogEpoch, LogRefusal, RefusalKind};
pub use audit_retention::{
    AlarmKind, AuditAlarm, AuditRestore, AuditRetention, AuditRetirement, RestoreState,
};
pub use custom_role::CustomRole;
pub use device::{Browser, Device, Network, Place, System};
pub use document::{Document, DocumentState, DocumentVersion, DocumentVersionState};
pub use drill::{Drill, DrillKind, DrillOutcome, Probe};
pub use event::{SecurityEvent, Severity, Triage};
pub use evidence_bundle::EvidenceBundle;
pub use intake::{EventRules, EventSchema};
pub use integration::{Integration, IntegrationFault, IntegrationHealth, IntegrationProvider};
pub use invitation::{Invitation, InvitationState, InvitationStatus};
pub use kind::{Kind, Listed};
pub use mail::{Mail, MailChannel, MailFault, MailKind, MailState};
pub use passkey::{Passkey, PasskeyCeremony};
pub use phone::{Phone, PhoneCheck};
pub use saved_search::SavedSearch;
pub use secret::{Secret, SecretStage, SecretUse, SecretVersion};
pub use step_up::{SensitiveAction, StepUp};
pub use stream::{DeadLetter, Stream, StreamFault, StreamFilter, StreamKind, StreamState};
pub use subject_request::{ErasureCertificate, SubjectRequest, SubjectRequestState};
pub use team::{Team, TeamMember};
pub use tenant::{MfaFloor, Policy, Tenant, TenantKind, TenantStatus};
pub use tenant_key::{
    DESTRUCTION_WAITS_DAYS, DestructionState, KeyDestruction, KeySchedule, ROTATION_DAYS, RootMove,
    RootMoveState, SealedFault, TenantKey,
};
pub use user::{Effect, Grant, MfaState, User, UserStatus};

/// Something that changes and whose every change is recorded.
///
/// Its JSON form is the image that the audit log compares before and after. A field holds personal data or a secret only
/// if it is named here, and everything named here is kept out of the hashed bytes.
pub trait Entity: Listed + Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name of the kind in the audit log, in `snake_case`.
    const KIND: &'static str;
    /// Fields with personal data: the log holds a salted commitment, the value lies sealed beside it.
    const PERSONAL: &'static [&'static str] = &[];
    /// Fields that never reach the log in any form.
    const SECRET: &'static [&'static str] = &[];
    /// Fields that also change by the writes that leave no record: what the log says of them is what they were at some record.
    const QUIET: &'static [&'static str] = &[];
    /// The id within the tenant.
    fn entity_id(&self) -> Uuid;
    /// The person whose personal data this is; the entity itself where nobody else is named.
    fn subject(&self) -> Uuid {
        self.entity_id()
    }
}

/// An enum with a stored spelling: one table gives the text, the parser and the serde form.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of its declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The stored spelling.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::entity::UnknownName;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(crate::entity::UnknownName(stringify!($name))) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::entity::UnknownName;
            fn try_from(text: String) -> Result<Self, Self::Error> { text.parse() }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use named;

/// A stored or sent name that is not one of the kind's own; names the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown {0}")]
pub struct UnknownName(pub &'static str);
