use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::TenantId,
    mfa::{Asked, Floor},
    role::RoleName,
    time::Timestamp,
};

named! {
    /// Whose tenant it is.
    TenantKind {
        /// A customer organisation.
        Customer = "customer",
        /// The company that runs the platform; exactly one exists.
        Platform = "platform",
    }
}

named! {
    /// Whether a tenant is served.
    TenantStatus {
        /// Served.
        Active = "active",
        /// Every session and key of the tenant is refused; its data stays.
        Suspended = "suspended",
    }
}

/// An organisation whose authority Bailiwick keeps.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tenant {
    /// The tenant's id, which leads every key of its rows.
    pub id: TenantId,
    /// Short name in addresses: 2 to 40 lower-case letters, digits and hyphens.
    pub slug: String,
    /// The organisation's name as people read it.
    pub name: String,
    /// Customer or platform.
    pub kind: TenantKind,
    /// The region that holds its data at rest.
    pub region: String,
    /// Served or suspended.
    pub status: TenantStatus,
    /// What its API keys begin with.
    pub key_brand: String,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Entity for Tenant {
    const KIND: &'static str = "tenant";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// The least that everybody of a tenant must sign in with.
    MfaFloor {
        /// A password alone is enough.
        Any = "any",
        /// A verified second factor, or single sign-on whose provider asserts one.
        Mfa = "mfa",
        /// A passkey, which no copied page can ask for.
        Passkey = "passkey",
    }
}

impl PartialOrd for MfaFloor {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The stricter one is the greater.
impl Ord for MfaFloor {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (*self as u8).cmp(&(*other as u8))
    }
}

/// A tenant's security policy; one per tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// The tenant, whose id is also the policy's.
    pub id: TenantId,
    /// The least that everybody must sign in with.
    pub floor: Floor,
    /// The least that the holders of a role must sign in with, where it is more; a role without a floor is missing.
    pub role_floors: BTreeMap<RoleName, Floor>,
    /// Days that a person may do without what is asked of them, from their coming or from its being asked: 0 to 90.
    pub mfa_grace_days: i64,
    /// Minutes without a request after which a session ends.
    pub session_idle_minutes: i64,
    /// Hours after sign-in at which a session ends whatever happens.
    pub session_absolute_hours: i64,
    /// Minutes after a sign-in within which changes that are more than everyday are taken without proving oneself again.
    pub reauth_minutes: i64,
    /// Days an invitation waits for its answer.
    pub invitation_days: i64,
    /// Days that a new API key may work at most: 1 to 366; also without an end, where there is no such bound.
    pub api_key_days: Option<i64>,
}

impl Policy {
    /// The policy of a tenant that is new at `now`: MFA for everybody within 14 days, 30 minutes idle, 12 hours in all, proven
    /// within 10 minutes, 14 days for an invitation.
    pub fn new(tenant: TenantId, now: Timestamp) -> Self {
        Self {
            id: tenant,
            floor: Floor::NONE.at(MfaFloor::Mfa, now),
            role_floors: BTreeMap::new(),
            mfa_grace_days: 14,
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            reauth_minutes: 10,
            invitation_days: 14,
            api_key_days: None,
        }
    }

    /// What is asked of whoever holds these roles, by themselves or through a team.
    pub fn asked(&self, roles: &[RoleName]) -> Asked {
        let floors = roles.iter().filter_map(|role| self.role_floors.get(role));
        let role = floors.fold(Floor::NONE, |all, floor| all.and(*floor));
        Asked { tenant: self.floor, role, grace_days: self.mfa_grace_days }
    }
}

impl Entity for Policy {
    const KIND: &'static str = "policy";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
