use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{ids::MailId, time::Timestamp};

named! {
    /// What a letter is about.
    MailKind {
        /// An invitation to join.
        Invitation = "invitation",
        /// An invitation that lapses soon.
        InvitationReminder = "invitation_reminder",
        /// A one-time code for a sensitive change.
        StepUpCode = "step_up_code",
        /// Somebody's second factors were removed.
        FactorReset = "factor_reset",
        /// A passkey was added to the recipient's account.
        PasskeyAdded = "passkey_added",
        /// A passkey was removed from the recipient's account.
        PasskeyRemoved = "passkey_removed",
        /// The link that replaces a forgotten password.
        PasswordReset = "password_reset",
        /// The news that a password was replaced.
        PasswordChanged = "password_changed",
        /// A recovery code was used.
        RecoveryCodeUsed = "recovery_code_used",
        /// A second factor was added.
        FactorAdded = "factor_added",
        /// A second factor was removed.
        FactorRemoved = "factor_removed",
        /// A code that proves that a phone number is the recipient's.
        PhoneCode = "phone_code",
        /// The news that a phone number was added, replaced or removed.
        PhoneChanged = "phone_changed",
        /// The news that the recipient's account was deleted.
        AccountDeleted = "account_deleted",
        /// The news that somebody gave the recipient another role.
        RoleChanged = "role_changed",
        /// The news that somebody changed what the recipient alone may or may not do.
        PermissionsChanged = "permissions_changed",
        /// The news that the recipient's account was disabled.
        AccountDisabled = "account_disabled",
        /// The news that the recipient's account was enabled again.
        AccountEnabled = "account_enabled",
        /// The news that somebody ended sessions of the recipient.
        SessionsEnded = "sessions_ended",
        /// The news that recovery codes were made.
        RecoveryCodesMade = "recovery_codes_made",
        /// The news that very many wrong guesses were made at the recipient's account.
        AccountAttacked = "account_attacked",
        /// The news that somebody gives the recipient's password and no second factor.
        PasswordKnown = "password_known",
        /// The link with which the first owner of a new organisation sets a password.
        OwnerLink = "owner_link",
        /// The news that an invitation which waits is for another role.
        InvitationChanged = "invitation_changed",
        /// A reminder to set up a second factor.
        FactorReminder = "factor_reminder",
    }
}

impl MailKind {
    /// The kind as people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Invitation => "Invitation",
            Self::InvitationReminder => "Reminder of an invitation",
            Self::StepUpCode => "One-time code",
            Self::FactorReset => "Notice of removed second factors",
            Self::PasskeyAdded => "Notice of a new passkey",
            Self::PasskeyRemoved => "Notice of a removed passkey",
            Self::PasswordReset => "Link to replace a password",
            Self::PasswordChanged => "News of a changed password",
            Self::RecoveryCodeUsed => "Recovery code used",
            Self::FactorAdded => "Second factor added",
            Self::FactorRemoved => "Second factor removed",
            Self::PhoneCode => "Code for a phone number",
            Self::PhoneChanged => "News of a changed phone number",
            Self::AccountDeleted => "News of a deleted account",
            Self::RoleChanged => "News of another role",
            Self::PermissionsChanged => "News of changed permissions",
            Self::AccountDisabled => "News of a disabled account",
            Self::AccountEnabled => "News of an enabled account",
            Self::SessionsEnded => "News of ended sessions",
            Self::RecoveryCodesMade => "News of new recovery codes",
            Self::AccountAttacked => "Warning of wrong guesses",
            Self::PasswordKnown => "Warning that a password is known",
            Self::OwnerLink => "Link of a first owner",
            Self::InvitationChanged => "News of an invitation\u{2019}s other role",
            Self::FactorReminder => "Reminder of a second factor",
        }
    }

    /// Whether it tells a person of something that has happened to their account. Such letters are bounded for each person and kind
    /// apart, and use up no other letter's room.
    pub const fn is_news(self) -> bool {
        match self {
            Self::FactorReset
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::PasswordChanged
            | Self::RecoveryCodeUsed
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::PhoneChanged
            | Self::AccountDeleted
            | Self::RoleChanged
            | Self::PermissionsChanged
            | Self::AccountDisabled
            | Self::AccountEnabled
            | Self::SessionsEnded
            | Self::RecoveryCodesMade
            | Self::AccountAttacked
            | Self::PasswordKnown => true,
            Self::Invitation
            | Self::InvitationReminder
            | Self::StepUpCode
            | Self::PasswordReset
            | Self::PhoneCode
            | Self::OwnerLink
            | Self::InvitationChanged
            | Self::FactorReminder => false,
        }
    }
}

