//! One line of text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text without line breaks or any other control character: what may stand in a header. At most 200 characters.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

/// The text is empty, too long or holds a control character.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not one line of text")]
pub struct BadLine;

impl Line {
    /// Takes a text as it is.
    ///
    /// # Errors
    /// [`BadLine`] unless it is 1 to 200 characters without control characters or line separators.
    pub fn parse(text: impl Into<String>) -> Result<Self, BadLine> {
        let text = text.into();
        let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(breaks);
        if fits { Ok(Self(text)) } else { Err(BadLine) }
    }

    /// Makes one line of any text: breaks become spaces, and after 120 characters it ends.
    pub fn of(text: &str) -> Self {
        let squeezed: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).take(120).collect();
        Self(if squeezed.is_empty() { "…".to_owned() } else { squeezed })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

impl TryFrom<String> for Line {
    type Error = BadLine;
    fn try_from(text: String) -> Result<Self, BadLine> {
        Self::parse(text)
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_no_break_of_any_kind() {
        for text in ["", "a\nb", "a\r\nBcc: x@example.com", "a\0", "a\u{2028}b", "a\u{85}b", &"x".repeat(201)]
        {
            assert_eq!(Line::parse(text), Err(BadLine), "{text:?}");
            assert!(serde_json::from_value::<Line>(text.into()).is_err(), "{text:?}");
        }
        for text in ["", "a\r\nBcc: x@example.com", &"x".repeat(300)] {
            assert!(Line::parse(Line::of(text).as_str()).is_ok(), "{text:?}");
        }
        assert_eq!(Line::parse("Zoë & Söhne <Pty>").map(String::from).as_deref(), Ok("Zoë & Söhne <Pty>"));
    }
}
