use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{GrantId, UserId},
    role::RoleName,
    time::Timestamp,
    zone::Zone,
};

named! {
    /// Whether a user may sign in.
    UserStatus {
        /// May sign in.
        Active = "active",
        /// May not; sessions end with the change.
        Disabled = "disabled",
    }
}

named! {
    /// What the page says of a user's second factor.
    MfaState {
        /// The policy asks this person for one and a verified one exists.
        Required = "required",
        /// A verified one exists although the policy asks this person for none.
        Verified = "verified",
        /// None exists.
        Missing = "missing",
        /// The identity provider asserts one at single sign-on.
        Sso = "sso",
    }
}

/// A person of one tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Sign-in address, lower case, unique in the tenant.
    pub email: String,
    /// The name as people read it.
    pub name: String,
    /// The role whose permissions the user starts from.
    pub role: RoleName,
    /// Active or disabled.
    pub status: UserStatus,
    /// When the user was created.
    pub created_at: Timestamp,
    /// The time zone in which pages show times to them; UTC where they chose none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
}

impl Entity for User {
    const KIND: &'static str = "user";
    const PERSONAL: &'static [&'static str] = &["email", "name", "time_zone"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// Which way a single permission departs from the role.
    Effect {
        /// The user has it although the role does not.
        Grant = "grant",
        /// The user lacks it although the role has it; wins over a grant.
        Deny = "deny",
    }
}

/// One permission given to or taken from one user, beside the role.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Grant {
    /// The grant's id.
    pub id: GrantId,
    /// Who it is for.
    pub user: UserId,
    /// The permission's name, `noun:verb`.
    pub permission: String,
    /// Given or taken.
    pub effect: Effect,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself; from that very moment it has no effect.
    pub expires_at: Option<Timestamp>,
    /// When its end was recorded.
    pub ended_at: Option<Timestamp>,
}

impl Grant {
    /// Whether it has ended by itself at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}

impl Entity for Grant {
    const KIND: &'static str = "grant";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