named! {
    /// The way a letter takes to its recipient.
    MailChannel {
        /// To an address of mail.
        Mail = "mail",
        /// To a phone number, as a short text, through the webhook of the operator's message gateway.
        Webhook = "webhook",
    }
}

named! {
    /// What became of a letter.
    MailState {
        /// Not handed on yet.
        Waiting = "waiting",
        /// Taken by the mail server.
        Sent = "sent",
        /// It will not be sent any more.
        GivenUp = "given_up",
    }
}

named! {
    /// Why a letter was not handed on, by class: what the other side said is not kept, it may repeat the letter.
    MailFault {
        /// The mail server could not be reached, or fell silent.
        Unreachable = "unreachable",
        /// The connection could not be protected.
        Tls = "tls",
        /// The mail server did not accept the sign-in.
        SignIn = "sign_in",
        /// The mail server asked to try again later.
        Postponed = "postponed",
        /// The mail server refused the recipient or the letter for good.
        Refused = "refused",
        /// The letter could not be opened or written out.
        Unwritable = "unwritable",
        /// Its last day has passed.
        Late = "late",
        /// What it was about was settled before it left.
        Withdrawn = "withdrawn",
    }
}

impl MailFault {
    /// The class as a sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "The mail server could not be reached.",
            Self::Tls => "The connection to the mail server could not be protected.",
            Self::SignIn => "The mail server did not accept the sign-in.",
            Self::Postponed => "The mail server asked to try again later.",
            Self::Refused => "The mail server refused the recipient.",
            Self::Unwritable => "The letter could not be written.",
            Self::Late => "It could not be sent in time.",
            Self::Withdrawn => "It was no longer needed.",
        }
    }

    /// The class as a sentence for people, of a letter that takes this way.
    pub const fn sentence_of(self, channel: MailChannel) -> &'static str {
        match (channel, self) {
            (MailChannel::Mail, _) | (_, Self::Unwritable | Self::Late | Self::Withdrawn) => self.sentence(),
            (_, Self::Unreachable) => "The message gateway could not be reached.",
            (_, Self::Tls) => "The connection to the message gateway could not be protected.",
            (_, Self::SignIn) => "The message gateway did not accept the signature.",
            (_, Self::Postponed) => "The message gateway asked to try again later.",
            (_, Self::Refused) => "The message gateway refused the message.",
        }
    }

    /// Whether the next letter would meet the same: what is wrong is the server or the way to it.
    pub const fn is_the_servers(self) -> bool {
        matches!(self, Self::Unreachable | Self::Tls | Self::SignIn)
    }

    /// Whether trying again cannot help.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Unwritable | Self::Late | Self::Withdrawn)
    }
}

/// A letter to somebody. What it says and how often it was tried stand in columns of their own, outside this image.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mail {
    /// The letter's id; the message's own id follows from it.
    pub id: MailId,
    /// What kind it is.
    pub kind: MailKind,
    /// The entity that it is about, such as an invitation.
    pub about: Uuid,
    /// The recipient's address, lower case; or their phone number (E.164). Empty once it was erased.
    pub to: String,
    /// The way it takes.
    pub channel: MailChannel,
    /// Waiting, sent or given up.
    pub state: MailState,
    /// Why it was given up.
    pub fault: Option<MailFault>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was sent or given up.
    pub settled_at: Option<Timestamp>,
}

impl Mail {
    /// The recipient as lists show it: an address, or the end of a phone number.
    pub fn shown_to(&self) -> String {
        match self.channel {
            MailChannel::Mail => self.to.clone(),
            MailChannel::Webhook => super::phone::masked(&self.to),
        }
    }
}

impl Entity for Mail {
    const KIND: &'static str = "mail";
    const PERSONAL: &'static [&'static str] = &["to"];
    /// Why the last attempt failed is noted quietly; how the letter ended is recorded.
    const QUIET: &'static [&'static str] = &["fault"];
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    /// Erasing whoever it is about erases the address here, too.
    fn subject(&self) -> Uuid {
        self.about
    }
}
