//! The letters there are, and what they say.

mod account_deleted;
mod factor;
mod factor_reset;
mod notice;
mod owner_link;
mod passkey;
mod password;
mod phone;
mod short;
mod step_up;

use askama::Template;
use bailiwick_domain::{entity::MailKind, time::Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use account_deleted::AccountDeletedLetter;
pub use factor::{FactorLetter, RecoveryLetter};
pub use notice::{News, NoticeLetter};
pub use owner_link::OwnerLinkLetter;
pub use passkey::PasskeyLetter;
pub use password::{PasswordChangedLetter, PasswordResetLetter};
pub use phone::{PhoneChangedLetter, PhoneCodeLetter};
pub use short::{SHORT, ShortText};

use crate::{Line, LinkBase, LinkPath};

pub use factor_reset::FactorResetLetter;
pub use step_up::{BadCode, OneTimeCode, StepUpLetter};

/// A letter to be: one of a closed list, in data. Its JSON form is what is kept, sealed, until it was delivered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case", deny_unknown_fields)]
pub enum Letter {
    /// Somebody is invited.
    Invitation(InvitationLetter),
    /// An invitation is about to lapse.
    InvitationReminder(InvitationLetter),
    /// Somebody is about to do something sensitive.
    StepUpCode(StepUpLetter),
    /// Somebody's second factors were removed.
    FactorReset(FactorResetLetter),
    /// A passkey was added to the recipient's account.
    PasskeyAdded(PasskeyLetter),
    /// A passkey was removed from the recipient's account.
    PasskeyRemoved(PasskeyLetter),
    /// Somebody forgot their password.
    PasswordReset(PasswordResetLetter),
    /// Somebody's password was replaced.
    PasswordChanged(PasswordChangedLetter),
    /// A recovery code was used to sign in.
    RecoveryCodeUsed(RecoveryLetter),
    /// A second factor was added.
    FactorAdded(FactorLetter),
    /// A second factor was removed.
    FactorRemoved(FactorLetter),
    /// A phone number has to be proven.
    PhoneCode(PhoneCodeLetter),
    /// A phone number was added, replaced or removed.
    PhoneChanged(PhoneChangedLetter),
    /// The recipient's account was deleted.
    AccountDeleted(AccountDeletedLetter),
    /// Something was done to the recipient's account, or is tried.
    Notice(NoticeLetter),
    /// An organisation was made, and the recipient is its first owner.
    OwnerLink(OwnerLinkLetter),
    /// An invitation that waits is for another role now.
    InvitationChanged(InvitationLetter),
}

/// What a letter about an invitation says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// The role's title.
    pub role: Line,
    /// The name of whoever invites; nobody for the server itself.
    pub inviter: Option<Line>,
    /// Where the invitation is answered.
    pub path: LinkPath,
    /// When it lapses.
    pub expires_at: Timestamp,
}

/// A letter as it is sent.
#[derive(Clone)]
pub struct Content {
    /// The subject.
    pub subject: Line,
    /// The part for every reader.
    pub text: Zeroizing<String>,
    /// The same with a heading and a link to press.
    pub html: Zeroizing<String>,
    /// The link that the letter is about.
    pub link: Zeroizing<String>,
}

/// It may hold a link that lets its holder in.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

/// A letter that cannot be written; the reason would repeat what it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the letter cannot be written")]
pub struct Unrenderable;

#[derive(Template)]
#[template(path = "invitation.txt")]
struct InvitationText<'a> {
    letter: &'a InvitationLetter,
    says: &'a str,
    until: String,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml<'a> {
    letter: &'a InvitationLetter,
    title: &'a str,
    says: &'a str,
    until: String,
    link: &'a str,
    host: &'a str,
}

