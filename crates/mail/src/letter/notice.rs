//! Letters that tell a person what somebody else did to their account, or tries to do.

use askama::Template;
use bailiwick_domain::{entity::MailKind, ids::TenantId, time::Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What a letter says that tells of something about the recipient's account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeLetter {
    /// The person's name.
    pub name: Line,
    /// The organisation's name.
    pub organisation: Line,
    /// The organisation, which the link to the sign-in names: the person may be in others with the same address.
    pub tenant: TenantId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub news: News,
}

/// What happened to somebody's account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum News {
    /// They have another role.
    RoleChanged {
        /// The name of whoever did it.
        by: Line,
        /// The new role's title.
        role: Line,
    },
    /// They were granted a permission.
    PermissionGranted {
        /// The name of whoever did it.
        by: Line,
        /// The permission's name.
        permission: Line,
    },
    /// They were denied a permission.
    PermissionDenied {
        /// The name of whoever did it.
        by: Line,
        /// The permission's name.
        permission: Line,
    },
    /// A grant or denial of a permission was removed.
    PermissionReset {
        /// The name of whoever did it.
        by: Line,
        /// The permission's name.
        permission: Line,
    },
    /// Permissions were taken that they had not used.
    UnusedTaken {
        /// The name of whoever did it.
        by: Line,
        /// How many.
        count: i64,
    },
    /// Their account was disabled.
    Disabled {
        /// The name of whoever did it.
        by: Line,
    },
    /// Their account was enabled again.
    Enabled {
        /// The name of whoever did it.
        by: Line,
    },
    /// Sessions of theirs were ended.
    SessionsEnded {
        /// The name of whoever did it.
        by: Line,
        /// How many.
        count: i64,
    },
    /// New recovery codes were made in their name.
    RecoveryCodesMade,
    /// So many wrong passwords or codes were tried that none is taken for a while from an unknown browser.
    Attacked,
    /// Their right password was given many times, and no second factor after it.
    PasswordKnown,
    /// They set a password beside the passkeys they had.
    PasswordSet,
    /// Somebody asks them to set up a second factor.
    FactorWanted {
        /// The name of whoever asks.
        by: Line,
    },
}

