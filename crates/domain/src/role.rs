//! The built-in roles: named sets of permissions, in tenants and on the platform.

mod name;

use std::{fmt, str::FromStr};

pub use name::{CustomName, RoleName};
use serde::{Deserialize, Serialize};

use crate::permission::{Permission, PermissionSet};

/// A built-in role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The administrator of a customer organisation.
    TenantOwner,
    /// Runs the organisation's daily work.
    OperationsManager,
    /// Manages plans, claims and billing.
    PlanManager,
    /// Coordinates supports for participants.
    SupportCoordinator,
    /// Reads and verifies, changes nothing.
    Auditor,
    /// Connects other systems.
    Developer,
    /// The administrator of the platform.
    PlatformOwner,
    /// Operates the platform.
    PlatformOperator,
    /// Answers customers' questions.
    PlatformSupport,
}

/// The text names no built-in role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct UnknownRole;

impl Role {
    /// Every built-in role, tenants' first, the widest of each first.
    pub const ALL: [Self; 9] = [
        Self::TenantOwner,
        Self::OperationsManager,
        Self::PlanManager,
        Self::SupportCoordinator,
        Self::Auditor,
        Self::Developer,
        Self::PlatformOwner,
        Self::PlatformOperator,
        Self::PlatformSupport,
    ];

    /// The name in storage, URLs and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TenantOwner => "tenant_owner",
            Self::OperationsManager => "operations_manager",
            Self::PlanManager => "plan_manager",
            Self::SupportCoordinator => "support_coordinator",
            Self::Auditor => "auditor",
            Self::Developer => "developer",
            Self::PlatformOwner => "platform_owner",
            Self::PlatformOperator => "platform_operator",
            Self::PlatformSupport => "platform_support",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TenantOwner => "Tenant Owner",
            Self::OperationsManager => "Operations Manager",
            Self::PlanManager => "Plan Manager",
            Self::SupportCoordinator => "Support Coordinator",
            Self::Auditor => "Auditor",
            Self::Developer => "Developer",
            Self::PlatformOwner => "Platform Owner",
            Self::PlatformOperator => "Platform Operator",
            Self::PlatformSupport => "Platform Support",
        }
    }

    /// What its holder is there for, as one sentence.
    pub const fn description(self) -> &'static str {
        match self {
            Self::TenantOwner => "Holds every permission within the organisation.",
            Self::OperationsManager => {
                "Runs the daily work: people, teams, sites and everything plan managers and coordinators do."
            }
            Self::PlanManager => "Manages plans, claims and billing.",
            Self::SupportCoordinator => "Looks after participants, their rosters and their documents.",
            Self::Auditor => {
                "Reads the organisation's security records, verifies and exports the audit log, and changes nothing."
            }
            Self::Developer => "Connects other systems: integrations, their secrets and API keys.",
            Self::PlatformOwner => {
                "Holds every platform permission and administers the platform's own people."
            }
            Self::PlatformOperator => "Operates the platform: organisations, regions, jobs and incidents.",
            Self::PlatformSupport => {
                "Sees organisations, regions and health to answer customers; changes nothing."
            }
        }
    }

    /// Whether the role exists in the platform tenant (and only there) or in customers' tenants.
    pub const fn platform(self) -> bool {
        matches!(self, Self::PlatformOwner | Self::PlatformOperator | Self::PlatformSupport)
    }

    /// The built-in permissions of the role as a list, or all within its own kind of tenant.
    pub(crate) const fn holds(self) -> Holds {
        match self {
            Self::TenantOwner => Holds::EveryTenantPermission,
            Self::OperationsManager => Holds::These(OPERATIONS_MANAGER),
            Self::PlanManager | Self::SupportCoordinator => Holds::These(PAPERWORK),
            Self::Auditor => Holds::These(AUDITOR),
            Self::Developer => Holds::These(DEVELOPER),
            Self::PlatformOwner => Holds::EveryPlatformPermissionAnd(PLATFORM_OWNER),
            Self::PlatformOperator => Holds::These(PLATFORM_OPERATOR),
            Self::PlatformSupport => Holds::These(PLATFORM_SUPPORT),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.name() == name).ok_or(UnknownRole)
    }
}

/// What a role holds before packs add to it.
pub(crate) enum Holds {
    /// Everything that is not a platform permission, packs' included.
    EveryTenantPermission,
    /// Every platform permission, and what administering the platform's own tenant takes.
    EveryPlatformPermissionAnd(PermissionSet),
    /// Exactly these.
    These(PermissionSet),
}

type P = Permission;

/// What everybody needs who works in the product all day.
const EVERYDAY: PermissionSet = PermissionSet::of(&[P::TEAM_READ, P::REGISTER_READ]);

/// The same for whoever looks after customers and their documents.
const PAPERWORK: PermissionSet = EVERYDAY.union(PermissionSet::of(&[P::DOCUMENT_READ, P::DOCUMENT_WRITE]));

