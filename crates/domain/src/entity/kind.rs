//! The one list of the kinds of things that change. Whatever holds for every kind is written as a `match` over it, so that a new
//! kind does not compile before everything is said of it.

use super::{
    Anomaly, ApiKey, Attempt, AuditAlarm, AuditExport, AuditHold, AuditRestore, AuditRetention,
    AuditRetirement, CustomRole, DeadLetter, Document, DocumentVersion, Drill, Enrolment, Entity,
    ErasureCertificate, EventRules, EventSchema, EvidenceBundle, Factor, Grant, Integration,
    IntegrationHealth, Invitation, KeyDestruction, KeySchedule, LogEpoch, LogRefusal, Mail, Passkey,
    PasskeyCeremony, Password, PasswordReset, Phone, PhoneCheck, Policy, RecoveryCodes, RootMove,
    SavedSearch, SealedFault, Secret, SecretUse, SecurityEvent, Session, StepUp, Stream, SubjectRequest,
    Team, TeamMember, Tenant, TenantKey, User,
};

/// A type that stands in the list of kinds: every [`Entity`] has to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is missing in the list of kinds",
    note = "add it to `kinds!` in crates/domain/src/entity/kind.rs"
)]
pub trait Listed {
    /// Its place in the list.
    const LISTED: Kind;
}

macro_rules! kinds {
    ($($name:ident),+ $(,)?) => {
        /// A kind of thing that changes and whose every change is recorded.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind { $(
            #[doc = concat!("[`", stringify!($name), "`](super::", stringify!($name), ").")]
            $name
        ),+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name of the kind in the audit log.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => <$name as Entity>::KIND),+ }
            }

            /// Fields with personal data.
            pub const fn personal(self) -> &'static [&'static str] {
                match self { $(Self::$name => <$name as Entity>::PERSONAL),+ }
            }

            /// Fields that never reach the log.
            pub const fn secret(self) -> &'static [&'static str] {
                match self { $(Self::$name => <$name as Entity>::SECRET),+ }
            }

            /// Fields that also change without a record.
            pub const fn quiet(self) -> &'static [&'static str] {
                match self { $(Self::$name => <$name as Entity>::QUIET),+ }
            }
        }

        $(impl Listed for $name { const LISTED: Kind = Kind::$name; })+
    };
}

kinds! {
    Anomaly,
    ApiKey,
    Attempt,
    AuditAlarm,
    AuditExport,
    AuditHold,
    AuditRestore,
    AuditRetention,
    AuditRetirement,
    CustomRole,
    DeadLetter,
    Document,
    DocumentVersion,
    Drill,
    Enrolment,
    ErasureCertificate,
    EventRules,
    EventSchema,
    EvidenceBundle,
    Factor,
    Grant,
    Integration,
    IntegrationHealth,
    Invitation,
    KeyDestruction,
    KeySchedule,
    LogEpoch,
    LogRefusal,
    Mail,
    Passkey,
    PasskeyCeremony,
    Password,
    PasswordReset,
    Phone,
    PhoneCheck,
    Policy,
    RecoveryCodes,
    RootMove,
    SavedSearch,
    SealedFault,
    Secret,
    SecretUse,
    SecurityEvent,
    Session,
    StepUp,
    Stream,
    SubjectRequest,
    Team,
    TeamMember,
    Tenant,
    TenantKey,
    User,
}

impl Kind {
    /// The kind of this name; nothing for things of the guarded product, and for requests.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_by_no_other() {
        for kind in Kind::ALL {
            assert_eq!(Kind::find(kind.name()), Some(*kind));
        }
        assert_eq!((Kind::find("request"), Kind::find("app.plan")), (None, None));
        assert_eq!(<User as Listed>::LISTED, Kind::User);
    }

    #[test]
    fn no_field_is_of_two_sorts() {
        for kind in Kind::ALL {
            for field in kind.secret() {
                assert!(!kind.personal().contains(field) && !kind.quiet().contains(field), "{field}");
            }
        }
    }
}
