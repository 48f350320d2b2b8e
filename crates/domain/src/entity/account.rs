use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Browser, Device, Entity, Network, Place, System, named};
use crate::{
    ids::{AttemptId, EnrolmentId, FactorId, PasswordResetId, SessionId, UserId},
    time::Timestamp,
};

/// A user's password: only its hash exists.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    /// Whose it is; also the id.
    pub user: UserId,
    /// The Argon2id hash as a PHC string.
    pub hash: String,
    /// When it was set.
    pub changed_at: Timestamp,
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Password").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Entity for Password {
    const KIND: &'static str = "password";
    const SECRET: &'static [&'static str] = &["hash"];
    fn entity_id(&self) -> Uuid {
        self.user.uuid()
    }
}

named! {
    /// What kind of second factor it is.
    FactorKind {
        /// A time-based one-time password (RFC 6238).
        Totp = "totp",
        /// The identity provider's own assertion at single sign-on.
        Sso = "sso",
        /// A passkey: a credential of WebAuthn that verifies its user, and so password and second factor in one.
        Passkey = "passkey",
    }
}

named! {
    /// Whether a factor counts.
    FactorState {
        /// Enrolled, not yet proven.
        Pending = "pending",
        /// Proven at least once.
        Verified = "verified",
        /// Removed; kept for the record.
        Removed = "removed",
    }
}

/// A second factor of a user. The secret itself is sealed and lies in its own column, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Factor {
    /// The factor's id.
    pub id: FactorId,
    /// Whose it is.
    pub user: UserId,
    /// What kind it is.
    pub kind: FactorKind,
    /// What its owner calls it.
    pub name: String,
    /// Pending, verified or removed.
    pub state: FactorState,
    /// The last accepted time step; no step is accepted twice.
    pub last_step: i64,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was first proven.
    pub verified_at: Option<Timestamp>,
}

impl Entity for Factor {
    const KIND: &'static str = "factor";
    const PERSONAL: &'static [&'static str] = &["name"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}

/// A person's recovery codes. Each exists only as a hash, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RecoveryCodes {
    /// Whose they are; also the id.
    pub user: UserId,
    /// When they were made, all at once.
    pub made_at: Timestamp,
    /// How many were not used.
    pub unused: i64,
}

impl Entity for RecoveryCodes {
    const KIND: &'static str = "recovery_codes";
    fn entity_id(&self) -> Uuid {
        self.user.uuid()
    }
}

named! {
    /// How a session's user proved who they are.
    SignInMethod {
        /// The password; the second factor is still to come.
        PasswordOnly = "password_pending_factor",
        /// The password, where no second factor is enrolled.
        Password = "password",
        /// The password and a one-time code.
        PasswordTotp = "password_totp",
        /// The password and a recovery code.
        PasswordRecovery = "password_recovery",
        /// A one-time link in place of the password: of an enrolment, an invitation or a forgotten password.
        Enrolment = "enrolment",
        /// A passkey, which is possession and knowledge or biometry in one.
        Passkey = "passkey",
    }
}

impl SignInMethod {
    /// How it was proved, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::PasswordOnly => "Password; the code is still to come",
            Self::Password => "Password",
            Self::PasswordTotp => "Password and one-time code",
            Self::PasswordRecovery => "Password and recovery code",
            Self::Enrolment => "One-time link",
            Self::Passkey => "Passkey",
        }
    }
}

/// A signed-in browser. The token exists only as a hash, and the address only as a keyed one, in their own columns, outside
/// this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// The session's id; not the cookie.
    pub id: SessionId,
    /// Who is signed in.
    pub user: UserId,
    /// How they proved it.
    pub method: SignInMethod,
    /// When they signed in.
    pub created_at: Timestamp,
    /// The last request, to the minute.
    pub last_seen_at: Timestamp,
    /// The session ends then unless a request comes before.
    pub idle_until: Timestamp,
    /// The session ends then whatever happens.
    pub absolute_until: Timestamp,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
    /// Which browser opened it, as far as that says.
    pub browser: Browser,
    /// What that browser runs on.
    pub system: System,
    /// What kind of address it was opened from.
    pub place: Place,
    /// Whether that address was known.
    pub network: Network,
    /// When its token was last replaced, because what its user may do had changed.
    pub renewed_at: Option<Timestamp>,
}

impl Session {
    /// The browser and its system.
    pub const fn device(&self) -> Device {
        Device { browser: self.browser, system: self.system }
    }

    /// The kind of address, and whether it was known, for people.
    pub fn whence(&self) -> String {
        match self.place {
            Place::Unknown => self.place.title().to_owned(),
            place => format!("{}, {}", place.title(), self.network.title()),
        }
    }
}

impl Entity for Session {
    const KIND: &'static str = "session";
    const PERSONAL: &'static [&'static str] = &["browser", "system", "place", "network"];
    const QUIET: &'static [&'static str] = &["last_seen_at", "idle_until"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}

named! {
    /// How an attempt to sign in ended.
    AttemptOutcome {
        /// The credential was right.
        Accepted = "accepted",
        /// The credential was wrong.
        Refused = "refused",
        /// The attempt was not looked at: too many before it.
        Limited = "limited",
        /// No attempt: a limit had passed by the time of the accepted one beside it.
        Lifted = "lifted",
        /// No attempt: somebody let the person try again, and what was refused before counts no more.
        Unlocked = "unlocked",
        /// No attempt: with the one beside it, too many of all sources were refused, and none is taken from unknown devices.
        Closed = "closed",
        /// No attempt: the time of that has passed.
        Reopened = "reopened",
        /// No attempt: with the one beside it, many passwords were right and no second factor followed.
        Unanswered = "unanswered",
    }
}

/// One attempt to prove an identity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// The attempt's id.
    pub id: AttemptId,
    /// The account it was aimed at.
    pub user: UserId,
    /// `password`, `totp`, `recovery` or `passkey`; `password_reset` for a link that was asked for once too often; `any` where an
    /// account was unlocked.
    pub factor: String,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Whether it came from a device that the person had signed in from.
    pub known_device: bool,
    /// When.
    pub at: Timestamp,
}

impl Entity for Attempt {
    const KIND: &'static str = "sign_in_attempt";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}

/// A one-time link with which a first user sets a password. The token exists only as a hash, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Enrolment {
    /// The link's id.
    pub id: EnrolmentId,
    /// Whom it enrols.
    pub user: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ceases to work.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl Entity for Enrolment {
    const KIND: &'static str = "enrolment";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}

/// A one-time link that replaces a forgotten password. The token exists only as a hash, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PasswordReset {
    /// The link's id.
    pub id: PasswordResetId,
    /// Whose password it replaces.
    pub user: UserId,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ceases to work.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl PasswordReset {
    /// Whether it works at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

impl Entity for PasswordReset {
    const KIND: &'static str = "password_reset";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
