//! The one-time code for a sensitive change, beside what it is good for.

use std::fmt;

use askama::Template;
use bailiwick_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Content, Unrenderable, until};
use crate::{Line, LinkBase, LinkPath};

/// Lines of a difference that a letter shows at most.
const SHOWN: usize = 20;

/// Eight digits that let whoever reads them approve one change, so it has no readable `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OneTimeCode(Zeroizing<String>);

/// The text is not eight digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a one-time code")]
pub struct BadCode;

impl OneTimeCode {
    /// Takes eight digits.
    ///
    /// # Errors
    /// [`BadCode`] for any other text.
    pub fn parse(text: impl Into<String>) -> Result<Self, BadCode> {
        let text = Zeroizing::new(text.into());
        let fits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        if fits { Ok(Self(text)) } else { Err(BadCode) }
    }

    /// The digits, for the letter alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// In two groups, as people read it.
    pub(super) fn grouped(&self) -> Zeroizing<String> {
        let (first, second) = self.0.split_at(4);
        Zeroizing::new(format!("{first} {second}"))
    }
}

impl TryFrom<String> for OneTimeCode {
    type Error = BadCode;
    fn try_from(text: String) -> Result<Self, BadCode> {
        Self::parse(text)
    }
}

impl From<OneTimeCode> for String {
    fn from(code: OneTimeCode) -> Self {
        code.0.to_string()
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// What the letter with a one-time code says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepUpLetter {
    /// What is about to be done, and to what: `Suspend the organisation Example Care`.
    pub action: Line,
    /// What would change, one line each.
    pub difference: Vec<Line>,
    /// The first groups of the digest, which the page shows too.
    pub digest: Line,
    /// The code.
    pub code: OneTimeCode,
    /// When it ceases to work.
    pub expires_at: Timestamp,
}

#[derive(Template)]
#[template(path = "step_up.txt")]
struct Text<'a> {
    letter: &'a StepUpLetter,
    shown: &'a [Line],
    more: usize,
    code: &'a str,
    until: &'a str,
    link: &'a str,
    host: &'a str,
}

#[derive(Template)]
#[template(path = "step_up.html")]
struct Html<'a> {
    letter: &'a StepUpLetter,
    shown: &'a [Line],
    more: usize,
    code: &'a str,
    until: &'a str,
    link: &'a str,
    host: &'a str,
}

impl StepUpLetter {
    pub(super) fn render(&self, base: &LinkBase) -> Result<Content, Unrenderable> {
        let link = base.to(&LinkPath::parse("/account").map_err(|_| Unrenderable)?);
        let (code, until, host, letter) = (self.code.grouped(), until(self.expires_at), base.host(), self);
        let (code, until) = (code.as_str(), until.as_str());
        let shown = self.difference.get(..SHOWN).unwrap_or(&self.difference);
        let more = self.difference.len() - shown.len();
        let text = Text { letter, shown, more, code, until, link: &link, host }.render();
        let html = Html { letter, shown, more, code, until, link: &link, host }.render();
        // Never the code: subjects are shown on locked screens.
        Content::of(Line::of(&format!("Your code for: {}", self.action)), text, html, link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Letter;

    fn letter() -> StepUpLetter {
        StepUpLetter {
            action: Line::of("Suspend the organisation <Example> Care"),
            difference: vec![Line::of("Organisation: status from “active” to “suspended”")],
            digest: Line::of("9f2c 61ab 07de"),
            code: OneTimeCode::parse("12345678").unwrap(),
            expires_at: Timestamp::parse("2026-01-02T03:14:05.000000Z").unwrap(),
        }
    }

    #[test]
    fn person_reads_what_the_code_is_good_for_and_until_when() {
        let base = LinkBase::parse("https://b.example").unwrap();
        let content = Letter::StepUpCode(letter()).render(&base).unwrap();
        assert_eq!(content.subject.as_str(), "Your code for: Suspend the organisation <Example> Care");
        for part in [&content.text, &content.html] {
            for word in [
                "1234 5678",
                "status from “active” to “suspended”",
                "9f2c 61ab 07de",
                "2 January 2026, 03:14 UTC",
            ] {
                assert!(part.contains(word), "{word} in {}", part.as_str());
            }
        }
        assert!(content.html.contains("&#60;Example&#62;") && !content.subject.as_str().contains("1234"));
    }

    #[test]
    fn a_long_difference_ends_with_how_much_is_left_out() {
        let base = LinkBase::parse("https://b.example").unwrap();
        let lines = (0..25).map(|n| Line::of(&format!("Line {n}"))).collect();
        let content = StepUpLetter { difference: lines, ..letter() }.render(&base).unwrap();
        assert!(content.text.contains("Line 19") && !content.text.contains("Line 20"));
        assert!(content.text.contains("and 5 more"));
    }

    #[test]
    fn nobody_reads_the_code_in_debug_and_it_survives_its_bytes() {
        let letter = Letter::StepUpCode(letter());
        assert!(!format!("{letter:?}").contains("12345678"));
        assert_eq!(Letter::from_bytes(&letter.to_bytes().unwrap()), Ok(letter));
        for wrong in ["", "1234567", "123456789", "1234 5678", "１２３４５６７８", "abcdefgh"] {
            assert_eq!(OneTimeCode::parse(wrong), Err(BadCode), "{wrong}");
        }
    }
}
