//! Codes that prove a phone number, and the news that it changed.

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, OneTimeCode, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// One of the two codes that prove a number: one goes to the number, the other to the person's address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneCodeLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// The end of the number.
    pub number: Line,
    /// The code.
    pub code: OneTimeCode,
    /// When it ceases to work.
    pub expires_at: Timestamp,
}

/// The news that one-time codes go elsewhere from now on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneChangedLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// The end of the number that is used now; nothing where it was removed.
    pub number: Option<Line>,
    /// When.
    pub at: Timestamp,
}

#[derive(Template)]
#[template(path = "phone_code.txt")]
struct CodeText<'a> {
    letter: &'a PhoneCodeLetter,
    code: &'a str,
    until: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "phone_code.html")]
struct CodeHtml<'a> {
    letter: &'a PhoneCodeLetter,
    code: &'a str,
    until: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "phone_changed.txt")]
struct ChangedText<'a> {
    letter: &'a PhoneChangedLetter,
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "phone_changed.html")]
struct ChangedHtml<'a> {
    letter: &'a PhoneChangedLetter,
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

fn account() -> Result<LinkPath, Unrenderable> {
    LinkPath::parse("/account").map_err(|_| Unrenderable)
}

impl PhoneCodeLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (link, host, letter) = (base.to(&account()?), base.host(), self);
        let (code, until) = (self.code.grouped(), until(self.expires_at));
        let (code, until) = (code.as_str(), until.as_str());
        let text = CodeText { letter, code, until, link: &link, host }.render();
        let html = CodeHtml { letter, code, until, link: &link, host }.render();
        // Never the code: subjects are shown on locked screens.
        let subject = Line::of(&format!("Your code for a phone number at {}", self.organisation));
        Content::of(subject, text, html, link)
    }
}

impl PhoneChangedLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (link, host, letter, at) = (base.to(&account()?), base.host(), self, until(self.at));
        let text = ChangedText { letter, at: &at, link: &link, host }.render();
        let html = ChangedHtml { letter, at: &at, link: &link, host }.render();
        let subject = Line::of(&format!("Your phone number at {} was changed", self.organisation));
        Content::of(subject, text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    fn at() -> Timestamp {
        Timestamp::parse("2026-01-02T03:04:05.000000Z").unwrap()
    }

    fn base() -> LinkBase {
        LinkBase::parse("https://b.example").unwrap()
    }

    #[test]
    fn person_reads_which_number_the_code_is_for() {
        let letter = Letter::PhoneCode(PhoneCodeLetter {
            organisation: Line::of("Example & Care"),
            number: Line::of("•••0156"),
            code: OneTimeCode::parse("12345678").unwrap(),
            expires_at: at(),
        });
        let content = letter.render(&base()).unwrap();
        assert!(!content.subject.as_str().contains("1234"));
        for part in [&content.text, &content.html] {
            for word in ["1234 5678", "•••0156", "2 January 2026, 03:04 UTC", "https://b.example/account"]
            {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
        assert!(!format!("{letter:?}").contains("12345678"));
        assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter));
    }

    #[test]
    fn person_reads_where_codes_go_from_now_on() {
        for (number, says) in [(Some(Line::of("•••0156")), "•••0156"), (None, "removed")] {
            let letter = Letter::PhoneChanged(PhoneChangedLetter {
                organisation: Line::of("Example"),
                number,
                at: at(),
            });
            let content = letter.render(&base()).unwrap();
            for part in [&content.text, &content.html] {
                assert!(part.contains(says) && part.contains("Example"), "{}", part.as_str());
            }
            assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter));
        }
    }
}
