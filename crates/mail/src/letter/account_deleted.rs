//! The news to somebody that their account was deleted: the last letter to them.

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What somebody reads whose account an administrator deleted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountDeletedLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// The name of whoever did it.
    pub by: Line,
    /// When.
    pub at: Timestamp,
}

#[derive(Template)]
#[template(path = "account_deleted.txt")]
struct Text<'a> {
    letter: &'a AccountDeletedLetter,
    at: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "account_deleted.html")]
struct Html<'a> {
    letter: &'a AccountDeletedLetter,
    at: &'a str,
    host: &'a str,
}

impl AccountDeletedLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        // There is nothing left to press; every letter says where it comes from.
        let link = base.to(&LinkPath::parse("/sign-in").map_err(|_| Unrenderable)?);
        let (letter, at, host) = (self, until(self.at), base.host());
        let text = Text { letter, at: &at, host }.render();
        let html = Html { letter, at: &at, host }.render();
        Content::of(Line::of(&format!("Your account at {} was deleted", self.organisation)), text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    #[test]
    fn person_reads_who_deleted_their_account_and_what_is_gone() {
        let letter = Letter::AccountDeleted(AccountDeletedLetter {
            organisation: Line::of("Example & Care"),
            by: Line::of("Imran Owner"),
            at: Timestamp::parse("2026-01-02T03:04:05.000000Z").unwrap(),
        });
        let content = letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap();
        assert_eq!(content.subject.as_str(), "Your account at Example & Care was deleted");
        for part in [&content.text, &content.html] {
            for word in ["Imran Owner", "2 January 2026, 03:04 UTC", "b.example", "this address"] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
        assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter));
    }
}