impl News {
    /// What kind of letter tells of it.
    pub(super) const fn kind(&self) -> MailKind {
        match self {
            Self::RoleChanged { .. } => MailKind::RoleChanged,
            Self::PermissionGranted { .. }
            | Self::PermissionDenied { .. }
            | Self::PermissionReset { .. }
            | Self::UnusedTaken { .. } => MailKind::PermissionsChanged,
            Self::Disabled { .. } => MailKind::AccountDisabled,
            Self::Enabled { .. } => MailKind::AccountEnabled,
            Self::SessionsEnded { .. } => MailKind::SessionsEnded,
            Self::RecoveryCodesMade => MailKind::RecoveryCodesMade,
            Self::Attacked => MailKind::AccountAttacked,
            Self::PasswordKnown => MailKind::PasswordKnown,
            Self::PasswordSet => MailKind::PasswordChanged,
            Self::FactorWanted { .. } => MailKind::FactorReminder,
        }
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::RoleChanged { .. } => "Your role was changed",
            Self::PermissionGranted { .. }
            | Self::PermissionDenied { .. }
            | Self::PermissionReset { .. }
            | Self::UnusedTaken { .. } => "Your permissions were changed",
            Self::Disabled { .. } => "Your account was disabled",
            Self::Enabled { .. } => "Your account was enabled",
            Self::SessionsEnded { .. } => "You were signed out",
            Self::RecoveryCodesMade => "New recovery codes were made",
            Self::Attacked => "Somebody tries to get into your account",
            Self::PasswordKnown => "Somebody may have your password",
            Self::PasswordSet => "A password was set",
            Self::FactorWanted { .. } => "Please set up a second factor",
        }
    }

    fn lines(&self, at: &Line) -> Vec<String> {
        match self {
            Self::RoleChanged { by, role } => vec![format!("{by} gave you the role {role} at {at}.")],
            Self::PermissionGranted { by, permission } => {
                vec![format!("{by} granted you the permission {permission} at {at}.")]
            }
            Self::PermissionDenied { by, permission } => {
                vec![format!("{by} denied you the permission {permission} at {at}.")]
            }
            Self::PermissionReset { by, permission } => vec![format!(
                "{by} removed a grant or denial of the permission {permission} that was yours alone at {at}."
            )],
            Self::UnusedTaken { by, count: 1 } => {
                vec![format!("{by} took one permission from you at {at} that you had not used.")]
            }
            Self::UnusedTaken { by, count } => {
                vec![format!("{by} took {count} permissions from you at {at} that you had not used.")]
            }
            Self::Disabled { by } => vec![
                format!("{by} disabled your account at {at}."),
                "You are signed out everywhere, and cannot sign in until somebody enables it again.".to_owned(),
            ],
            Self::Enabled { by } => {
                vec![format!("{by} enabled your account at {at}. You can sign in again.")]
            }
            Self::SessionsEnded { by, count: 1 } => vec![format!("{by} ended a session of yours at {at}.")],
            Self::SessionsEnded { by, count } => {
                vec![format!("{by} ended {count} sessions of yours at {at}.")]
            }
            Self::RecoveryCodesMade => vec![
                format!("New recovery codes were made for your account at {at}."),
                "Those from before are good no more.".to_owned(),
            ],
            Self::Attacked => vec![
                format!("Very many wrong passwords or codes were tried at your account at {at}."),
                "For a while none is taken from a browser in which you have not signed in before. A passkey works all the same."
                    .to_owned(),
            ],
            Self::PasswordKnown => vec![
                format!(
                    "Your right password was given many times within an hour at {at}, and no second factor after it."
                ),
                "Nobody gets in without your second factor. If it was not you, your password is known to somebody else."
                    .to_owned(),
            ],
            Self::PasswordSet => vec![
                format!("A password was set for your account at {at}, which had none."),
                "Every other session of yours was ended.".to_owned(),
            ],
            Self::FactorWanted { by } => vec![
                format!("{by} asks you to protect your account at {at} with a second factor."),
                "An authenticator app or a passkey takes a minute, and stops whoever learns your password."
                    .to_owned(),
            ],
        }
    }

    fn advice(&self, at: &Line) -> String {
        match self {
            Self::RecoveryCodesMade => format!(
                "If it was you, there is nothing to do. If it was not, sign in, end every session that you do not know, make new codes, and tell whoever administers {at} at once:"
            ),
            Self::Attacked => format!(
                "None of them was right. If your password is short, or used elsewhere too, choose another one. If it goes on, tell whoever administers {at}:"
            ),
            Self::PasswordKnown => format!(
                "If it was not you, choose another password at once, here and wherever else you use it, and tell whoever administers {at}:"
            ),
            Self::PasswordSet => format!(
                "If it was you, there is nothing to do. If it was not, sign in, end every session that you do not know, and tell whoever administers {at} at once:"
            ),
            Self::FactorWanted { .. } => format!(
                "You set it up on the page of your account, under second factors or passkeys. If you do not know why, ask whoever administers {at}:"
            ),
            _ => format!("If you do not know why, ask whoever administers {at}. Where you sign in:"),
        }
    }

    /// Where it is looked at, and what the way there is called.
    const fn way(&self) -> (&'static str, &'static str) {
        match self {
            Self::RecoveryCodesMade | Self::Attacked | Self::PasswordKnown | Self::PasswordSet => {
                ("/account", "Look at my account")
            }
            Self::FactorWanted { .. } => ("/account", "Go to my account"),
            _ => ("/sign-in", "Go to the sign-in"),
        }
    }
}

