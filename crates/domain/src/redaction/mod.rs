//! What of a product's events is never stored as it was sent.
//!
//! A tenant's rules say it by place: a JSON pointer into the thing's image, in which `*` stands for one name and `**` for any
//! number of them, together with what becomes of what lies there:
//!
//! ```text
//! secret    /card/number
//! personal  /contacts/*/email
//! drop      /**/debug
//! ```
//!
//! Detectors look at every text besides, wherever it stands. What was found is judged before anything is written; what a
//! judgement holds in clear leaves it only by way of a commitment.

mod card;
mod detect;
mod fold;
mod judge;
mod pattern;

use serde::{Deserialize, Serialize};

use crate::entity::named;

pub use detect::{Found, find};
pub use judge::{Judged, Note};
pub use pattern::{BadPattern, Pattern};

/// Rules at most.
pub const MOST_RULES: usize = 200;
const _: () = assert!(MOST_RULES == 200, "a sentence below says so");

named! {
    /// What becomes of a value.
    Class {
        /// It leaves only the fact that it was there and changed.
        Secret = "secret",
        /// It leaves a commitment; the value lies sealed beside the log under the key of its person.
        Personal = "personal",
        /// It leaves nothing.
        Drop = "drop",
    }
}

named! {
    /// What looks for something in every text.
    Detector {
        /// Numbers of payment cards: of a known issuer's range, with a right check digit (ISO/IEC 7812-1, Luhn).
        Card = "card",
        /// Tokens of well-known shapes: keys of APIs, JSON Web Tokens, access tokens.
        Token = "token",
        /// Private keys in their usual armour (RFC 7468).
        PrivateKey = "private_key",
        /// E-mail addresses.
        Email = "email",
    }
}

impl Detector {
    /// What people read in the place of what was found.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Card => "[card number]",
            Self::Token => "[token]",
            Self::PrivateKey => "[private key]",
            Self::Email => "[e-mail address]",
        }
    }

    /// What it looks for, for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Card => "Numbers of payment cards",
            Self::Token => "Tokens and keys of APIs",
            Self::PrivateKey => "Private keys",
            Self::Email => "E-mail addresses",
        }
    }
}

/// One rule: what becomes of what lies at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedactionRule {
    /// What becomes of it.
    pub class: Class,
    /// Where it lies.
    pub pattern: Pattern,
}

/// Everything that is asked of a tenant's events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// The rules, in the order in which they were written.
    pub rules: Vec<RedactionRule>,
    /// The detectors that look at every text.
    pub detectors: Vec<Detector>,
}

/// A line of rules that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadRule {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it, in words.
    pub what: &'static str,
}

impl Default for Redaction {
    /// No rules, every detector.
    fn default() -> Self {
        Self { rules: Vec::new(), detectors: Detector::ALL.to_vec() }
    }
}

impl Redaction {
    /// Reads rules, one a line: a class, white space, a pattern. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn rules(text: &str) -> Result<Vec<RedactionRule>, BadRule> {
        let mut rules: Vec<RedactionRule> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let bad = |what| BadRule { line: at + 1, what };
            let (class, pattern) =
                line.split_once(char::is_whitespace).ok_or_else(|| bad("A rule is a class and a path."))?;
            let class = class.parse().map_err(|_| bad("A rule begins with secret, personal or drop."))?;
            let pattern = pattern.trim().parse::<Pattern>().map_err(|BadPattern(what)| bad(what))?;
            let rule = RedactionRule { class, pattern };
            if rules.contains(&rule) {
                return Err(bad("This rule is there twice."));
            }
            if rules.len() >= MOST_RULES {
                return Err(bad("There are at most 200 rules."));
            }
            rules.push(rule);
        }
        Ok(rules)
    }

    /// The rules as text, one a line.
    pub fn text(&self) -> String {
        self.rules.iter().map(|rule| format!("{} {}\n", rule.class.name(), rule.pattern)).collect()
    }

    /// What the rules say of a place: the strongest of those that fit; leaving out is more than hiding, hiding more than sealing.
    fn class_of(&self, place: &[String]) -> Option<Class> {
        let fitting = self.rules.iter().filter(|rule| rule.pattern.fits(place)).map(|rule| rule.class);
        fitting.max_by_key(|class| match class {
            Class::Personal => 0,
            Class::Secret => 1,
            Class::Drop => 2,
        })
    }

    /// What the detectors find first in a text.
    fn found_in(&self, text: &str) -> Option<Found> {
        find(text, &self.detectors)
    }

    /// A text with a mark in the place of everything that a detector finds in it.
    pub fn marked(&self, text: &str) -> String {
        let (mut marked, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(found) = self.found_in(rest) {
            marked.push_str(rest.get(..found.range.start).unwrap_or_default());
            marked.push_str(found.detector.mark());
            rest = rest.get(found.range.end..).unwrap_or_default();
        }
        marked.push_str(rest);
        marked
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        let text = "# cards\nsecret   /card/number\n\npersonal /contacts/*/email\ndrop /**/debug\n";
        let rules = Redaction::rules(text).unwrap();
        let redaction = Redaction { rules, ..Redaction::default() };
        assert_eq!(redaction.text(), "secret /card/number\npersonal /contacts/*/email\ndrop /**/debug\n");
        assert_eq!(Redaction::rules(&redaction.text()).unwrap(), redaction.rules);
        let json = serde_json::to_value(&redaction).unwrap();
        assert_eq!(serde_json::from_value::<Redaction>(json).unwrap(), redaction);
    }

    #[test]
    fn the_line_that_cannot_be_read_is_named() {
        for (text, line) in [
            ("secret", 1),
            ("\nhide /a", 2),
            ("secret a", 1),
            ("secret /a\nsecret /a", 2),
            ("drop /a~2", 1),
            ("drop /", 1),
        ] {
            assert_eq!(Redaction::rules(text).unwrap_err().line, line, "{text:?}");
        }
        let many: String = (0..=MOST_RULES).map(|n| format!("drop /a{n}\n")).collect();
        assert_eq!(Redaction::rules(&many).unwrap_err().line, MOST_RULES + 1);
    }

    #[test]
    fn marks_stand_in_the_place_of_what_was_found() {
        let redaction = Redaction::default();
        let text = "Paid by 4111 1111 1111 1111, asked for by ann@example.com today.";
        assert_eq!(redaction.marked(text), "Paid by [card number], asked for by [e-mail address] today.");
        assert_eq!(redaction.marked("nothing here"), "nothing here");
        let none = Redaction { detectors: Vec::new(), ..redaction };
        assert_eq!(none.marked(text), text);
    }
}
