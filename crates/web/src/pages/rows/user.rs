use bailiwick_domain::entity::{MfaState, UserStatus};
use bailiwick_store::users::Listed;

use crate::{
    pages::{parts::Badge, titles::Titles},
    shell::initials,
    when::When,
};

/// A user in a list.
#[derive(Clone, Debug)]
pub(crate) struct UserRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) initials: String,
    pub(crate) href: String,
    pub(crate) role: String,
    pub(crate) mfa: Badge,
    pub(crate) mfa_meaning: &'static str,
    /// From when on they need more than they have; nothing for whoever has what is asked of them.
    pub(crate) mfa_due: Option<When>,
    pub(crate) status: Badge,
}

impl UserRow {
    pub(crate) fn of(listed: &Listed) -> Self {
        let user = &listed.user;
        Self {
            id: user.id.to_string(),
            name: user.name.clone(),
            address: user.email.clone(),
            initials: initials(&user.name),
            href: format!("/users/{}", user.id),
            role: user.role.title().to_owned(),
            mfa: mfa(listed.mfa),
            mfa_meaning: mfa_meaning(listed.mfa),
            mfa_due: listed.mfa_due.map(When::day),
            status: match user.status {
                UserStatus::Active => Badge::new("ok", "Active"),
                UserStatus::Disabled => Badge::new("mute", "Disabled"),
            },
        }
    }
}

impl UserRow {
    /// With what people call the role, where the tenant made it.
    pub(crate) fn titled(self, titles: &Titles, listed: &Listed) -> Self {
        Self { role: titles.of(listed.user.role), ..self }
    }
}

/// What the pages say of a second factor, everywhere in the same words.
pub(crate) fn mfa(state: MfaState) -> Badge {
    match state {
        MfaState::Required => Badge::new("ok", "Verified, required"),
        MfaState::Verified => Badge::new("ok", "Verified, not required"),
        MfaState::Missing => Badge::new("bad", "Missing"),
        MfaState::Sso => Badge::new("info", "SSO asserted"),
    }
}

/// What the word means.
pub(crate) const fn mfa_meaning(state: MfaState) -> &'static str {
    match state {
        MfaState::Required => "A second factor is verified, and the policy requires one of this person.",
        MfaState::Verified => {
            "A second factor is verified, although the policy requires none of this person."
        }
        MfaState::Missing => "No second factor is verified.",
        MfaState::Sso => "The identity provider asserts a second factor; none is verified here.",
    }
}
