//! The letter to the first owner of a new organisation.

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What a letter with the link says by which a first owner sets their password.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerLinkLetter {
    /// The owner's name.
    pub name: Line,
    /// The organisation's name.
    pub organisation: Line,
    /// Where the password is set.
    pub path: LinkPath,
    /// When the link ceases to work.
    pub expires_at: Timestamp,
}

#[derive(Template)]
#[template(path = "owner_link.txt")]
struct Text<'a> {
    letter: &'a OwnerLinkLetter,
    until: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "owner_link.html")]
struct Html<'a> {
    letter: &'a OwnerLinkLetter,
    until: &'a str,
    link: &'a str,
    host: &'a str,
}

impl OwnerLinkLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let (link, host, until) = (base.to(&self.path), base.host(), until(self.expires_at));
        let text = Text { letter: self, until: &until, link: &link, host }.render();
        let html = Html { letter: self, until: &until, link: &link, host }.render();
        let subject = Line::of(&format!("You are the first owner of {}", self.organisation)).to_string();
        Content::of(subject, text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    #[test]
    fn first_owner_reads_of_which_organisation_and_until_when_and_nobody_in_debug() {
        let letter = Letter::OwnerLink(OwnerLinkLetter {
            name: Line::of("Una <b>"),
            organisation: Line::of("Example Care"),
            path: LinkPath::parse("/enrol/TOKEN").unwrap(),
            expires_at: Timestamp::parse("2026-01-16T03:04:05.000000Z").unwrap(),
        });
        assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter.clone()));
        let base = LinkBase::parse("https://b.example").unwrap();
        let content = letter.render(&base).unwrap();
        assert_eq!(content.subject.as_str(), "You are the first owner of Example Care");
        for part in [&content.text, &content.html] {
            for word in ["Example Care", "16 January 2026, 03:04 UTC", "https://b.example/enrol/TOKEN"] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
        assert!(content.html.contains("Una &#60;b&#62;"), "{}", content.html.as_str());
        assert!(!format!("{letter:?} {content:?}").contains("TOKEN"));
        assert!(letter.short(&base).is_err(), "it never goes to a phone");
    }
}