/// Neither roles, grants, keys, policy nor the audit log: running the work is not administering its security. Nor a
/// user's address, because whoever changes an address receives the links sent to it.
const OPERATIONS_MANAGER: PermissionSet = PAPERWORK.union(PermissionSet::of(&[
    P::USER_READ,
    P::USER_DISABLE,
    P::USER_UNLOCK,
    P::INVITATION_READ,
    P::INVITATION_CREATE,
    P::INVITATION_REVOKE,
    P::INVITATION_RESEND,
    P::MAIL_READ,
    P::ROLE_READ,
    P::TEAM_UPDATE,
    P::SESSION_READ,
    P::FACTOR_READ,
    P::API_KEY_READ,
    P::INTEGRATION_READ,
    P::DOCUMENT_STORE_READ,
    P::SECURITY_EVENT_READ,
    P::POSTURE_READ,
    P::POLICY_READ,
    P::QUESTIONNAIRE_READ,
    P::ORGANISATION_UPDATE,
    P::SITE_UPDATE,
    P::RESIDENCY_READ,
]));

const AUDITOR: PermissionSet = EVERYDAY.union(PermissionSet::of(&[
    P::USER_READ,
    P::INVITATION_READ,
    P::MAIL_READ,
    P::ROLE_READ,
    P::SESSION_READ,
    P::FACTOR_READ,
    P::API_KEY_READ,
    P::SIGN_ON_READ,
    P::SECRET_READ,
    P::INTEGRATION_READ,
    P::DOCUMENT_STORE_READ,
    P::KEY_READ,
    P::AUDIT_READ,
    P::AUDIT_EXPORT,
    P::AUDIT_VERIFY,
    P::SECURITY_EVENT_READ,
    P::DETECTION_READ,
    P::POSTURE_READ,
    P::POLICY_READ,
    P::COMPLIANCE_READ,
    P::QUESTIONNAIRE_READ,
    P::RESIDENCY_READ,
    P::SYSTEM_READ,
]));

const DEVELOPER: PermissionSet = EVERYDAY.union(PermissionSet::of(&[
    P::API_KEY_READ,
    P::API_KEY_CREATE,
    P::API_KEY_ROTATE,
    P::API_KEY_REVOKE,
    P::ACCESS_CHECK,
    P::SIGN_ON_READ,
    P::SECRET_READ,
    P::SECRET_WRITE,
    P::SECRET_USE,
    P::INTEGRATION_READ,
    P::INTEGRATION_UPDATE,
    P::DOCUMENT_STORE_READ,
    P::AUDIT_WRITE,
    P::SYSTEM_READ,
]));

const PLATFORM_OWNER: PermissionSet = PLATFORM_OPERATOR.union(PermissionSet::of(&[
    P::USER_UPDATE,
    P::USER_DISABLE,
    P::USER_UNLOCK,
    P::USER_DELETE,
    P::USER_ASSIGN_ROLE,
    P::USER_GRANT,
    P::INVITATION_READ,
    P::INVITATION_CREATE,
    P::INVITATION_REVOKE,
    P::INVITATION_RESEND,
    P::MAIL_READ,
    P::SESSION_REVOKE,
    P::FACTOR_RESET,
    P::API_KEY_READ,
    P::API_KEY_REVOKE,
    P::KEY_ROTATE,
    P::AUDIT_EXPORT,
    P::AUDIT_HOLD,
    P::AUDIT_ERASE,
    P::AUDIT_RETENTION,
    P::AUDIT_STREAM,
    P::DETECTION_UPDATE,
    P::POLICY_UPDATE,
    P::COMPLIANCE_READ,
]));

/// Neither deleting organisations nor appointing operators.
const PLATFORM_OPERATOR: PermissionSet = PLATFORM_SUPPORT.union(PermissionSet::of(&[
    P::USER_READ,
    P::ROLE_READ,
    P::SESSION_READ,
    P::FACTOR_READ,
    P::KEY_READ,
    P::AUDIT_READ,
    P::AUDIT_VERIFY,
    P::SECURITY_EVENT_READ,
    P::SECURITY_EVENT_TRIAGE,
    P::DETECTION_READ,
    P::POSTURE_READ,
    P::POLICY_READ,
    P::RESIDENCY_READ,
    P::TENANT_CREATE,
    P::TENANT_UPDATE,
    P::TENANT_SUSPEND,
    P::TENANT_MOVE,
    P::TENANT_ENTER,
]));

const PLATFORM_SUPPORT: PermissionSet =
    PermissionSet::of(&[P::SYSTEM_READ, P::TENANT_READ, P::REGION_READ, P::JOB_READ]);

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "tests"
    )]

    use super::*;

    #[test]
    fn a_role_has_one_spelling_everywhere() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
            assert_eq!(serde_json::from_value::<Role>(role.name().into()).unwrap(), role);
        }
        assert_eq!("Tenant Owner".parse::<Role>(), Err(UnknownRole));
        assert_eq!("*".parse::<Role>(), Err(UnknownRole));
    }
}
