//! Letters about passwords.

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What a letter with the link says that replaces a forgotten password.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordResetLetter {
    /// The organisation's name: one address may have accounts in several.
    pub organisation: Line,
    /// Where the password is replaced.
    pub path: LinkPath,
    /// When the link ceases to work.
    pub expires_at: Timestamp,
    /// Whether the person has no password so far, and nothing else to sign in with: their passkeys were removed.
    #[serde(default)]
    pub first: bool,
}

/// What a letter says once a password was replaced.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordChangedLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// When it was replaced.
    pub at: Timestamp,
    /// Whether by a mailed link, rather than by somebody who knew the password before.
    pub by_link: bool,
    /// Where a forgotten password is replaced, for whoever it was not.
    pub path: LinkPath,
}

#[derive(Template)]
#[template(path = "password_reset.txt")]
struct ResetText<'a> {
    letter: &'a PasswordResetLetter,
    until: String,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "password_reset.html")]
struct ResetHtml<'a> {
    letter: &'a PasswordResetLetter,
    until: String,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "password_changed.txt")]
struct ChangedText<'a> {
    letter: &'a PasswordChangedLetter,
    at: String,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct ChangedHtml<'a> {
    letter: &'a PasswordChangedLetter,
    at: String,
    link: &'a str,
    host: &'a str,
}

impl PasswordResetLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (link, host, until) = (base.to(&self.path), base.host(), until(self.expires_at));
        let text = ResetText { letter: self, until: until.clone(), link: &link, host }.render();
        let html = ResetHtml { letter: self, until, link: &link, host }.render();
        let what = if self.first { "Choose a password" } else { "Set a new password" };
        Content::of(format!("{what} for {}", self.organisation), text, html, link)
    }
}

impl PasswordChangedLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (link, host, at) = (base.to(&self.path), base.host(), until(self.at));
        let text = ChangedText { letter: self, at: at.clone(), link: &link, host }.render();
        let html = ChangedHtml { letter: self, at, link: &link, host }.render();
        Content::of(format!("Your password for {} was changed", self.organisation), text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    fn at() -> Timestamp {
        Timestamp::parse("2026-01-16T03:04:05.000000Z").unwrap()
    }

    fn reset(organisation: &str) -> Letter {
        Letter::PasswordReset(PasswordResetLetter {
            organisation: Line::of(organisation),
            path: LinkPath::parse("/reset/TOKEN").unwrap(),
            expires_at: at(),
            first: false,
        })
    }

    fn changed(by_link: bool) -> Letter {
        let path = LinkPath::parse("/reset").unwrap();
        let organisation = Line::of("Example <b>Care</b>");
        Letter::PasswordChanged(PasswordChangedLetter { organisation, at: at(), by_link, path })
    }

    fn render(letter: &Letter) -> Content {
        letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap()
    }

    #[test]
    fn forgetful_person_reads_where_and_until_when_the_link_works() {
        let content = render(&reset("Example Care"));
        assert_eq!(content.subject.as_str(), "Set a new password for Example Care");
        for part in [&content.text, &content.html] {
            for word in ["Example Care", "16 January 2026, 03:04 UTC", "https://b.example/reset/TOKEN"] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
    }

    #[test]
    fn person_whose_passkeys_were_removed_reads_that_they_need_a_password_now() {
        let Letter::PasswordReset(letter) = reset("Example Care") else { panic!("another letter") };
        let content = render(&Letter::PasswordReset(PasswordResetLetter { first: true, ..letter }));
        assert_eq!(content.subject.as_str(), "Choose a password for Example Care");
        for part in [&content.text, &content.html] {
            assert!(part.contains("https://b.example/reset/TOKEN") && part.contains("Choose a password"));
            assert!(
                !part.contains("Somebody asked") && !part.contains("ignore this message"),
                "{}",
                part.as_str()
            );
        }
    }

    #[test]
    fn person_is_told_how_and_when_their_password_was_changed() {
        let (own, linked) = (render(&changed(false)), render(&changed(true)));
        assert_eq!(own.subject.as_str(), "Your password for Example <b>Care</b> was changed");
        for content in [&own, &linked] {
            for part in [&content.text, &content.html] {
                assert!(
                    part.contains("16 January 2026, 03:04 UTC") && part.contains("https://b.example/reset")
                );
            }
            assert!(!content.html.contains("<b>Care"), "a name is text: {}", content.html.as_str());
        }
        assert!(linked.text.contains("by a link") && linked.html.contains("by a link"));
        assert!(!own.text.contains("by a link") && !own.html.contains("by a link"));
    }

    #[test]
    fn letters_survive_their_bytes_and_hide_their_link() {
        for letter in [reset("Example Care"), changed(true), changed(false)] {
            assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()).as_ref(), Ok(&letter));
            assert!(!format!("{letter:?} {:?}", render(&letter)).contains("TOKEN"));
        }
    }
}