#[derive(Template)]
#[template(path = "notice.txt")]
struct Text<'a> {
    name: &'a Line,
    lines: &'a [String],
    advice: &'a str,
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Html<'a> {
    title: &'a str,
    button: &'a str,
    name: &'a Line,
    lines: &'a [String],
    advice: &'a str,
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

impl NoticeLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (path, button) = self.news.way();
        let link = base.to(&LinkPath::parse(path).map_err(|_| Unrenderable)?);
        let link = match path {
            "/sign-in" => Zeroizing::new(format!("{}?organisation={}", link.as_str(), self.tenant)),
            _ => link,
        };
        let (name, host, at, title) = (&self.name, base.host(), until(self.at), self.news.title());
        let lines = self.news.lines(&self.organisation);
        let advice = self.news.advice(&self.organisation);
        let text = Text { name, lines: &lines, advice: &advice, at: &at, link: &link, host }.render();
        let html =
            Html { title, button, name, lines: &lines, advice: &advice, at: &at, link: &link, host }.render();
        let subject = Line::of(&format!("{title} at {}", self.organisation));
        Content::of(subject, text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    #[test]
    fn person_reads_what_was_done_to_their_account_by_whom_and_when() {
        let by = || Line::of("Imran <Owner>");
        let permission = || Line::of("audit:read");
        for (news, title, says) in [
            (News::RoleChanged { by: by(), role: Line::of("Auditor") }, "Your role was changed", "Auditor"),
            (
                News::PermissionGranted { by: by(), permission: permission() },
                "Your permissions were changed",
                "granted you the permission audit:read",
            ),
            (
                News::PermissionDenied { by: by(), permission: permission() },
                "Your permissions were changed",
                "denied you the permission audit:read",
            ),
            (
                News::PermissionReset { by: by(), permission: permission() },
                "Your permissions were changed",
                "removed a grant or denial of the permission audit:read",
            ),
            (News::UnusedTaken { by: by(), count: 2 }, "Your permissions were changed", "took 2 permissions"),
            (News::Disabled { by: by() }, "Your account was disabled", "cannot sign in"),
            (News::Enabled { by: by() }, "Your account was enabled", "can sign in again"),
            (News::SessionsEnded { by: by(), count: 1 }, "You were signed out", "ended a session of yours"),
            (News::SessionsEnded { by: by(), count: 3 }, "You were signed out", "ended 3 sessions of yours"),
            (News::RecoveryCodesMade, "New recovery codes were made", "good no more"),
            (News::Attacked, "Somebody tries to get into your account", "wrong passwords or codes"),
            (News::PasswordKnown, "Somebody may have your password", "no second factor after it"),
            (News::PasswordSet, "A password was set", "which had none"),
            (News::FactorWanted { by: by() }, "Please set up a second factor", "asks you to protect"),
        ] {
            let named = !matches!(
                news,
                News::RecoveryCodesMade | News::Attacked | News::PasswordKnown | News::PasswordSet
            );
            let letter = Letter::Notice(NoticeLetter {
                name: Line::of("Una"),
                organisation: Line::of("Example Care"),
                tenant: TenantId::from_bytes([7; 16]),
                at: Timestamp::parse("2026-01-16T03:04:05.000000Z").unwrap(),
                news,
            });
            assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter.clone()));
            let content = letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap();
            assert_eq!(content.subject.as_str(), format!("{title} at Example Care"));
            for part in [&content.text, &content.html] {
                for word in [says, "Una", "Example Care", "16 January 2026, 03:04 UTC", "https://b.example/"]
                {
                    assert!(part.contains(word), "{word} in {}", part.as_str());
                }
            }
            let asked = "/sign-in?organisation=07070707-0707-0707-0707-070707070707";
            assert_eq!(
                content.link.contains("/sign-in"),
                content.link.ends_with(asked),
                "{}",
                content.link.as_str()
            );
            assert_eq!(content.text.contains("Imran <Owner>"), named, "{}", content.text.as_str());
            assert!(!content.html.contains("<Owner>"), "a name is text: {}", content.html.as_str());
        }
    }
}