impl Letter {
    /// What kind of letter it is.
    pub const fn kind(&self) -> MailKind {
        match self {
            Self::Invitation(_) => MailKind::Invitation,
            Self::InvitationReminder(_) => MailKind::InvitationReminder,
            Self::StepUpCode(_) => MailKind::StepUpCode,
            Self::FactorReset(_) => MailKind::FactorReset,
            Self::PasskeyAdded(_) => MailKind::PasskeyAdded,
            Self::PasskeyRemoved(_) => MailKind::PasskeyRemoved,
            Self::PasswordReset(_) => MailKind::PasswordReset,
            Self::PasswordChanged(_) => MailKind::PasswordChanged,
            Self::RecoveryCodeUsed(_) => MailKind::RecoveryCodeUsed,
            Self::FactorAdded(_) => MailKind::FactorAdded,
            Self::FactorRemoved(_) => MailKind::FactorRemoved,
            Self::PhoneCode(_) => MailKind::PhoneCode,
            Self::PhoneChanged(_) => MailKind::PhoneChanged,
            Self::AccountDeleted(_) => MailKind::AccountDeleted,
            Self::Notice(letter) => letter.news.kind(),
            Self::OwnerLink(_) => MailKind::OwnerLink,
            Self::InvitationChanged(_) => MailKind::InvitationChanged,
        }
    }

    /// The bytes that are sealed until the letter was delivered.
    ///
    /// # Errors
    /// [`Unrenderable`]; a letter always has a JSON form.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Unrenderable> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| Unrenderable)
    }

    /// Reads a letter back.
    ///
    /// # Errors
    /// [`Unrenderable`] for anything but the bytes of a letter of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unrenderable> {
        serde_json::from_slice(bytes).map_err(|_| Unrenderable)
    }

    /// Writes the letter out, its links beginning with `base`.
    ///
    /// # Errors
    /// [`Unrenderable`] where the subject would be too long.
    pub fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        match self {
            Self::Invitation(letter) => letter.render(Occasion::Sent, base),
            Self::InvitationReminder(letter) => letter.render(Occasion::Lapsing, base),
            Self::StepUpCode(letter) => letter.render(base),
            Self::FactorReset(letter) => letter.render(base),
            Self::PasskeyAdded(letter) => letter.render(base, true),
            Self::PasskeyRemoved(letter) => letter.render(base, false),
            Self::PasswordReset(letter) => letter.render(base),
            Self::PasswordChanged(letter) => letter.render(base),
            Self::RecoveryCodeUsed(letter) => letter.render(base),
            Self::FactorAdded(letter) => letter.render(base, true),
            Self::FactorRemoved(letter) => letter.render(base, false),
            Self::PhoneCode(letter) => letter.render(base),
            Self::PhoneChanged(letter) => letter.render(base),
            Self::AccountDeleted(letter) => letter.render(base),
            Self::Notice(letter) => letter.render(base),
            Self::OwnerLink(letter) => letter.render(base),
            Self::InvitationChanged(letter) => letter.render(Occasion::OtherRole, base),
        }
    }
}

/// Why a letter about an invitation is written.
#[derive(Clone, Copy)]
enum Occasion {
    /// Somebody invites.
    Sent,
    /// It ends soon.
    Lapsing,
    /// Its role was removed, and another one took its place.
    OtherRole,
}

impl Occasion {
    fn subject(self, organisation: &Line) -> String {
        match self {
            Self::Sent => format!("You are invited to {organisation}"),
            Self::Lapsing => format!("Your invitation to {organisation} ends soon"),
            Self::OtherRole => format!("Your invitation to {organisation} is for another role"),
        }
    }

    /// What happened, in a sentence.
    fn says(self, letter: &InvitationLetter) -> String {
        match (self, &letter.inviter) {
            // Quoted, so that whatever somebody calls themselves reads as a name.
            (Self::Sent, Some(inviter)) => {
                format!("\u{201c}{inviter}\u{201d} invites you to {}.", letter.organisation)
            }
            (Self::Sent, None) => format!("You are invited to {}.", letter.organisation),
            (Self::Lapsing, _) => {
                format!("Your invitation to {} has not been answered.", letter.organisation)
            }
            (Self::OtherRole, _) => format!(
                "The role that you were invited to at {} is no longer there. Another one took its place.",
                letter.organisation
            ),
        }
    }
}

