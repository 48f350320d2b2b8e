//! The notice to somebody whose second factors were removed.

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What somebody reads whose second factors an administrator removed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorResetLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// The name of whoever did it.
    pub by: Line,
    /// When.
    pub at: Timestamp,
    /// Whether the person has a password to sign in with; else a letter with a link to choose one goes with this one.
    pub has_password: bool,
}

#[derive(Template)]
#[template(path = "factor_reset.txt")]
struct Text<'a> {
    letter: &'a FactorResetLetter,
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "factor_reset.html")]
struct Html<'a> {
    letter: &'a FactorResetLetter,
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

impl FactorResetLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let link = base.to(&LinkPath::parse("/account").map_err(|_| Unrenderable)?);
        let (letter, at, host) = (self, until(self.at), base.host());
        let text = Text { letter, at: &at, link: &link, host }.render();
        let html = Html { letter, at: &at, link: &link, host }.render();
        Content::of(
            Line::of(&format!("Your second factors at {} were removed", self.organisation)),
            text,
            html,
            link,
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    #[test]
    fn person_reads_who_removed_their_factors_and_what_to_do() {
        let letter = Letter::FactorReset(FactorResetLetter {
            organisation: Line::of("Example & Care"),
            by: Line::of("Imran Owner"),
            at: Timestamp::parse("2026-01-02T03:04:05.000000Z").unwrap(),
            has_password: true,
        });
        let content = letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap();
        assert_eq!(content.subject.as_str(), "Your second factors at Example & Care were removed");
        for part in [&content.text, &content.html] {
            for word in ["Imran Owner", "2 January 2026, 03:04 UTC", "https://b.example/account"] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
        assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()).as_ref(), Ok(&letter));
        let Letter::FactorReset(letter) = letter else { panic!("another letter") };
        let letter = Letter::FactorReset(FactorResetLetter { has_password: false, ..letter });
        let content = letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap();
        for part in [&content.text, &content.html] {
            assert!(part.contains("another message") && !part.contains("Sign in with your password"));
        }
    }
}
