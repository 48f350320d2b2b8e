//! What is kept of a person, by kind: what an erasure takes, what it leaves, and why.

use crate::entity::named;

named! {
    /// A kind of what is kept of a person.
    Kind {
        /// Name, address, role, time zone.
        Account = "account",
        /// The words by which they are found.
        SearchWords = "search_words",
        /// The hash of their password.
        Password = "password",
        /// Authenticator apps and what stands for them.
        Authenticators = "authenticators",
        /// Passkeys.
        Passkeys = "passkeys",
        /// Recovery codes.
        RecoveryCodes = "recovery_codes",
        /// Phone numbers, proven or not yet.
        Phones = "phones",
        /// Links and questions that wait for an answer.
        Links = "links",
        /// Sessions, with browser and place.
        Sessions = "sessions",
        /// Browsers that are known.
        KnownDevices = "known_devices",
        /// Attempts to sign in, with the tag of the source.
        SignInAttempts = "sign_in_attempts",
        /// Codes that they asked for.
        Codes = "codes",
        /// Permissions granted or denied to them alone.
        Grants = "grants",
        /// Teams that they are in.
        Teams = "teams",
        /// When they last used which permission.
        PermissionUses = "permission_uses",
        /// Searches of the log that they keep.
        SavedSearches = "saved_searches",
        /// What they usually do, as far as the log showed it.
        Habits = "habits",
        /// Notes that they did something unusual.
        Anomalies = "anomalies",
        /// Invitations to their address.
        Invitations = "invitations",
        /// Letters and messages to them.
        Letters = "letters",
        /// The tag of their address in the directory.
        Directory = "directory",
        /// Records of the log with values about them beside.
        LogValues = "log_values",
        /// Open requests that hold their address.
        Requests = "requests",
        /// Searches that others keep and that name them.
        SearchesAbout = "searches_about",
        /// Exports that looked for them by name or address.
        ExportsAbout = "exports_about",
        /// Records of the log of what they did, and of what happened to them and to what was theirs.
        LogRecords = "log_records",
        /// API keys that they made.
        ApiKeys = "api_keys",
        /// Invitations that they wrote.
        InvitationsWritten = "invitations_written",
    }
}

/// What becomes of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// An erasure takes it.
    Goes,
    /// It stays; the text says why.
    Stays(&'static str),
}

impl Kind {
    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::SearchWords => "Words of the search",
            Self::Password => "Password",
            Self::Authenticators => "Second factors",
            Self::Passkeys => "Passkeys",
            Self::RecoveryCodes => "Recovery codes",
            Self::Phones => "Phone numbers",
            Self::Links => "Links that wait",
            Self::Sessions => "Sessions",
            Self::KnownDevices => "Known browsers",
            Self::SignInAttempts => "Attempts to sign in",
            Self::Codes => "One-time codes asked for",
            Self::Grants => "Permissions of their own",
            Self::Teams => "Memberships of teams",
            Self::PermissionUses => "Uses of permissions",
            Self::SavedSearches => "Searches they keep",
            Self::Habits => "What they usually do",
            Self::Anomalies => "Notes of what was unusual",
            Self::Invitations => "Invitations to them",
            Self::Letters => "Letters and messages to them",
            Self::Directory => "Entry in the directory",
            Self::LogValues => "Records with personal values",
            Self::Requests => "Requests with their address",
            Self::SearchesAbout => "Kept searches that mention them",
            Self::ExportsAbout => "Exports that looked for them",
            Self::LogRecords => "Records of the log",
            Self::ApiKeys => "API keys they made",
            Self::InvitationsWritten => "Invitations they wrote",
        }
    }

    /// What an erasure does with it.
    pub const fn fate(self) -> Fate {
        match self {
            Self::LogRecords => Fate::Stays(
                "What they did, and what happened to them or to what was theirs. The log has to prove it. A record holds commitments and an opaque id; without the values and salts, which go, they say nothing of anybody.",
            ),
            Self::ApiKeys => Fate::Stays(
                "Revoked for good, and kept as evidence. Who made a key is said by the opaque id.",
            ),
            Self::InvitationsWritten => {
                Fate::Stays("They belong to whoever was invited. Who wrote one is said by the opaque id.")
            }
            _ => Fate::Goes,
        }
    }

    /// Whether others, or the clock, change how many there are while somebody reads a letter with a code. What a code approves is
    /// bound to the counts of every other kind; these are counted when they go.
    pub const fn moves(self) -> bool {
        matches!(
            self,
            Self::Sessions
                | Self::KnownDevices
                | Self::SignInAttempts
                | Self::Codes
                | Self::Links
                | Self::PermissionUses
                | Self::Habits
                | Self::Anomalies
                | Self::Letters
                | Self::LogValues
                | Self::LogRecords
                | Self::Requests
                | Self::SearchesAbout
                | Self::ExportsAbout
        )
    }
}

/// What stays wherever it was copied to before, and why: said with every answer, since no count can be given.
pub const BEYOND: [&str; 4] = [
    "Backups hold what they held until they expire. After one is restored, whatever newer copies list as erased is erased again.",
    "Exports, archives and bundles that left this service hold what was in them. Commitments in them can still be proved, and nobody can open them from here.",
    "Texts that people typed (reasons, names of keys, teams and roles) are kept as they are: they should name nobody.",
    "Of the address a keyed tag stays with the request, so that the same question gets the same answer. It serves for nothing else.",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_says_why_in_whole_sentences() {
        for kind in Kind::ALL {
            if let Fate::Stays(why) = kind.fate() {
                assert!(why.ends_with('.') && why.len() > 40, "{}", kind.name());
            }
            assert!(!kind.title().is_empty() && kind.name().parse::<Kind>() == Ok(*kind));
        }
        assert!(BEYOND.iter().all(|text| text.ends_with('.')));
    }
}