impl InvitationLetter {
    fn render(&self, occasion: Occasion, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (link, host, until) = (base.to(&self.path), base.host(), until(self.expires_at));
        let (title, says) = (occasion.subject(&self.organisation), occasion.says(self));
        let text =
            InvitationText { letter: self, says: &says, until: until.clone(), link: &link, host }.render();
        let html =
            InvitationHtml { letter: self, title: &title, says: &says, until, link: &link, host }.render();
        Content::of(title, text, html, link)
    }
}

impl Content {
    /// The parts as the templates gave them.
    fn of(
        subject: impl TryInto<Line>,
        text: askama::Result<String>,
        html: askama::Result<String>,
        link: Zeroizing<String>,
    ) -> Result<Self, Unrenderable> {
        Ok(Self {
            subject: subject.try_into().map_err(|_| Unrenderable)?,
            text: text.map(Zeroizing::new).map_err(|_| Unrenderable)?,
            html: html.map(Zeroizing::new).map_err(|_| Unrenderable)?,
            link,
        })
    }
}

/// `2 January 2026, 03:04 UTC`.
fn until(at: Timestamp) -> String {
    let civil = at.civil();
    format!("{} {} {}, {:02}:{:02} UTC", civil.day, civil.month_name(), civil.year, civil.hour, civil.minute)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    fn invitation(organisation: &str) -> InvitationLetter {
        InvitationLetter {
            organisation: Line::of(organisation),
            role: Line::parse("Auditor").unwrap(),
            inviter: Some(Line::parse("Imran Owner").unwrap()),
            path: LinkPath::parse("/join/TOKEN").unwrap(),
            expires_at: Timestamp::parse("2026-01-16T03:04:05.000000Z").unwrap(),
        }
    }

    fn base() -> LinkBase {
        LinkBase::parse("https://b.example").unwrap()
    }

    #[test]
    fn invited_person_reads_who_invites_to_what_and_until_when() {
        let content = Letter::Invitation(invitation("Example Care")).render(&base()).unwrap();
        assert_eq!(content.subject.as_str(), "You are invited to Example Care");
        for part in [&content.text, &content.html] {
            for word in [
                "\u{201c}Imran Owner\u{201d} invites you",
                "Example Care",
                "Auditor",
                "16 January 2026, 03:04 UTC",
                "https://b.example/join/TOKEN",
            ] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
        let reminder = Letter::InvitationReminder(invitation("Example Care")).render(&base()).unwrap();
        assert_eq!(reminder.subject.as_str(), "Your invitation to Example Care ends soon");
        assert!(reminder.text.contains("has not been answered"));
        let changed = Letter::InvitationChanged(invitation("Example Care")).render(&base()).unwrap();
        assert_eq!(changed.subject.as_str(), "Your invitation to Example Care is for another role");
        for part in [&changed.text, &changed.html] {
            for word in ["took its place", "Auditor", "https://b.example/join/TOKEN"] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
    }

    #[test]
    fn a_name_is_text_in_the_html_part() {
        let content = Letter::Invitation(invitation("<img src=x> & Co")).render(&base()).unwrap();
        assert!(
            !content.html.contains("<img") && content.html.contains("&#60;img"),
            "{}",
            content.html.as_str()
        );
        assert!(content.text.contains("<img src=x> & Co"));
    }

    #[test]
    fn nobody_reads_the_link_in_debug() {
        let letter = Letter::Invitation(invitation("Example Care"));
        let shown = format!("{letter:?} {:?}", letter.render(&base()).unwrap());
        assert!(!shown.contains("TOKEN"), "{shown}");
    }

    #[test]
    fn a_letter_of_another_form_is_refused() {
        let bytes = Letter::Invitation(invitation("Example Care")).to_bytes().unwrap();
        assert!(Letter::from_bytes(&bytes).is_ok());
        for wrong in ["", "{}", r#"{"letter":"praise"}"#, r#"{"letter":"invitation","organisation":"a\nb"}"#]
        {
            assert_eq!(Letter::from_bytes(wrong.as_bytes()), Err(Unrenderable), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_letter_survives_its_bytes(organisation in "\\PC{1,60}", path in "/join/[A-Za-z0-9_-]{64}") {
            let letter = Letter::Invitation(InvitationLetter { path: LinkPath::parse(path).unwrap(), ..invitation(&organisation) });
            prop_assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter));
        }
    }
}
