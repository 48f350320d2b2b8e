//! Messages that the next page shows once.
//!
//! The cookie holds only the name of a message from this closed list, so it needs no signature: whoever could plant
//! one could choose among our own sentences and nothing else.

use axum_extra::extract::cookie::Cookie;

use crate::access::cookies;

/// A message as the templates show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// `ok`, `warn` or `bad`.
    pub kind: &'static str,
    /// One sentence.
    pub text: String,
}

macro_rules! messages {
    ($($name:ident $kind:literal $code:literal: $text:literal;)*) => {
        /// A message that the next page shows once.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Message { $(
            #[doc = $text]
            $name,
        )* }

        impl Message {
            /// Every message.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            const fn parts(self) -> (&'static str, &'static str, &'static str) {
                match self { $(Self::$name => ($kind, $code, $text),)* }
            }
        }
    };
}

messages! {
    SignedOut "ok" "signed-out": "You are signed out.";
    SessionEnded "warn" "session-ended": "Your session has ended. Sign in again to go on.";
    PasswordSet "ok" "password-set": "The password is set. Sign in with it.";
    FirstPasswordSet "ok" "first-password-set": "The password is set. Every other session of yours has ended.";
    PasswordChanged "ok" "password-changed": "The password was changed. Every other session of yours has ended.";
    FactorVerified "ok" "factor-verified": "The authenticator is verified.";
    PasskeyAdded "ok" "passkey-added": "The passkey was added. Every other session of yours has ended.";
    PasskeyRenamed "ok" "passkey-renamed": "The passkey has a new name.";
    PasskeyRemoved "ok" "passkey-removed": "The passkey was removed. Every other session of yours has ended.";
    PhoneAsked "ok" "phone-asked": "Two codes are on their way: one to the number, one to your address.";
    PhoneVerified "ok" "phone-verified": "One-time codes go to this number from now on. A letter tells you.";
    PhoneRemoved "ok" "phone-removed": "The number was removed. One-time codes come by mail.";
    SessionWasEnded "ok" "session-was-ended": "The session has ended.";
    FactorRemoved "ok" "factor-removed": "The authenticator was removed. Every other session of yours has ended.";
    SetupCancelled "ok" "setup-cancelled": "The setup was cancelled. The app that was not proven is gone.";
    PasskeyEnrolled "ok" "passkey-enrolled": "The passkey is set up. Keep recovery codes for the day on which it is lost.";
    FactorEnrolled "ok" "factor-enrolled": "The authenticator is verified. Keep recovery codes for the day on which it is lost.";
    SessionsEnded "ok" "sessions-ended": "The sessions have ended.";
    RoleChanged "ok" "role-changed": "The role was changed. It takes effect at once.";
    RoleCreated "ok" "role-created": "The role was made. It can be given at once.";
    RoleSaved "ok" "role-saved": "The role was saved. It takes effect at once.";
    RoleRemoved "ok" "role-removed": "The role is removed.";
    TeamCreated "ok" "team-created": "The team was made.";
    TeamSaved "ok" "team-saved": "The team was saved.";
    TeamDissolved "ok" "team-dissolved": "The team is dissolved.";
    TeamRolesChanged "ok" "team-roles-changed": "The team's roles were changed. They take effect at once.";
    TeamMembersChanged "ok" "team-members-changed": "The team's members were changed. It takes effect at once.";
    SearchKept "ok" "search-kept": "The search is kept.";
    SearchRemoved "ok" "search-removed": "The search is kept no longer.";
    PermissionsChanged "ok" "permissions-changed": "The permissions were changed. They take effect at once.";
    Narrowed "ok" "narrowed": "What was not used was taken away. It takes effect at once.";
    RoleCopied "ok" "role-copied": "The narrower role was made, and given to whoever had the other one.";
    UserDisabled "ok" "user-disabled": "The user is disabled and signed out everywhere.";
    UserUnlocked "ok" "user-unlocked": "The person can try again at once.";
    UserEnabled "ok" "user-enabled": "The user is enabled and can sign in.";
    UserDeleted "ok" "user-deleted": "The account is deleted. A letter tells the person.";
    UserRenamed "ok" "user-renamed": "The name was changed.";
    ProfileChanged "ok" "profile-changed": "Your profile was changed.";
    NobodyChosen "warn" "nobody-chosen": "Choose at least one person first.";
    FactorsReset "ok" "factors-reset": "The second factors are removed. A letter tells the person.";
    Invited "ok" "invited": "The invitation is recorded. Its letter leaves by itself.";
    InvitationResent "ok" "invitation-resent": "The invitation is sent again. Links sent before no longer work.";
    InvitationRevoked "ok" "invitation-revoked": "The invitation was taken back. Its link no longer works.";
    ApiKeyRevoked "ok" "api-key-revoked": "The key is revoked. Requests with it are refused from now on.";
    ApiKeyNarrowed "ok" "api-key-narrowed": "The scopes that the key did not use are gone.";
    EventAcknowledged "ok" "event-acknowledged": "The event is acknowledged.";
    EventResolved "ok" "event-resolved": "The event is resolved.";
    EventRulesChanged "ok" "event-rules-changed": "The rules were changed. Events that are stored from now on follow them.";
    EventSchemaRegistered "ok" "event-schema-registered": "The schema is registered. Events that do not fit are refused from now on.";
    EventSchemaChanged "ok" "event-schema-changed": "The schema was changed. It counts from now on.";
    EventSchemaRemoved "ok" "event-schema-removed": "The schema is removed.";
    PolicyChanged "ok" "policy-changed": "The policy was changed. It takes effect at once.";
    HoldPlaced "ok" "hold-placed": "The hold is placed. Nothing that it covers can be erased.";
    HoldLifted "ok" "hold-lifted": "The hold is lifted.";
    RetentionChanged "ok" "retention-changed": "How long these records are kept is set.";
    KeyRotated "ok" "key-rotated": "The key was rotated. What was sealed before is wrapped anew in the background.";
    KeyScheduleChanged "ok" "key-schedule-changed": "How often the key is rotated is set.";
    KeyDestructionAsked "ok" "key-destruction-asked": "The key will be destroyed once the waiting time is over. Until then it can be called off.";
    KeyDestructionCancelled "ok" "key-destruction-cancelled": "The key stays.";
    RestoreAsked "ok" "restore-asked": "The segment is on its way. Its records can be searched in a moment.";
    RestoreEnded "ok" "restore-ended": "The segment is let go. Its records leave the database within seconds.";
    PersonErased "ok" "person-erased": "What was kept of the person is erased. The certificate is ready within seconds.";
    TenantCreated "ok" "tenant-created": "The organisation was created. A letter brings its first owner a link that works for a day.";
    OwnerLinkSent "ok" "owner-link-sent": "A letter brings the owner another link. Every link before stopped working.";
    TenantSuspended "ok" "tenant-suspended": "The organisation is suspended. Every session and key of it is refused.";
    TenantReactivated "ok" "tenant-reactivated": "The organisation is served again.";
    DrillNamed "ok" "drill-named": "The drill is done: what was altered in a copy was named.";
    DrillNoticed "warn" "drill-noticed": "The drill is done: the copy was refused, without naming the record.";
    DrillFailed "bad" "drill-failed": "The drill is done, and something was overlooked. A security event says what.";
    NotSent "warn" "not-sent": "Nothing was sent: a fresh proof that it is you was due first. Please fill it in again.";
    StreamStarted "ok" "stream-started": "Records leave by this stream from now on.";
    StreamMoved "ok" "stream-moved": "The stream leads to its new place from now on.";
    StreamChanged "ok" "stream-changed": "The stream was changed.";
    StreamPaused "ok" "stream-paused": "The stream is paused. It will go on where it was.";
    StreamResumed "ok" "stream-resumed": "The stream goes on where it was.";
    StreamTested "ok" "stream-tested": "A test is on its way. Its outcome stands here within seconds.";
    StreamReplayed "ok" "stream-replayed": "The stream begins again with this record.";
    StreamRemoved "ok" "stream-removed": "The stream is removed.";
    ExportAsked "ok" "export-asked": "The export is being written. It can be downloaded as soon as it is.";
    ExportRemoved "ok" "export-removed": "The file of the export is gone.";
    SecretStored "ok" "secret-stored": "The secret is stored. Nobody sees its value again.";
    SecretStaged "ok" "secret-staged": "The version is staged. Put it into use when whoever needs it knows.";
    SecretDiscarded "ok" "secret-discarded": "The staged version is taken back. Its value is gone.";
    SecretRotated "ok" "secret-rotated": "The staged version is the current one from now on.";
    SecretDeleted "ok" "secret-deleted": "The secret is deleted with every version of it.";
    IntegrationCreated "ok" "integration-created": "The integration is set up. Test it, then enable it.";
    IntegrationWithSecret "ok" "integration-with-secret": "The integration is saved, and the value is stored as a secret. Nobody sees it again.";
    IntegrationChanged "ok" "integration-changed": "The integration was changed.";
    IntegrationEnabled "ok" "integration-enabled": "The integration is enabled. The server tests it every hour.";
    IntegrationDisabled "ok" "integration-disabled": "The integration is disabled.";
    IntegrationWorks "ok" "integration-works": "The test went well: the other side answers and takes the credentials.";
    IntegrationFails "warn" "integration-fails": "The test failed. The reason stands below.";
    IntegrationRemoved "ok" "integration-removed": "The integration is removed. The secrets that it named stay.";
    DocumentStored "ok" "document-stored": "The version is sealed and stored.";
    DocumentDeleted "ok" "document-deleted": "The document is gone, with all its versions.";
    NothingChanged "warn" "nothing-changed": "It was so already. Nothing was changed.";
}

impl Message {
    /// The message as the templates show it.
    pub fn flash(self) -> Flash {
        let (kind, _, text) = self.parts();
        Flash { kind, text: text.to_owned() }
    }

    /// The cookie that carries it to the next page.
    pub(crate) fn cookie(self) -> Cookie<'static> {
        cookies::host(cookies::FLASH, self.parts().1.to_owned())
    }

    /// The message that a cookie names.
    pub(super) fn named(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|message| message.parts().1 == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_comes_back_from_its_cookie() {
        for message in Message::ALL {
            assert_eq!(Message::named(message.cookie().value()), Some(*message));
            assert!(["ok", "warn", "bad"].contains(&message.flash().kind));
        }
    }

    #[test]
    fn attacker_cannot_write_a_message() {
        for code in ["", "Send your password to evil.example", "<b>x</b>", "SIGNED-OUT", "signed-out "] {
            assert_eq!(Message::named(code), None);
        }
    }
}
