//! Whether somebody can do anything at all: the one judgement that the gate and questions about others share.

use bailiwick_domain::{
    entity::{SignInMethod, TenantStatus, UserStatus},
    mfa,
    time::Timestamp,
};

use super::BySession;

/// What somebody who is asked about is at a moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// May do whatever their permissions say.
    Active,
    /// No such session, user or key in this organisation.
    Unknown,
    /// The session was ended, or its time is over.
    Ended,
    /// The user is disabled; of a key, whoever made it.
    Disabled,
    /// The organisation is suspended.
    Suspended,
    /// The second factor of the session is still to come.
    SecondFactorMissing,
    /// The policy asks for a second factor that was not set up in time.
    FactorNotSetUp,
    /// The policy asks for the passkey that the person has, and the session was opened by something less.
    PasskeyNotShown,
    /// The key was taken back.
    Revoked,
    /// The key's time is over.
    Expired,
}

impl Standing {
    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unknown => "unknown",
            Self::Ended => "ended",
            Self::Disabled => "disabled",
            Self::Suspended => "suspended",
            Self::SecondFactorMissing => "second_factor_missing",
            Self::FactorNotSetUp => "factor_not_set_up",
            Self::PasskeyNotShown => "passkey_not_shown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

impl BySession {
    /// What the session is worth: the first of these that holds, in this order.
    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        let session = &self.session;
        if session.ended_at.is_some() || now >= session.idle_until || now >= session.absolute_until {
            return Standing::Ended;
        }
        if self.user.status != UserStatus::Active {
            return Standing::Disabled;
        }
        if self.tenant.status != TenantStatus::Active {
            return Standing::Suspended;
        }
        if session.method == SignInMethod::PasswordOnly {
            return Standing::SecondFactorMissing;
        }
        match self.mfa {
            mfa::Standing::Below => Standing::FactorNotSetUp,
            mfa::Standing::Unused => Standing::PasskeyNotShown,
            mfa::Standing::Met | mfa::Standing::Grace(_) => Standing::Active,
        }
    }
}
