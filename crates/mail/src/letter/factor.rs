//! Letters about second factors and recovery codes.

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What a letter about a second factor says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorLetter {
    /// The person's name.
    pub name: Line,
    /// The organisation's name.
    pub organisation: Line,
    /// What the factor is called.
    pub factor: Line,
    /// When it happened.
    pub at: Timestamp,
}

/// What a letter about a used recovery code says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryLetter {
    /// The person's name.
    pub name: Line,
    /// The organisation's name.
    pub organisation: Line,
    /// How many codes were not used.
    pub unused: i64,
    /// When it happened.
    pub at: Timestamp,
}

#[derive(Template)]
#[template(path = "factor.txt")]
struct FactorText<'a> {
    name: &'a Line,
    organisation: &'a Line,
    lines: &'a [String],
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "factor.html")]
struct FactorHtml<'a> {
    title: &'a str,
    name: &'a Line,
    organisation: &'a Line,
    lines: &'a [String],
    at: &'a str,
    link: &'a str,
    host: &'a str,
}

impl FactorLetter {
    pub(super) fn render(&self, base: &LinkBase, added: bool) -> Result<Content, Unrenderable> {
        let (title, line) = if added {
            (
                "A second factor was added",
                format!(
                    "\u{201c}{}\u{201d} was added to your account at {}.",
                    self.factor, self.organisation
                ),
            )
        } else {
            (
                "A second factor was removed",
                format!(
                    "\u{201c}{}\u{201d} was removed from your account at {}.",
                    self.factor, self.organisation
                ),
            )
        };
        let lines = [line, "Every other session of yours was ended.".to_owned()];
        notice(title, &self.name, &self.organisation, &lines, self.at, base)
    }
}

impl RecoveryLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let left = match self.unused {
            0 => "No code is left. Make new ones as soon as you are signed in.".to_owned(),
            1 => "One code is left. Make new ones soon.".to_owned(),
            n => format!("{n} codes are left."),
        };
        let used = format!(
            "One of your recovery codes was used to sign in to your account at {}.",
            self.organisation
        );
        let title = "A recovery code was used";
        notice(title, &self.name, &self.organisation, &[used, left], self.at, base)
    }
}

/// A letter that tells of something that was done to an account.
fn notice(
    title: &str,
    name: &Line,
    organisation: &Line,
    lines: &[String],
    at: Timestamp,
    base: &LinkBase,
) -> Result<Content, Unrenderable> {
    let path = LinkPath::parse("/account").map_err(|_| Unrenderable)?;
    let (link, host, at) = (base.to(&path), base.host(), until(at));
    let text = FactorText { name, organisation, lines, at: &at, link: &link, host }.render();
    let html = FactorHtml { title, name, organisation, lines, at: &at, link: &link, host }.render();
    Content::of(format!("{title} at {organisation}"), text, html, link)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    fn base() -> LinkBase {
        LinkBase::parse("https://b.example").unwrap()
    }

    #[test]
    fn person_reads_what_was_done_to_their_account_and_when() {
        let at = Timestamp::parse("2026-01-16T03:04:05.000000Z").unwrap();
        let (name, organisation) = (Line::of("Una <b>"), Line::of("Example Care"));
        let factor = FactorLetter {
            name: name.clone(),
            organisation: organisation.clone(),
            factor: Line::of("Work phone"),
            at,
        };
        let codes =
            |unused| RecoveryLetter { name: name.clone(), organisation: organisation.clone(), unused, at };
        for (letter, subject, says) in [
            (Letter::FactorAdded(factor.clone()), "A second factor was added at Example Care", "Work phone"),
            (
                Letter::FactorRemoved(factor),
                "A second factor was removed at Example Care",
                "was removed from",
            ),
            (
                Letter::RecoveryCodeUsed(codes(9)),
                "A recovery code was used at Example Care",
                "9 codes are left",
            ),
            (
                Letter::RecoveryCodeUsed(codes(1)),
                "A recovery code was used at Example Care",
                "One code is left",
            ),
            (
                Letter::RecoveryCodeUsed(codes(0)),
                "A recovery code was used at Example Care",
                "No code is left",
            ),
        ] {
            let content = letter.render(&base()).unwrap();
            assert_eq!(content.subject.as_str(), subject);
            for part in [&content.text, &content.html] {
                for word in [says, "16 January 2026, 03:04 UTC", "https://b.example/account", "If it was not"]
                {
                    assert!(part.contains(word), "{word} in {}", part.as_str());
                }
            }
            assert!(content.html.contains("Una &#60;b&#62;"), "{}", content.html.as_str());
            assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter));
        }
    }
}
