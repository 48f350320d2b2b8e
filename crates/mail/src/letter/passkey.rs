use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// What a letter about somebody's own passkeys says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyLetter {
    /// The organisation's name.
    pub organisation: Line,
    /// What its owner calls the passkey.
    pub passkey: Line,
    /// When it was added or removed.
    pub at: Timestamp,
    /// Where the passkeys are listed.
    pub path: LinkPath,
}

#[derive(Template)]
#[template(path = "passkey.txt")]
struct PasskeyText<'a> {
    letter: &'a PasskeyLetter,
    added: bool,
    at: String,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "passkey.html")]
struct PasskeyHtml<'a> {
    letter: &'a PasskeyLetter,
    added: bool,
    at: String,
    link: &'a str,
    host: &'a str,
}

impl PasskeyLetter {
    pub(super) fn render(&self, base: &LinkBase, added: bool) -> Result<Content, Unrenderable> {
        let (link, host, at) = (base.to(&self.path), base.host(), until(self.at));
        let text = PasskeyText { letter: self, added, at: at.clone(), link: &link, host }.render();
        let html = PasskeyHtml { letter: self, added, at, link: &link, host }.render();
        let done = if added { "added to" } else { "removed from" };
        let subject = format!("A passkey was {done} your account at {}", self.organisation);
        Content::of(subject, text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    #[test]
    fn owner_reads_which_passkey_came_or_went_and_when() {
        let letter = PasskeyLetter {
            organisation: Line::of("Example Care"),
            passkey: Line::of("Phone <Ada>"),
            at: Timestamp::parse("2026-01-16T03:04:05.000000Z").unwrap(),
            path: LinkPath::parse("/account").unwrap(),
        };
        let base = LinkBase::parse("https://b.example").unwrap();
        for (written, word) in [
            (Letter::PasskeyAdded(letter.clone()), "added to"),
            (Letter::PasskeyRemoved(letter), "removed from"),
        ] {
            assert_eq!(Letter::from_bytes(&written.to_bytes().unwrap()), Ok(written.clone()));
            let content = written.render(&base).unwrap();
            assert_eq!(
                content.subject.as_str(),
                format!("A passkey was {word} your account at Example Care")
            );
            for part in [&content.text, &content.html] {
                for said in ["Phone", "16 January 2026, 03:04 UTC", "https://b.example/account"] {
                    assert!(part.contains(said), "{said} in {}", part.as_str());
                }
            }
            assert!(content.text.contains("Phone <Ada>") && !content.html.contains("<Ada>"));
        }
    }
}
